/* What a page gains when scripts run; without them every page still works.
   The clock and the countdowns tick from the server's instant, never from this machine's clock. A change elsewhere shows one
   bar and touches nothing the person is typing; a page whose parts are marked as live fetches those parts anew instead.
   Nothing is stored. */
(() => {
  "use strict";
  const all = (selector) => Array.from(document.querySelectorAll(selector));
  const one = (selector) => document.querySelector(selector);
  const two = (number) => String(number).padStart(2, "0");

  // time: the server's instant at which the page was made, plus what has passed here since it began to arrive
  const clock = one("[data-now]");
  const entry = performance.getEntriesByType("navigation")[0];
  const arrived = entry && entry.responseStart ? entry.responseStart : 0;
  const made = clock ? Date.parse(clock.dataset.now) : NaN;
  const here = performance.timeOrigin + arrived;
  const now = () => made + performance.now() - arrived;

  const duration = (ms, full) => {
    const total = Math.max(Math.floor(ms / 1000), 0);
    const days = Math.floor(total / 86400), hours = Math.floor(total / 3600) % 24;
    const minutes = Math.floor(total / 60) % 60, seconds = total % 60;
    if (days) return `${days}天${hours}小时` + (full ? `${minutes}分${two(seconds)}秒` : "");
    if (hours) return `${hours}小时${minutes}分` + (full ? `${two(seconds)}秒` : "");
    return minutes ? `${minutes}分${two(seconds)}秒` : `${seconds}秒`;
  };
  const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  const tell = () => { const bar = one("#changed"); if (bar) bar.hidden = false; };

  // parts marked data-live are fetched anew, one fetch at a time; a part that names its step (a form) only at another step
  let asking = false, again = false;
  const typed = (part) => Array.from(part.querySelectorAll("input:not([type=hidden]), textarea")).some((field) => field.value !== field.defaultValue);
  const take = (part, next) => {
    const same = part.dataset.live === next.dataset.live;
    if (same && (part.dataset.live || part.innerHTML === next.innerHTML)) return;
    if (!same && typed(part)) { tell(); return; }
    part.dataset.live = next.dataset.live;
    part.replaceChildren(...next.childNodes);
  };
  const renew = async () => {
    if (asking) { again = true; return; }
    asking = true;
    try {
      const answer = await fetch(location.pathname + location.search, { credentials: "same-origin", cache: "no-store" });
      const fresh = answer.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html") : null;
      for (const part of all("[data-live]")) {
        const next = fresh && fresh.getElementById(part.id);
        if (next) take(part, next); else tell();
      }
    } catch { joined(false); }
    asking = false;
    if (again) { again = false; renew(); }
  };
  const changed = () => { if (one("[data-live]")) renew(); else tell(); };
  // whether this page is being told of changes, in words: data-joined while it is, data-parted while it is not
  const joined = (yes) => {
    for (const node of all("[data-joined]")) node.hidden = !yes;
    for (const node of all("[data-parted]")) node.hidden = yes;
  };
  const drift = () => {
    const bar = one("#drift");
    const behind = Date.now() - now();
    if (!bar || clock.hasAttribute("data-test") || Math.abs(behind) < 2000) return;
    put(bar.querySelector("[data-drift]"), duration(Math.abs(behind), true));
    bar.hidden = false;
  };
  const over = new WeakSet();
  const tick = () => {
    const at = now();
    put(clock, new Date(at + 8 * 3600000).toISOString().slice(11, 19));
    for (const node of all("[data-until]")) {
      const left = Date.parse(node.dataset.until) - at;
      put(node, left > 0 ? "剩" + duration(left, node.hasAttribute("data-full")) : "已到时");
      if (left > 0) over.add(node);
      else if (over.delete(node)) changed();
    }
    setTimeout(tick, 1000 - (at % 1000));
  };
  if (!Number.isNaN(made)) {
    tick();
    if (Math.abs(here - made) > 2000) drift();
    // A machine that slept, or whose clock was set while the page was open, is told so when the page is looked at again.
    document.addEventListener("visibilitychange", () => { if (!document.hidden) drift(); });
  }

  // changes elsewhere: one stream for the page's topics (words with spaces between); it only says that something changed
  const topics = (document.body.dataset.topic || "").split(" ").filter(Boolean);
  if (topics.length && "EventSource" in window) {
    let stream, parted = false;
    const follow = () => {
      stream = new EventSource("/live?" + topics.map((topic) => "topic=" + encodeURIComponent(topic)).join("&"));
      stream.addEventListener("changed", changed);
      // What happened while the page was parted is looked up once it is joined again.
      stream.addEventListener("open", () => { joined(true); if (parted) changed(); parted = false; });
      stream.addEventListener("error", () => {
        joined(false);
        parted = true;
        // The browser comes back by itself, but not after an answer that was no stream.
        if (stream.readyState === EventSource.CLOSED) setTimeout(follow, 3000);
      });
    };
    follow();
    window.addEventListener("pagehide", () => stream.close());
  }

  // forms: sent once; a marked form asks before it is left unsaved; the first error summary gets the focus
  for (const form of all("form[method=post]")) {
    const guarded = form.hasAttribute("data-guard");
    let dirty = false, sent = false;
    if (guarded) form.addEventListener("input", () => { dirty = true; });
    form.addEventListener("submit", (event) => {
      const blocked = event.submitter && event.submitter.getAttribute("aria-disabled") === "true";
      if (sent || blocked) { event.preventDefault(); return; }
      if (form.hasAttribute("data-scale-switch")) return;
      sent = true;
      setTimeout(() => { for (const button of form.querySelectorAll("button")) button.setAttribute("aria-disabled", "true"); });
    });
    window.addEventListener("pageshow", (event) => {
      if (!event.persisted || !sent) return;
      sent = false;
      for (const button of form.querySelectorAll("button")) button.removeAttribute("aria-disabled");
    });
    if (guarded) window.addEventListener("beforeunload", (event) => { if (dirty && !sent) event.preventDefault(); });
  }
  for (const button of all("button[aria-disabled=true]")) button.addEventListener("click", (event) => event.preventDefault());
  const errors = one("[data-errors]");
  if (errors) errors.focus();

  // the scale switch answers at once, and the server keeps it
  for (const form of all("form[data-scale-switch]")) {
    form.addEventListener("submit", (event) => {
      const button = event.submitter;
      if (!button || !button.value) return;
      event.preventDefault();
      const data = new FormData(form);
      data.set(button.name, button.value);
      fetch(form.action, { method: "POST", body: data, credentials: "same-origin", redirect: "manual" }).then(() => {
        if (button.value === "large") document.documentElement.dataset.scale = "large";
        else delete document.documentElement.dataset.scale;
        for (const other of form.querySelectorAll("button")) other.setAttribute("aria-pressed", String(other === button));
      }, () => form.submit());
    });
  }

  // long lists start folded on narrow screens; printing needs the script, so its button appears with it
  for (const fold of all("details[data-fold]")) if (innerWidth <= Number(fold.dataset.fold)) fold.open = false;
  for (const button of all("[data-print]")) {
    button.hidden = false;
    button.addEventListener("click", () => print());
  }
})();
