/* The seat's own key: made on this computer when a seat is entered, never to be taken out, used to sign a sheet and a report.

   The page to be signed is compared with the bytes that are signed: what the server sends for signing and what it shows must be
   the same. Without a key nothing here stands in the way of a form. */
(() => {
  "use strict";
  const CURVE = { name: "ECDSA", namedCurve: "P-256" };
  const STORE = "pairs", KEPT_MS = 7 * 86400000;
  const one = (selector, from = document) => from.querySelector(selector);
  const hex = (bytes) => Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, "0")).join("");
  const bytesOf = (text) => new Uint8Array((text.match(/../g) || []).map((pair) => parseInt(pair, 16)));
  const able = () => Boolean(window.crypto && crypto.subtle && window.indexedDB);

  // pairs by public key: a seat that is entered again makes a new one, and still finds the one it was seated with
  const done = (request) => new Promise((fulfil, fail) => { request.onsuccess = () => fulfil(request.result); request.onerror = () => fail(request.error); });
  const opened = () => {
    const request = indexedDB.open("mifeng-desk", 1);
    request.onupgradeneeded = () => request.result.createObjectStore(STORE);
    return done(request);
  };
  const keep = async (name, pair) => {
    const store = (await opened()).transaction(STORE, "readwrite").objectStore(STORE);
    const old = Date.now() - KEPT_MS;
    const names = await done(store.getAllKeys()), rows = await done(store.getAll());
    names.forEach((key, at) => { if (rows[at].made < old) store.delete(key); });
    await done(store.put({ pair, made: Date.now() }, name));
  };
  const find = async (name) => {
    const row = await done((await opened()).transaction(STORE).objectStore(STORE).get(name));
    return row ? row.pair : null;
  };

  // the encodings of docs/spec/encoding.md: a tuple, and a signature as ASN.1 says it
  const tuple = (...items) => {
    const parts = [Uint8Array.of(items.length)];
    for (const item of items) {
      const data = typeof item === "string" ? new TextEncoder().encode(item) : item;
      const length = new Uint8Array(8);
      new DataView(length.buffer).setUint32(4, data.length);
      parts.push(length, data);
    }
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((at, part) => { whole.set(part, at); return at + part.length; }, 0);
    return whole;
  };
  const number = (raw) => {
    let from = 0;
    while (from < raw.length - 1 && raw[from] === 0) from += 1;
    const digits = raw.slice(from);
    const body = digits[0] & 0x80 ? [0, ...digits] : [...digits];
    return [2, body.length, ...body];
  };
  const asn1 = (raw) => { const body = [...number(raw.slice(0, 32)), ...number(raw.slice(32))]; return Uint8Array.of(0x30, body.length, ...body); };
  const sign = async (pair, message) => hex(asn1(new Uint8Array(await crypto.subtle.sign({ name: "ECDSA", hash: "SHA-256" }, pair.privateKey, message))));
  const sha256 = async (data) => new Uint8Array(await crypto.subtle.digest("SHA-256", data));

  // entering: the public key goes with the code
  const entry = one("form[data-enter]");
  if (entry && able()) {
    (async () => {
      const pair = await crypto.subtle.generateKey(CURVE, false, ["sign", "verify"]);
      const name = hex(await crypto.subtle.exportKey("raw", pair.publicKey));
      await keep(name, pair);
      one("[data-key]", entry).value = name;
      for (const node of document.querySelectorAll("[data-keyed]")) node.hidden = false;
      for (const node of document.querySelectorAll("[data-unkeyed]")) node.hidden = true;
    })().catch(() => {});
  }

  // what is shown and what would be signed: the same cells, the same scores
  const plain = (text) => { const value = Number(text); return Number.isFinite(value) ? String(value) : text.trim(); };
  const fits = (sheet) => {
    const shown = new Map();
    for (const row of document.querySelectorAll("tr[data-code]")) for (const cell of row.querySelectorAll("output[data-item]")) shown.set(row.dataset.code + " " + cell.dataset.item, plain(cell.textContent));
    let cells = 0;
    for (const [code, items] of Object.entries(sheet.scores)) {
      for (const [item, cell] of Object.entries(items)) {
        cells += 1;
        if (shown.get(code + " " + item) !== plain(cell.score)) return false;
      }
    }
    return cells === shown.size;
  };
  const tell = (form, name) => { const node = one(`[data-${name}]`, form); if (node) { node.hidden = false; node.scrollIntoView({ block: "center" }); } };
  const field = (form, name) => form.elements.namedItem(name);

  const ready = async (form, pair) => {
    if (form.hasAttribute("data-sign-report")) {
      field(form, "signature").value = await sign(pair, bytesOf(field(form, "report").value));
      return true;
    }
    const answer = await fetch(form.dataset.sheet, { credentials: "same-origin", cache: "no-store" });
    const data = new Uint8Array(await answer.arrayBuffer());
    if (!answer.ok || hex(await sha256(data)) !== field(form, "seen").value || !fits(JSON.parse(new TextDecoder().decode(data)))) { tell(form, "mismatch"); return false; }
    const salt = crypto.getRandomValues(new Uint8Array(32));
    field(form, "salt").value = hex(salt);
    field(form, "signature").value = await sign(pair, await sha256(tuple("SC1", salt, data)));
    return true;
  };
  for (const form of document.querySelectorAll("form[data-signs]")) {
    const pair = able() ? find(form.dataset.signs).catch(() => null) : Promise.resolve(null);
    pair.then((found) => { if (!found) tell(form, "no-key"); });
    form.addEventListener("submit", (event) => {
      if (event.defaultPrevented) return;
      event.preventDefault();
      pair.then((found) => (found ? ready(form, found) : true)).then((may) => { if (may) form.submit(); }, () => tell(form, "mismatch"));
    });
  }
})();
