/* A kiosk forgets: after the idle time the person in front of it is let go, and a screen that waits for officers looks again.
   Without scripts the server forgets all the same; the screen then has a button for both. */
(() => {
  "use strict";
  const screen = document.querySelector(".kmain");
  if (!screen) return;
  const leave = () => { const form = document.querySelector('form[action$="/kiosk/done"]'); if (form) form.submit(); };
  const idle = Number(screen.dataset.idle), wait = Number(screen.dataset.wait);
  let timer = idle ? setTimeout(leave, idle * 1000) : 0;
  const touched = () => { if (idle) { clearTimeout(timer); timer = setTimeout(leave, idle * 1000); } };
  for (const kind of ["pointerdown", "keydown"]) document.addEventListener(kind, touched);
  if (wait) setTimeout(() => location.replace(location.pathname), wait * 1000);
})();
