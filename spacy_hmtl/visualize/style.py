"""The page's style sheet and its script. Both stand in the page: it loads nothing."""

from __future__ import annotations

from .tools import SCRIPT, STYLE

CSS = (
    """
.hmtl { --ink: #1d2330; --soft: #667085; --faint: #98a2b3; --line: #e4e7ec; --paper: #fff; --ground: #f6f7f9;
  --fill-s: 75%; --fill-l: 93%; --edge-s: 50%; --edge-l: 72%; --deep-s: 62%; --deep-l: 36%; --accent: #3b5bdb;
  color: var(--ink); font: 16px/1.6 system-ui, -apple-system, "Segoe UI", Roboto, "Noto Sans", sans-serif;
  color-scheme: light dark; }
@media (prefers-color-scheme: dark) {
  .hmtl { --ink: #e6e8ee; --soft: #a0a9ba; --faint: #717b8d; --line: #2d3443; --paper: #181c25; --ground: #10131a;
    --fill-s: 38%; --fill-l: 19%; --edge-s: 40%; --edge-l: 42%; --deep-s: 72%; --deep-l: 74%; --accent: #91a7ff; } }
.hmtl-page { margin: 0; background: #f6f7f9; }
@media (prefers-color-scheme: dark) { .hmtl-page { background: #10131a; } }
.hmtl * { box-sizing: border-box; }
.hmtl > main, .hmtl > header { max-width: 980px; margin: 0 auto; padding: 0 24px; }
.hmtl > header { padding-top: 36px; }
.hmtl > main { padding-bottom: 48px; }
.hmtl h1 { font-size: 26px; line-height: 1.25; margin: 0 0 4px; letter-spacing: -.015em; overflow-wrap: anywhere; }
.hmtl h2 { font-size: 17px; margin: 0; overflow-wrap: anywhere; }
.hmtl h3 { font-size: 12px; letter-spacing: .07em; text-transform: uppercase; color: var(--soft); margin: 0 0 8px; }
.hmtl p.about { color: var(--soft); margin: 0 0 16px; }
.hmtl .switches { display: flex; flex-wrap: wrap; gap: 8px; margin: 0 0 8px; }
.hmtl .switches label { display: inline-flex; align-items: center; gap: 6px; padding: 3px 12px 3px 9px; font-size: 14px;
  background: var(--paper); border: 1px solid var(--line); border-radius: 99px; cursor: pointer; }
.hmtl .switches input { accent-color: var(--accent); margin: 0; }
.hmtl article { background: var(--paper); border: 1px solid var(--line); border-radius: 14px; margin: 20px 0;
  overflow: hidden; }
.hmtl article > header { display: flex; flex-wrap: wrap; gap: 2px 16px; align-items: baseline;
  padding: 14px 22px; border-bottom: 1px solid var(--line); }
.hmtl .layers { display: flex; flex-wrap: wrap; gap: 0 14px; font-size: 13px; color: var(--soft); margin: 0; padding: 0;
  list-style: none; }
.hmtl .layers b { color: var(--ink); font-variant-numeric: tabular-nums; }
.hmtl .layers .absent { color: var(--faint); font-style: italic; }
.hmtl section { padding: 16px 22px; }
.hmtl section + section { border-top: 1px solid var(--line); }
.hmtl .sentence { margin: 0; padding: 3px 0; line-height: 2.3; white-space: pre-wrap; overflow-wrap: break-word; }
.hmtl .box { border-radius: 6px; padding: 2px 0; border: 0 solid transparent;
  -webkit-box-decoration-break: clone; box-decoration-break: clone; transition: background .12s, opacity .12s; }
.hmtl .mention, .hmtl .single, .hmtl .chain { border-width: 1px; padding-left: 3px; padding-right: 3px; }
.hmtl .mention, .hmtl .single { border-color: var(--line); }
.hmtl .box:has(.box) { padding-top: 5px; padding-bottom: 5px; }
.hmtl .box:has(.box .box) { padding-top: 9px; padding-bottom: 9px; }
.hmtl .chain { background: hsl(var(--c) var(--fill-s) var(--fill-l));
  border-color: hsl(var(--c) var(--edge-s) var(--edge-l)); }
.hmtl .name { text-decoration: underline 2px hsl(var(--t) var(--deep-s) var(--edge-l)); text-underline-offset: 4px; }
.hmtl .name .box:not(.name) { text-decoration: none; }
.hmtl .cut-left { border-left-style: dashed; border-top-left-radius: 0; border-bottom-left-radius: 0; }
.hmtl .cut-right { border-right-style: dashed; border-top-right-radius: 0; border-bottom-right-radius: 0; }
.hmtl .type { display: inline-block; font-size: 10px; font-weight: 700; line-height: 1.5; letter-spacing: .03em;
  padding: 0 4px; margin-inline-start: 4px; border-radius: 4px; vertical-align: 1px; white-space: nowrap;
  text-decoration: none; color: var(--paper); background: hsl(var(--t) var(--deep-s) var(--deep-l));
  border: 1px solid transparent; }
.hmtl .of-mention { color: hsl(var(--t) var(--deep-s) var(--deep-l)); background: none;
  border-color: hsl(var(--t) var(--edge-s) var(--edge-l)); }
.hmtl .number { display: inline-block; min-width: 16px; padding: 0 4px; margin-inline-start: 4px; border-radius: 99px;
  font-size: 10px; line-height: 16px; text-align: center; vertical-align: 1px; color: var(--paper);
  background: hsl(var(--c) var(--deep-s) var(--deep-l)); font-variant-numeric: tabular-nums; }
.hmtl .single > .number { display: none; }
.hmtl .keep { white-space: pre; }
.hmtl .sentence b { -webkit-user-select: none; user-select: none; }
.hmtl [data-chain] { cursor: pointer; }
.hmtl [data-chain]:focus-visible { outline: 2px solid var(--accent); outline-offset: 1px; }
.hmtl article.lit .box { opacity: .38; }
.hmtl article.lit .box.on, .hmtl article.lit .box:has(.on), .hmtl article.lit .on .box { opacity: 1; }
.hmtl article.lit .box:not(.on):not(:has(.on)) .box { opacity: 1; }
.hmtl .box.on { background: hsl(var(--c) var(--fill-s) calc(var(--fill-l) - 9%));
  box-shadow: 0 0 0 2px hsl(var(--c) var(--deep-s) var(--deep-l)); }
.hmtl tr.on th, .hmtl tr.on td { background: hsl(var(--c) var(--fill-s) var(--fill-l)); }
.hmtl .scroll { overflow-x: auto; }
.hmtl .arcs { display: block; margin: 2px 0 12px; font-family: inherit; }
.hmtl .arcs rect { fill: hsl(var(--t) var(--fill-s) var(--fill-l)); stroke: hsl(var(--t) var(--edge-s) var(--edge-l)); }
.hmtl .arcs text { fill: var(--ink); }
.hmtl .arc path { fill: none; stroke: var(--faint); stroke-width: 1.5; }
.hmtl .arc path.arrow { fill: var(--faint); stroke: none; }
.hmtl .arcs .arc text { fill: var(--soft); font-weight: 600; letter-spacing: .02em; }
.hmtl .arcs rect.back { fill: var(--paper); stroke: none; }
.hmtl .network { max-width: 100%; min-width: min(660px, var(--w)); height: auto; margin: 0 auto; }
.hmtl .node.on rect { stroke-width: 2.5; }
.hmtl .arc:hover path { stroke: var(--accent); }
.hmtl .arc:hover path.arrow, .hmtl .arcs .arc:hover text { fill: var(--accent); }
.hmtl table { border-collapse: collapse; width: 100%; font-size: 14px; line-height: 1.45; }
.hmtl th, .hmtl td { text-align: left; vertical-align: top; padding: 7px 14px 7px 6px; border: 0;
  border-top: 1px solid var(--line); background: none; color: inherit; }
.hmtl tr:first-child > * { border-top: 0; color: var(--soft); font-weight: 500; font-size: 12.5px; padding-top: 0; }
.hmtl td.relation { font-size: 11px; font-weight: 650; letter-spacing: .02em; color: var(--soft); white-space: nowrap;
  line-height: 20px; }
.hmtl .count { white-space: nowrap; font-variant-numeric: tabular-nums; }
.hmtl .bar { display: inline-block; width: 48px; height: 6px; border-radius: 3px; margin-right: 6px;
  vertical-align: 2px;
  background: linear-gradient(var(--accent), var(--accent)) 0 / var(--part) 100% no-repeat var(--line); }
.hmtl .members span:not(:last-child)::after { content: " · "; color: var(--faint); }
.hmtl ul { list-style: none; margin: 0; padding: 0; }
.hmtl table i, .hmtl .legend i { color: var(--soft); font-style: normal; font-size: 12px; }
.hmtl details { font-size: 14px; margin-top: 10px; color: var(--soft); }
.hmtl summary { cursor: pointer; }
.hmtl details ul { display: flex; flex-wrap: wrap; gap: 4px 18px; padding: 8px 0 0; color: var(--ink); }
.hmtl .legend { display: flex; flex-wrap: wrap; gap: 4px 14px; margin: 0; }
.hmtl .legend .type { margin: 0 5px 0 0; }
.hmtl .none { color: var(--soft); font-size: 14px; margin: 0; }
.hmtl.no-names .of-name, .hmtl.no-mentions .of-mention, .hmtl.no-clusters .box .number,
.hmtl.no-names.no-mentions .of-both,
.hmtl.no-relations .arcs, .hmtl.no-relations .triples, .hmtl.no-clusters section.clusters { display: none; }
.hmtl.no-names .name { text-decoration: none; }
.hmtl.no-mentions .mention:not(.chain) { border-color: transparent; }
.hmtl.no-clusters .box.chain { background: none; border-color: var(--line); }
.hmtl.no-clusters.no-mentions .box.box { border-color: transparent; }
@media (max-width: 640px) {
  .hmtl > main, .hmtl > header { padding-left: 12px; padding-right: 12px; }
  .hmtl > header { padding-top: 20px; }
  .hmtl article > header, .hmtl section { padding: 12px 14px; }
  .hmtl h1 { font-size: 21px; }
  .hmtl .clusters .members, .hmtl .clusters tr:first-child > :last-child { display: none; }
  .hmtl th, .hmtl td { padding-right: 8px; }
  .hmtl .triples table, .hmtl .triples tbody, .hmtl .triples tr { display: block; }
  .hmtl .triples tr { border-top: 1px solid var(--line); padding: 7px 0; }
  .hmtl .triples tr:first-child { display: none; }
  .hmtl .triples tr:nth-child(2) { border-top: 0; padding-top: 0; }
  .hmtl .triples tr > * { display: inline; border: 0; padding: 0 5px 0 0; vertical-align: baseline; }
  .hmtl .triples .bar { display: none; }
  .hmtl .triples td.count { color: var(--soft); font-size: 12px; }
  .hmtl .triples td.members { display: block; color: var(--soft); font-size: 13px; } }
@media print { .hmtl .switches { display: none; } .hmtl article { break-inside: avoid; } }
"""
    + STYLE
)

# Lights up a chain when the pointer or the keyboard is on one of its mentions; a tap or click holds it.
JS = (
    """
(function () {
  if (window.hmtlPage) return;
  window.hmtlPage = true;
  var held = null;
  function light(article, keys) {
    article.querySelectorAll(".on").forEach(function (e) { e.classList.remove("on"); });
    article.classList.toggle("lit", keys.length > 0);
    article.querySelectorAll("[data-chain]").forEach(function (e) {
      var own = e.dataset.chain.split(" ");
      if (keys.some(function (key) { return own.indexOf(key) >= 0; })) e.classList.add("on");
    });
  }
  function at(event) {
    var element = event.target.closest && event.target.closest(".hmtl [data-chain]");
    return element ? { article: element.closest("article"), keys: element.dataset.chain.split(" ") } : null;
  }
  function show(event) { var found = at(event); if (found && !held) light(found.article, found.keys); }
  function hide(event) { var found = at(event); if (found && !held) light(found.article, []); }
  document.addEventListener("mouseover", show);
  document.addEventListener("mouseout", hide);
  document.addEventListener("focusin", show);
  document.addEventListener("focusout", hide);
  document.addEventListener("click", function (event) {
    var found = at(event), before = held;
    if (before) light(before.article, []);
    held = found && !(before && before.keys.join() === found.keys.join()) ? found : null;
    if (held) light(held.article, held.keys);
  });
  document.addEventListener("change", function (event) {
    var layer = event.target.dataset && event.target.dataset.layer;
    if (layer) event.target.closest(".hmtl").classList.toggle("no-" + layer, !event.target.checked);
  });
})();
"""
    + SCRIPT
)
