/* The office's list: ticking, claiming many, opening beside the list. Everything here also works without it. */
(function () {
  "use strict";
  var doc = document, wants = false;
  function all(selector) { return Array.prototype.slice.call(doc.querySelectorAll(selector)); }
  function narrow() { return window.matchMedia("(max-width: 63.99rem)").matches; }
  function on() { return !doc.documentElement.classList.contains("no-keys"); }
  function row() { return doc.querySelector("[data-list] [data-item][aria-current]"); }
  function typing(node) { return node && (node.isContentEditable || (/^(INPUT|TEXTAREA|SELECT)$/.test(node.tagName) && !/^(checkbox|radio|button|submit)$/.test(node.type))); }

  /* how many are ticked; without any, C belongs to the case that is open */
  function count() {
    var picked = all("[data-pick]:checked").length;
    all("[data-bulk]").forEach(function (button) {
      button.disabled = picked === 0;
      var said = button.querySelector("[data-bulk-count]");
      if (said) { said.textContent = picked ? " " + picked : ""; }
    });
  }
  doc.addEventListener("change", function (e) { if (e.target.matches("[data-pick]")) { count(); } });

  doc.addEventListener("keydown", function (e) {
    if (e.ctrlKey || e.metaKey || e.altKey || e.isComposing || !on() || typing(e.target) || doc.querySelector("dialog[open]")) { return; }
    var key = e.key.toLowerCase(), here = row(), box, link;
    if (!here) { return; }
    if (key === "x") { box = here.querySelector("[data-pick]"); if (box) { e.preventDefault(); box.checked = !box.checked; count(); } }
    if (key === "o") { link = here.querySelector("[data-open]"); if (link) { e.preventDefault(); window.location.assign(link.href); } }
    if (key === "enter" && (e.target.hasAttribute("data-open") || e.target === doc.body)) { wants = true; }
  });

  /* on a phone a case opens on its own page; the list is not renewed under somebody's ticks */
  doc.addEventListener("htmx:beforeRequest", function (e) {
    var target = e.detail.target || {};
    if (target.id === "case" && narrow()) { e.preventDefault(); window.location.assign(e.detail.elt.href); return; }
    if (target.id === "list" && (doc.hidden || doc.querySelector("[data-pick]:checked"))) { e.preventDefault(); }
  });
  doc.addEventListener("htmx:afterSwap", function (e) {
    if (e.target.id === "case") {
      e.target.scrollTop = 0;
      if (wants) { var title = e.target.querySelector("[data-case-title]"); if (title) { title.focus(); } }
      wants = false;
    }
    count();
  });
  count();
}());
