/* 一诺 Yinuo: small helps for people who have JavaScript. Every page works without it. */
(function () {
  "use strict";
  var doc = document;

  function all(selector, root) { return Array.prototype.slice.call((root || doc).querySelectorAll(selector)); }
  function closest(node, selector) { return node && node.closest ? node.closest(selector) : null; }
  function meta(name) { var m = doc.querySelector('meta[name="' + name + '"]'); return m ? m.content : ""; }

  /* htmx: the CSRF token is given in one place */
  doc.addEventListener("htmx:configRequest", function (e) {
    if (e.detail.verb !== "get") { e.detail.headers["X-CSRFToken"] = meta("csrf-token"); }
  });

  /* one submit is one submit; coming back to the page frees the button again */
  function free(form) { form.removeAttribute("data-sent"); all("[data-was-on]", form).forEach(function (b) { b.disabled = false; b.removeAttribute("data-was-on"); }); }
  doc.addEventListener("submit", function (e) {
    var form = e.target;
    if (e.defaultPrevented || form.method === "get" || form.hasAttribute("data-again")) { return; }
    if (form.hasAttribute("data-sent")) { e.preventDefault(); e.stopPropagation(); return; }
    form.setAttribute("data-sent", "");
    setTimeout(function () { all("button[type=submit], button:not([type]), input[type=submit]", form).forEach(function (b) { if (!b.disabled) { b.setAttribute("data-was-on", ""); b.disabled = true; } }); }, 0);
  }, true);
  window.addEventListener("pageshow", function () { all("form[data-sent]").forEach(free); });
  doc.addEventListener("htmx:afterRequest", function (e) { var f = closest(e.target, "form"); if (f) { free(f); } });

  /* chosen files: name and size, read from the input */
  function sized(n) { return n < 1024 ? n + " B" : n < 1048576 ? Math.round(n / 1024) + " KB" : (n / 1048576).toFixed(1) + " MB"; }
  function showFiles(input) {
    var list = doc.getElementById(input.getAttribute("data-files"));
    if (!list) { return; }
    list.textContent = "";
    Array.prototype.forEach.call(input.files, function (file) {
      var li = doc.createElement("li"), name = doc.createElement("span"), size = doc.createElement("span");
      name.textContent = file.name; size.textContent = sized(file.size); size.className = "files-size";
      if (file.size > Number(input.getAttribute("data-max") || Infinity)) { size.className += " bad"; }
      li.appendChild(name); li.appendChild(size); list.appendChild(li);
    });
  }

  /* use my position: fills the two fields and says so */
  function position(button) {
    var lat = doc.getElementById(button.getAttribute("data-lat")), lon = doc.getElementById(button.getAttribute("data-lon"));
    var said = doc.getElementById(button.getAttribute("data-said"));
    function say(key) { if (said) { said.textContent = button.getAttribute("data-" + key) || ""; } }
    say("asking");
    navigator.geolocation.getCurrentPosition(function (p) {
      lat.value = p.coords.latitude.toFixed(6); lon.value = p.coords.longitude.toFixed(6); say("found");
      lat.dispatchEvent(new Event("change", { bubbles: true }));
    }, function () { say("failed"); }, { enableHighAccuracy: true, timeout: 10000 });
  }

  /* keyboard lists */
  var KEYS = "yinuo-keys";
  function keysOn() { try { return localStorage.getItem(KEYS) !== "off"; } catch (x) { return true; } }
  function setKeys(on) { try { localStorage.setItem(KEYS, on ? "on" : "off"); } catch (x) { /* private window: holds for this page */ } doc.documentElement.classList.toggle("no-keys", !on); }
  function items() { var list = doc.querySelector("[data-list]"); return list ? all("[data-item]", list) : []; }
  function current(rows) { for (var i = 0; i < rows.length; i += 1) { if (rows[i].hasAttribute("aria-current")) { return i; } } return -1; }
  function choose(row, quiet) {
    items().forEach(function (r) { r.removeAttribute("aria-current"); });
    row.setAttribute("aria-current", "true");
    var link = row.querySelector("[data-open]") || row.querySelector("a") || row;
    if (!quiet) { link.focus(); if (row.scrollIntoView) { row.scrollIntoView({ block: "nearest" }); } }
    return link;
  }
  function typing(node) { return node && (node.isContentEditable || /^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) && !/^(checkbox|radio|button|submit)$/.test(node.type)); }
  doc.addEventListener("keydown", function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || !keysOn()) { return; }
    if (typing(e.target)) { if (e.key === "Escape" && e.target.hasAttribute("data-search")) { e.target.blur(); } return; }
    if (doc.querySelector("dialog[open]")) { return; }
    var rows = items(), at = current(rows), key = e.key.toLowerCase(), go = null, hit;
    if (key === "/") { hit = doc.querySelector("[data-search]"); if (hit) { e.preventDefault(); hit.focus(); hit.select(); } return; }
    if (key === "?") { hit = doc.getElementById("keys-help"); if (hit && hit.showModal) { e.preventDefault(); hit.showModal(); } return; }
    if (rows.length && key === "j") { go = rows[Math.min(rows.length - 1, at + 1)]; }
    if (rows.length && key === "k") { go = rows[Math.max(0, at - 1)]; }
    if (go) { e.preventDefault(); hit = choose(go); if (closest(go, "[data-follow]")) { hit.click(); } return; }
    if (key === "enter" && at >= 0 && (e.target === doc.body || e.target === rows[at])) { e.preventDefault(); choose(rows[at]).click(); return; }
    hit = all("[data-key]").filter(function (n) { return n.getAttribute("data-key").toLowerCase() === key && !n.disabled; })[0];
    if (hit) { e.preventDefault(); hit.focus(); if (/^(INPUT|TEXTAREA|SELECT)$/.test(hit.tagName)) { return; } hit.click(); }
  });

  doc.addEventListener("click", function (e) {
    var hit = closest(e.target, "[data-position], [data-print], [data-dialog], [data-close], [data-copy], [data-item]");
    if (!hit) { return; }
    if (hit.hasAttribute("data-position")) { position(hit); }
    else if (hit.hasAttribute("data-print")) { window.print(); }
    else if (hit.hasAttribute("data-dialog")) { var d = doc.getElementById(hit.getAttribute("data-dialog")); if (d && d.showModal) { d.showModal(); } }
    else if (hit.hasAttribute("data-close")) { var o = closest(hit, "dialog"); if (o) { o.close(); } }
    else if (hit.hasAttribute("data-copy")) { if (navigator.clipboard) { navigator.clipboard.writeText(hit.getAttribute("data-copy")).then(function () { hit.textContent = hit.getAttribute("data-copied") || hit.textContent; }); } }
    else { choose(hit, true); }
  });
  doc.addEventListener("change", function (e) {
    var n = e.target;
    if (n.matches("input[type=file][data-files]")) { showFiles(n); }
    if (n.matches("[data-keys-toggle]")) { setKeys(n.checked); }
    if (n.matches("[data-autosubmit]") && n.form) { if (n.form.requestSubmit) { n.form.requestSubmit(); } else { n.form.submit(); } }
  });

  /* a chosen row stays chosen when the list is refreshed */
  var kept = null;
  doc.addEventListener("htmx:beforeSwap", function () { var rows = items(), at = current(rows); kept = at >= 0 ? { id: rows[at].getAttribute("data-item"), focus: rows[at].contains(doc.activeElement) } : null; });
  doc.addEventListener("htmx:afterSwap", function (e) {
    ready(e.target);
    if (!kept || !kept.id || current(items()) >= 0) { return; }
    items().forEach(function (r) { if (r.getAttribute("data-item") === kept.id) { choose(r, !kept.focus); } });
  });

  /* a screen that has not been refreshed says so */
  function watch() {
    all("[data-updated]").forEach(function (n) {
      var old = Date.now() - Date.parse(n.getAttribute("data-updated")) > 1000 * Number(n.getAttribute("data-stale") || 10);
      n.classList.toggle("live-stale", old);
      var said = n.querySelector("[data-stale-text]"); if (said) { said.hidden = !old; }
    });
  }

  function ready(root) {
    var first = root.querySelector ? root.querySelector("[data-focus], [data-focus-in] .input, [data-focus-in] .select, [data-focus-in] .textarea, [data-focus-in] input:not([type=hidden])") : null;
    if (first) { first.focus(); }
    all("[data-needs-js]", root).forEach(function (n) { if (!n.hasAttribute("data-position") || navigator.geolocation) { n.hidden = false; } });
  }

  setKeys(keysOn());
  all("[data-keys-toggle]").forEach(function (n) { n.checked = keysOn(); });
  ready(doc);
  if (doc.querySelector("[data-updated]")) { setInterval(watch, 2000); }
  doc.documentElement.setAttribute("data-ready", "");
}());
