/* The desk's page of scores when scripts run. Every cell is saved as soon as it is left, and says so in its own place; what could
   not be saved is said there too, tried again, and asked about before the page is left. Turning a page leaves the sheet alone. */
(() => {
  "use strict";
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => Array.from(from.querySelectorAll(selector));
  const put = (node, text) => { if (node.textContent !== text) node.textContent = text; };
  const base = one("use") ? one("use").getAttribute("href").split("#")[0] : "";
  const icon = (name) => {
    const drawn = document.createElementNS("http://www.w3.org/2000/svg", "svg");
    drawn.setAttribute("class", "i i-s");
    drawn.setAttribute("aria-hidden", "true");
    const use = document.createElementNS("http://www.w3.org/2000/svg", "use");
    use.setAttribute("href", `${one("#sheet").dataset.icons || base}#${name}`);
    drawn.append(use);
    return drawn;
  };

  // reading: links and forms of the reader fetch the page and take its reader alone
  const reader = one("#reader");
  const memory = (name) => { try { return JSON.parse(sessionStorage.getItem("mifeng-desk-" + name) || "{}"); } catch { return {}; } };
  const remember = (name, value) => { try { sessionStorage.setItem("mifeng-desk-" + name, JSON.stringify(value)); } catch { /* a full store forgets */ } };
  const noted = () => {
    const paper = one(".facsimile", reader), pages = memory("read"), marks = memory("marks");
    if (!paper) return;
    const file = paper.dataset.file, page = Number(paper.dataset.page);
    pages[file] = Array.from(new Set([...(pages[file] || []), page]));
    remember("read", pages);
    const marked = (marks[file] || []).sort((a, b) => a - b);
    const said = one("[data-read]", reader), button = one("[data-bookmark]", reader);
    if (said) { put(said, `已读${pages[file].length}页` + (marked.length ? `　已标记：第${marked.join("、")}页` : "")); said.hidden = false; }
    if (button) { button.hidden = false; button.setAttribute("aria-pressed", String(marked.includes(page))); put(one("span", button), marked.includes(page) ? "已标记" : "标记"); }
    const next = one("a[rel=next]", reader), image = one("img", paper);
    if (next && image) new Image().src = image.src.replace(/\d+\.png$/, `${page + 1}.png`);
  };
  const reading = () => {
    const pane = one(".pane", reader), code = pane ? pane.dataset.code : "";
    for (const row of all("tr[data-code]")) {
      row.classList.toggle("is-row", row.dataset.code === code);
      status(row);
    }
  };
  const turn = async (address, push) => {
    reader.setAttribute("aria-busy", "true");
    try {
      const answer = await fetch(address, { credentials: "same-origin", cache: "no-store" });
      const fresh = answer.ok && !answer.redirected ? new DOMParser().parseFromString(await answer.text(), "text/html").getElementById("reader") : null;
      if (!fresh) { location.assign(address); return; }
      reader.replaceChildren(...fresh.childNodes);
      if (push) history.pushState(null, "", address);
      reading();
      noted();
    } catch { location.assign(address); }
    reader.removeAttribute("aria-busy");
  };
  document.addEventListener("click", (event) => {
    const link = event.target.closest("a[data-turn]");
    if (!link || event.ctrlKey || event.metaKey || event.shiftKey || event.button) return;
    event.preventDefault();
    turn(link.href, true);
  });
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (form.matches("form[data-turn]")) {
      event.preventDefault();
      turn(form.action + "?" + new URLSearchParams(new FormData(form)), true);
    } else if (form.matches(".score form")) event.preventDefault();
  }, true);
  addEventListener("popstate", () => turn(location.href, false));
  reader.addEventListener("click", (event) => {
    if (!event.target.closest("[data-bookmark]")) return;
    const paper = one(".facsimile", reader), marks = memory("marks"), page = Number(paper.dataset.page), list = marks[paper.dataset.file] || [];
    marks[paper.dataset.file] = list.includes(page) ? list.filter((other) => other !== page) : [...list, page];
    remember("marks", marks);
    noted();
  });
  // two keys turn the page while nothing is being typed
  document.addEventListener("keydown", (event) => {
    if (event.target.closest("input, textarea, select") || event.ctrlKey || event.altKey || event.metaKey) return;
    const way = event.key === "PageDown" && event.shiftKey ? "next" : event.key === "PageUp" && event.shiftKey ? "prev" : "";
    const link = way && one(`a[rel=${way}]`, reader);
    if (link) { event.preventDefault(); turn(link.href, true); }
  });

  // the sheet
  const sheet = one("#sheet"), address = sheet.dataset.sheet;
  const cells = all("input[data-cell]", sheet);
  const rowOf = (cell) => cell.closest("tr");
  const states = new WeakMap(cells.map((cell) => [cell, { saving: false, again: false, tries: 0, timer: 0, fault: "" }]));
  const remarkOf = (cell) => document.getElementById("r-" + cell.id.slice(2));
  const lineOf = (cell) => remarkOf(cell).closest(".note-line");
  const versionOf = (cell) => cell.parentElement.querySelector("[data-version]");
  const typed = (cell) => cell.value.normalize("NFKC").replace(/\s/g, "");
  const shortfall = (cell) => cell.dataset.floor !== "" && typed(cell) !== "" && (Number(typed(cell)) <= Number(cell.dataset.floor) || Number(typed(cell)) >= Number(cell.dataset.ceiling));
  const faultOf = (cell) => {
    const text = typed(cell), value = Number(text), low = Number(cell.dataset.low), high = Number(cell.dataset.high), step = Number(cell.dataset.step);
    if (!/^\d+(\.\d+)?$/.test(text)) return ["malformed", "请填数字"];
    if (value < low || value > high) return ["score-range", `须在${cell.dataset.low}–${cell.dataset.high}之间`];
    const steps = (value - low) / step;
    return Math.abs(steps - Math.round(steps)) > 1e-9 ? ["score-step", `每档${cell.dataset.step}分`] : null;
  };
  // a reason that stands beside an empty cell waits for the next score
  const dirty = (cell) => typed(cell) !== cell.dataset.saved || (typed(cell) !== "" && remarkOf(cell).value.trim() !== remarkOf(cell).dataset.saved);
  for (const cell of cells) { const remark = remarkOf(cell); remark.dataset.saved = cell.dataset.saved === "" ? "" : remark.defaultValue.trim(); }

  const say = (cell, look, name, text, ...buttons) => {
    const place = document.getElementById("s-" + cell.id.slice(2));
    place.className = look ? "is-" + look : "";
    place.replaceChildren(...(name ? [icon(name)] : []), document.createTextNode(text), ...buttons);
  };
  const mark = (cell, fault) => {
    states.get(cell).fault = fault;
    cell.classList.toggle("is-bad", ["malformed", "score-range", "score-step", "stale-version", "refused"].includes(fault));
    cell.classList.toggle("is-end", shortfall(cell) && !["malformed", "score-range", "score-step"].includes(fault));
    cell.classList.toggle("is-unsaved", fault === "offline");
    if (fault && fault !== "offline") cell.setAttribute("aria-invalid", "true"); else cell.removeAttribute("aria-invalid");
    if (fault) cell.dataset.reason = fault; else delete cell.dataset.reason;
  };
  const wants = (cell) => {
    const line = lineOf(cell), needed = shortfall(cell) && !faultOf(cell);
    line.classList.toggle("is-needed", needed);
    if (needed) { line.hidden = false; line.closest("tr").hidden = false; remarkOf(cell).placeholder = "必填，写明依据的页码与内容"; }
    return needed && !remarkOf(cell).value.trim();
  };
  const status = (row) => {
    const place = one("[data-status]", row);
    if (!place) return;
    const done = all("input[data-cell]", row).filter((cell) => cell.dataset.saved !== "").length;
    put(place, row.classList.contains("is-row") ? "正在阅读" : done ? `已评${done}项` : "未评");
  };
  const count = () => {
    const saved = cells.filter((cell) => cell.dataset.saved !== "").length;
    const faulty = cells.filter((cell) => ["malformed", "score-range", "score-step"].includes(states.get(cell).fault));
    const bare = cells.filter((cell) => states.get(cell).fault === "remark-missing");
    const open = cells.filter((cell) => dirty(cell) && !faulty.includes(cell) && !bare.includes(cell));
    const missing = cells.filter((cell) => cell.dataset.saved === "" && typed(cell) === "");
    put(one("[data-done]", sheet), `已保存${saved} / ${cells.length}格`);
    one("progress", sheet).value = saved;
    const link = one("[data-sign]", sheet), why = one("#why-not", sheet);
    if (!link || !why) return;
    const parts = [[missing, "格未评分"], [faulty, "格填写有误"], [open, "格未保存"], [bare, "处缺理由"]].filter(([list]) => list.length);
    const first = cells.find((cell) => parts.some(([list]) => list.includes(cell)));
    if (!first) { link.removeAttribute("aria-disabled"); link.removeAttribute("data-reason"); put(why, "全部评分都已保存，可以签名。"); return; }
    const codes = [[missing, "cells-missing"], [faulty, "score-range"], [open, "unsaved"], [bare, "remark-missing"]].filter(([list]) => list.length).map(([, code]) => code);
    link.setAttribute("aria-disabled", "true");
    link.dataset.reason = codes.join(" ");
    const jump = document.createElement("a");
    jump.href = "#" + first.id;
    jump.textContent = "跳到第一处";
    jump.addEventListener("click", (event) => { event.preventDefault(); first.focus(); first.select(); });
    why.replaceChildren(document.createTextNode(`还不能提交：${parts.map(([list, words]) => list.length + words).join("，")}。`), jump);
  };

  const send = async (cell) => {
    const item = cell.dataset.cell, state = states.get(cell), score = typed(cell), remark = score === "" ? "" : remarkOf(cell).value.trim();
    const data = new URLSearchParams({ code: rowOf(cell).dataset.code, [`score-${item}`]: score, [`remark-${item}`]: remark, [`version-${item}`]: versionOf(cell).value });
    data.set("csrfmiddlewaretoken", one("[name=csrfmiddlewaretoken]", rowOf(cell)).value);
    state.saving = true;
    say(cell, state.tries ? "warn" : "", "again", state.tries ? `未保存，第${state.tries}次重试` : "保存中");
    let answer = null, body = null;
    try {
      answer = await fetch(address, { method: "POST", body: data, headers: { Accept: "application/json" }, credentials: "same-origin", redirect: "manual" });
      if (answer.ok || (answer.status >= 400 && answer.status < 500)) body = await answer.json();
    } catch { body = null; }
    state.saving = false;
    if (answer && answer.ok && body) taken(cell, score, remark, body);
    else if (body && body.reasons) refused(cell, score, body.reasons);
    else if (answer && (answer.type === "opaqueredirect" || answer.status === 401 || answer.status === 403)) { mark(cell, "refused"); say(cell, "bad", "warn", "未保存：席位已退出，请呼叫场地人员"); }
    else later(cell);
    count();
  };
  const taken = (cell, score, remark, body) => {
    const state = states.get(cell);
    versionOf(cell).value = String(body.saved[cell.dataset.cell]);
    cell.dataset.saved = score;
    remarkOf(cell).dataset.saved = remark;
    state.tries = 0;
    mark(cell, "");
    say(cell, "", score === "" ? "" : "check", score === "" ? `已清空 ${body.at}` : `已保存 ${body.at}`);
    status(rowOf(cell));
    if (dirty(cell)) save(cell);
  };
  const choice = (text, act) => { const button = document.createElement("button"); button.type = "button"; button.textContent = text; button.addEventListener("click", act); return button; };
  const refused = (cell, score, reasons) => {
    const [first] = reasons;
    if (first.code !== "stale-version") { mark(cell, first.code === "remark-missing" ? first.code : "refused"); wants(cell); say(cell, "bad", "warn", "未保存：" + first.text); return; }
    mark(cell, first.code);
    const theirs = choice(first.stands === "" ? "清空" : `用${first.stands}`, () => { cell.value = first.stands; cell.dataset.saved = first.stands; versionOf(cell).value = String(first.current); mark(cell, ""); say(cell, "", first.stands === "" ? "" : "check", first.stands === "" ? "已清空" : "已保存"); wants(cell); count(); });
    const mine = choice(score === "" ? "清空" : `用${score}`, () => { versionOf(cell).value = String(first.current); save(cell); });
    say(cell, "bad", "warn", first.stands === "" ? "另一窗口已清空" : `另一窗口已改为${first.stands}`, theirs, mine);
  };
  const later = (cell) => {
    const state = states.get(cell);
    state.tries += 1;
    mark(cell, "offline");
    say(cell, "warn", "warn", `未保存，第${state.tries}次重试`);
    clearTimeout(state.timer);
    state.timer = setTimeout(() => save(cell), Math.min(1000 * 2 ** state.tries, 30000));
  };
  const save = (cell) => {
    const state = states.get(cell);
    clearTimeout(state.timer);
    if (state.saving) return;
    if (!dirty(cell) && state.fault !== "stale-version") { if (["malformed", "score-range", "score-step", "remark-missing"].includes(state.fault)) { mark(cell, ""); say(cell, "", cell.dataset.saved ? "check" : "", cell.dataset.saved ? "已保存" : ""); } wants(cell); count(); return; }
    if (typed(cell) === "") {
      const nothing = cell.dataset.saved === "" && state.fault !== "stale-version";
      mark(cell, "");
      if (nothing) say(cell, "", "", ""); else send(cell);
      wants(cell);
      count();
      return;
    }
    const fault = faultOf(cell);
    if (fault) { mark(cell, fault[0]); say(cell, "bad", "warn", fault[1]); wants(cell); count(); return; }
    if (wants(cell)) { mark(cell, "remark-missing"); say(cell, "warn", "warn", "须写理由才能保存"); count(); return; }
    mark(cell, "");
    send(cell);
  };

  if (!address) { noted(); return; }
  for (const cell of cells) {
    const state = states.get(cell);
    cell.addEventListener("input", () => { clearTimeout(state.timer); state.tries = 0; if (typed(cell) !== "") state.timer = setTimeout(() => save(cell), 1500); });
    cell.addEventListener("change", () => save(cell));
    remarkOf(cell).addEventListener("change", () => save(cell));
    cell.addEventListener("focus", () => cell.select());
    cell.addEventListener("keydown", (event) => {
      const down = event.key === "ArrowDown" || (event.key === "Enter" && !event.shiftKey), up = event.key === "ArrowUp" || (event.key === "Enter" && event.shiftKey);
      if (!down && !up) return;
      event.preventDefault();
      const column = cells.filter((other) => other.dataset.cell === cell.dataset.cell);
      const next = column[column.indexOf(cell) + (down ? 1 : -1)];
      if (next) next.focus(); else save(cell);
    });
    if (cell.dataset.reason) state.fault = cell.dataset.reason.split(" ")[0];
  }
  for (const link of all("[data-notes]")) {
    link.addEventListener("click", (event) => {
      event.preventDefault();
      const notes = rowOf(link).nextElementSibling;
      notes.hidden = false;
      for (const line of all(".note-line", notes)) line.hidden = false;
      one("input", notes).focus();
      link.hidden = true;
    });
  }
  const link = one("[data-sign]");
  if (link) link.addEventListener("click", (event) => { if (link.getAttribute("aria-disabled") === "true") event.preventDefault(); });
  addEventListener("beforeunload", (event) => { if (cells.some((cell) => dirty(cell) && (typed(cell) !== "" || cell.dataset.saved !== ""))) event.preventDefault(); });
  addEventListener("online", () => { for (const cell of cells) if (states.get(cell).fault === "offline") save(cell); });
  noted();
  count();
})();
