"""What one does with a page: an index, a search, a legend to click, and a graph to move about in."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

STYLE = """
.hmtl nav.index { margin: 0 0 8px; font-size: 14px; }
.hmtl nav.index ol { columns: 260px; margin: 8px 0 0; padding: 0 0 0 28px; list-style: decimal; }
.hmtl nav.index li { break-inside: avoid; overflow-wrap: anywhere; }
.hmtl nav.index i { color: var(--soft); font-style: normal; font-size: 12px; }
.hmtl nav.index a { color: var(--accent); text-decoration: none; }
.hmtl nav.index a:hover { text-decoration: underline; }
.hmtl .search { display: flex; align-items: center; gap: 10px; margin: 0 0 8px; font-size: 14px; color: var(--soft); }
.hmtl .search input { font: inherit; color: var(--ink); background: var(--paper); border: 1px solid var(--line);
  border-radius: 99px; padding: 4px 14px; width: min(320px, 60vw); }
.hmtl .search input:focus-visible, .hmtl .legend button:focus-visible, .hmtl .zoom button:focus-visible {
  outline: 2px solid var(--accent); outline-offset: 1px; }
.hmtl [hidden] { display: none; }
.hmtl .sentence.found { box-shadow: -6px 0 0 -2px var(--accent); }
.hmtl article > header { scroll-margin-top: 12px; }
.hmtl .legend button { font: inherit; color: inherit; background: none; border: 1px solid var(--line);
  border-radius: 99px; padding: 2px 10px 2px 6px; cursor: pointer; }
.hmtl .legend button:hover, .hmtl .legend button[aria-pressed="true"] { border-color: var(--accent); }
.hmtl .legend button[aria-pressed="true"] { box-shadow: 0 0 0 1px var(--accent); }
.hmtl article.typed .box:not(.hit) { background: none; border-color: transparent; text-decoration: none; }
.hmtl article.typed .box:not(.hit) > .keep > b, .hmtl article.typed .box:not(.hit) > b { opacity: .25; }
.hmtl article.typed .box.hit { box-shadow: 0 0 0 2px var(--accent); }
.hmtl .zoom { display: flex; gap: 6px; margin: 0 0 8px; }
.hmtl .zoom button { font: 600 14px/1 system-ui, sans-serif; color: var(--ink); background: var(--paper);
  border: 1px solid var(--line); border-radius: 8px; min-width: 32px; height: 28px; cursor: pointer; }
.hmtl .network { cursor: grab; touch-action: pan-y; }
.hmtl .network.moved { cursor: grabbing; }
.hmtl:has(.versus) > main, .hmtl:has(.versus) > header { max-width: 1320px; }
.hmtl .versus { display: grid; grid-template-columns: minmax(0, 1fr) minmax(0, 1fr); gap: 0 24px; }
.hmtl .versus > div + div { border-inline-start: 1px solid var(--line); padding-inline-start: 24px; }
.hmtl .box.wrong { outline: 2px dashed hsl(0 var(--deep-s) var(--edge-l)); outline-offset: 1px; }
.hmtl td.kind { white-space: nowrap; font-weight: 600; color: hsl(0 var(--deep-s) var(--deep-l)); }
@media (max-width: 640px) {
  .hmtl .versus { grid-template-columns: minmax(0, 1fr); }
  .hmtl .versus > div + div { border-inline-start: 0; padding: 14px 0 0; } }
@media print { .hmtl .search, .hmtl .zoom { display: none; } }
"""

# Without handlers in the markup: the demo page's policy forbids them.
SCRIPT = """
(function () {
  if (window.hmtlTools) return;
  window.hmtlTools = true;
  function all(root, css) { return Array.prototype.slice.call(root.querySelectorAll(css)); }
  function pick(button) {
    var article = button.closest("article"), on = button.getAttribute("aria-pressed") !== "true";
    var type = button.dataset.type;
    all(article, ".legend button").forEach(function (b) { b.setAttribute("aria-pressed", on && b === button); });
    article.classList.toggle("typed", on);
    all(article, ".box").forEach(function (box) {
      box.classList.toggle("hit", on && (box.dataset.types || "").split("\\n").indexOf(type) >= 0);
    });
  }
  function search(input) {
    var root = input.closest(".hmtl"), wanted = input.value.trim().toLowerCase(), n = 0;
    all(root, "article").forEach(function (article) {
      var hits = all(article, ".sentence").filter(function (sentence) {
        var found = wanted !== "" && sentence.textContent.toLowerCase().indexOf(wanted) >= 0;
        sentence.classList.toggle("found", found);
        return found;
      }).length;
      var head = article.querySelector("header"), shown = wanted === "" || hits > 0 ||
        head.textContent.toLowerCase().indexOf(wanted) >= 0;
      n += hits;
      article.hidden = !shown;
      var entry = head.id && root.querySelector('nav.index a[href="#' + head.id + '"]');
      if (entry) entry.closest("li").hidden = !shown;
    });
    root.querySelector(".search output").textContent = wanted === "" ? "" : n + (n === 1 ? " sentence" : " sentences");
  }
  function view(svg) {
    if (!svg.hmtlView) {
      svg.hmtlFull = svg.getAttribute("viewBox").split(" ").map(Number);
      svg.hmtlView = svg.hmtlFull.slice();
    }
    return svg.hmtlView;
  }
  function draw(svg, box) { svg.hmtlView = box; svg.setAttribute("viewBox", box.join(" ")); }
  function zoom(svg, by, at) {
    var box = view(svg), x = at ? at[0] : 0.5, y = at ? at[1] : 0.5;
    var width = Math.min(svg.hmtlFull[2] * 3, Math.max(60, box[2] * by)), factor = width / box[2];
    draw(svg, [box[0] + box[2] * x * (1 - factor), box[1] + box[3] * y * (1 - factor), width, box[3] * factor]);
  }
  document.addEventListener("click", function (event) {
    var button = event.target.closest && event.target.closest(".hmtl button");
    if (!button) return;
    if (button.dataset.type !== undefined) pick(button);
    if (button.dataset.zoom) {
      var svg = button.closest("section").querySelector("svg.network");
      if (button.dataset.zoom === "0") { view(svg); draw(svg, svg.hmtlFull.slice()); }
      else zoom(svg, Number(button.dataset.zoom));
    }
  });
  document.addEventListener("input", function (event) {
    if (event.target.matches(".search input")) search(event.target);
  });
  document.addEventListener("wheel", function (event) {
    var svg = event.target.closest && event.target.closest("svg.network");
    if (!svg || !(event.ctrlKey || event.metaKey)) return; // a wheel alone scrolls the page
    event.preventDefault();
    var place = svg.getBoundingClientRect();
    zoom(svg, event.deltaY > 0 ? 1.15 : 1 / 1.15,
      [(event.clientX - place.left) / place.width, (event.clientY - place.top) / place.height]);
  }, { passive: false });
  var moved = null;
  document.addEventListener("pointerdown", function (event) {
    var svg = event.target.closest && event.target.closest("svg.network");
    if (!svg || event.button) return;
    moved = { svg: svg, box: view(svg).slice(), x: event.clientX, y: event.clientY };
    svg.classList.add("moved");
  });
  document.addEventListener("pointermove", function (event) {
    if (!moved) return;
    var place = moved.svg.getBoundingClientRect(), box = moved.box, scale = box[2] / place.width;
    var x = box[0] - (event.clientX - moved.x) * scale, y = box[1] - (event.clientY - moved.y) * scale;
    draw(moved.svg, [x, y, box[2], box[3]]);
  });
  ["pointerup", "pointercancel"].forEach(function (name) {
    document.addEventListener(name, function () { if (moved) moved.svg.classList.remove("moved"); moved = null; });
  });
})();
"""

SEARCH = (
    '<p class="search"><input type="search" placeholder="Search the text" aria-label="Search the text">'
    '<output aria-live="polite"></output></p>'
)
ZOOM = (
    '<p class="zoom"><button type="button" data-zoom="0.8" aria-label="Larger">+</button>'
    '<button type="button" data-zoom="1.25" aria-label="Smaller">−</button>'
    '<button type="button" data-zoom="0">Whole</button></p>'
)


def index_html(entries: Sequence[tuple[str, str, str]]) -> str:
    """Links to the documents of a page.

    entries (Sequence): Id, name and what there is of each.
    RETURNS (str): HTML, in which every text is escaped.
    """
    items = "".join(
        f'<li><a href="#{escape(key)}">{escape(name)}</a> <i>{escape(about)}</i></li>' for key, name, about in entries
    )
    opened = " open" if len(entries) <= 30 else ""
    folded = f"<details{opened}><summary>Documents</summary><ol>{items}</ol></details>"
    return f'<nav class="index" aria-label="Documents">{folded}</nav>'


def left_out_html(n_left_out: int) -> str:
    """A note on documents that the page does not show; nothing where it shows all."""
    if not n_left_out:
        return ""
    verb = "documents are" if n_left_out > 1 else "document is"
    return f'<p class="none left-out">{n_left_out:,} more {verb} left out; --limit shows more.</p>'
