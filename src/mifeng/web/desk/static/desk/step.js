/* A desk goes on by itself: when the evaluation has come to another step, the page of that step is opened.
   Nothing typed is thrown away for it: while something waits to be saved, the bar at the top says so instead. */
(() => {
  "use strict";
  const stage = () => { const mark = document.querySelector("[data-stage]"); return mark ? mark.dataset.stage : ""; };
  const first = stage();
  const waits = () => Array.from(document.querySelectorAll("main input:not([type=hidden]), main textarea")).some((field) => field.dataset.saved === undefined ? field.value !== field.defaultValue && field.type !== "radio" : field.value !== field.dataset.saved);
  const home = document.getElementById("stage");
  if (home && first) {
    new MutationObserver(() => {
      if (stage() === first) return;
      if (waits()) { const bar = document.getElementById("changed"); if (bar) bar.hidden = false; return; }
      const lot = location.pathname.split("/").slice(0, 3).join("/");
      location.assign(lot);
    }).observe(home, { childList: true, subtree: true, attributes: true });
  }
  if (document.querySelector("[data-poll]")) setTimeout(() => location.reload(), 6000);
})();
