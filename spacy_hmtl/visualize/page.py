"""Docs as one HTML page that needs nothing else: no network, no files beside it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from html import escape

from spacy.tokens import Doc

from ..annotations.groups import get_meta
from ..annotations.layers import LAYERS, TASKS, Layers, read
from ..errors import Errors
from ..types import MentionSpan
from .arcs import arcs_svg
from .boxes import make_boxes, split_sentences, text_html
from .network import network_svg
from .style import CSS, JS
from .tables import chain_keys, cluster_names, clusters_table, isolated_html, legend, lift, relations_table
from .tools import SEARCH, ZOOM, index_html, left_out_html
from .versus import check_pair, compare, faults_table, marked


class Page(str):
    """HTML that a notebook shows as it is."""

    def _repr_html_(self) -> str:
        return self.removeprefix(_HEAD_OF_PAGE)


def render(
    docs: Doc | Iterable[Doc],
    layers: Collection[str] | None = None,
    page: bool = True,
    title: str | None = None,
    gold: Doc | Iterable[Doc] | None = None,
    left_out: int = 0,
) -> Page:
    """Show names, mentions, clusters and relations of one or more Docs.

    docs (Doc or Iterable): What to show, one below the other.
    layers (Collection, optional): Of "ner", "emd", "coref" and "relation"; all if not given.
    page (bool): A whole page; False gives an element to put into one.
    title (str, optional): Heading of the page.
    gold (Doc or Iterable, optional): The same documents as people annotated them: they are shown beside, and what
        differs is marked and listed.
    left_out (int): Documents that are not among `docs`; the page says so.
    RETURNS (Page): A string; in a notebook it is displayed.
    RAISES (ValueError): H507, if a layer is unknown; H693, if a gold document has other tokens.
    """
    docs = [docs] if isinstance(docs, Doc) else list(docs)
    wanted = set(TASKS if layers is None else layers)
    if unknown := sorted(wanted - set(TASKS)):
        raise ValueError(Errors.H507.format(layers=", ".join(unknown), known=", ".join(TASKS)))
    heading = title or (_name(docs[0]) or UNNAMED if len(docs) == 1 else f"{len(docs)} documents")
    # A single Doc is already named by the heading of the page.
    names = [_name(doc) or f"Document {i}" if len(docs) > 1 else "" for i, doc in enumerate(docs, 1)]
    sides = _sides(docs, gold)
    rows = [_article(doc, wanted, f"d{i}", names[i], sides[i]) for i, doc in enumerate(docs)]
    articles = "".join(rows)
    entries = [(f"doc-d{i}", names[i], f"{len(doc):,} tokens") for i, doc in enumerate(docs)]
    tools = (SEARCH if docs else "") + (index_html(entries) if len(docs) > 1 else "") + left_out_html(left_out)
    about = escape(_about(docs, has_chains="data-chain" in articles))
    element = (
        f'<div class="hmtl"><style>{CSS}</style><header><h1>{escape(heading)}</h1>'
        f'<p class="about">{about}</p>{_switches(wanted)}{tools}</header>'
        f"<main>{articles or NOTHING}</main><script>{JS}</script></div>"
    )
    if not page:
        return Page(element)
    lang = escape(docs[0].lang_ or "en") if docs else "en"
    return Page(
        f'<!DOCTYPE html>\n<html lang="{lang}"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f'<title>{escape(heading)}</title></head><body class="hmtl-page">{element}</body></html>\n'
    )


_HEAD_OF_PAGE = "<!DOCTYPE html>\n"
UNNAMED = "Names, mentions, coreference and relations"
NOTHING = '<p class="none">No documents.</p>'


def _name(doc: Doc) -> str:
    return str(get_meta(doc).get("name") or "")


def _about(docs: Sequence[Doc], has_chains: bool) -> str:
    n_tokens = sum(map(len, docs))
    size = f"{n_tokens:,} token{'s' if n_tokens != 1 else ''}."
    return f"{size} Point at a mention, or tap it, to see its chain." if has_chains else size


def _switches(wanted: set[str]) -> str:
    boxes = [
        f'<label><input type="checkbox" data-layer="{layer.title}" checked>{layer.title.capitalize()}</label>'
        for task, layer in LAYERS.items()
        if task in wanted
    ]
    return f'<div class="switches">{"".join(boxes)}</div>'


def _sides(docs: Sequence[Doc], gold: Doc | Iterable[Doc] | None) -> Sequence[Doc | None]:
    """The gold document of each. RAISES (ValueError): H693."""
    if gold is None:
        return [None] * len(docs)
    sides = [gold] if isinstance(gold, Doc) else list(gold)
    for i, doc in enumerate(docs):
        if i >= len(sides):
            raise ValueError(Errors.H693.format(number=i + 1))
        check_pair(doc, sides[i], i + 1)
    return sides


def _texts(doc: Doc, layers: Layers, prefix: str, names: dict[str, str], gold: Doc | None, wanted: set[str]) -> str:
    """The text with its layers; with gold beside it, and all differences below, where there is gold."""
    if gold is None:
        return f"<section>{layer_text(doc, layers, prefix, names)}</section>"
    right = read(gold, tasks=wanted)
    faults = compare(doc, layers, right)
    own = layer_text(doc, layers, prefix, names, marked(faults, missed=False))
    names_of_gold = cluster_names(gold, right.clusters or [], f"{prefix}g")
    other = layer_text(gold, right, f"{prefix}g", names_of_gold, marked(faults, missed=True))
    return (
        f'<section class="versus"><div><h3>Found</h3>{own}</div><div><h3>Gold</h3>{other}</div></section>'
        f'<section class="faults"><h3>Differences</h3><div class="scroll">{faults_table(faults)}</div></section>'
    )


def _article(doc: Doc, wanted: set[str], prefix: str, heading: str, gold: Doc | None = None) -> str:
    layers = read(doc, tasks=wanted)
    names = cluster_names(doc, layers.clusters or [], prefix)
    title = f"<h2>{escape(heading)}</h2>" if heading else ""
    parts = [
        f'<header id="doc-{prefix}">{title}{_counts(layers, wanted)}</header>',
        _texts(doc, layers, prefix, names, gold, wanted),
    ]
    labels = [span.label for span in [*(layers.entities or []), *(layers.mentions or [])] if span.label]
    if labels:
        parts.append(f'<section><h3>Types</h3><p class="legend">{layer_legend(labels)}</p></section>')
    if layers.clusters is not None:
        spans = layers.mentions if layers.mentions is not None else layers.entities or []
        table = clusters_table(doc, layers.clusters, spans, prefix, names)
        parts.append(f'<section class="clusters"><h3>Clusters</h3><div class="scroll">{table}</div></section>')
    if layers.relations is not None:
        spans = layers.mentions if layers.mentions is not None else layers.entities or []
        lifted = lift(doc, layers.clusters or [], layers.relations, spans)
        table = relations_table(lifted)
        parts.append(f'<section class="triples"><h3>Relations</h3><div class="scroll">{table}</div></section>')
        if lifted:
            graph = network_svg(lifted, chain_keys(layers.clusters or [], prefix))
            alone = isolated_html(layers.clusters or [], layers.relations, names, prefix)
            drawn = f'{ZOOM}<div class="scroll">{graph}</div>{alone}'
            parts.append(f'<section class="triples"><h3>Entity graph</h3>{drawn}</section>')
    return f"<article>{''.join(parts)}</article>"


def _counts(layers: Layers, wanted: set[str]) -> str:
    """How much there is of each layer, or that it is not annotated."""
    items = []
    for layer in (LAYERS[task] for task in TASKS if task in wanted):
        count = layers.counts().get(layer.field)
        if count is None:
            items.append(f'<li class="absent">{layer.title}: not annotated</li>')
        else:
            items.append(f"<li><b>{count:,}</b> {layer.title if count != 1 else layer.title[:-1]}</li>")
    return f'<ul class="layers">{"".join(items)}</ul>'


def layer_text(
    doc: Doc, layers: Layers, prefix: str, names: dict[str, str], wrong: Collection[MentionSpan] = ()
) -> str:
    """Sentence by sentence, each with its relations as arcs below it; spans that are wrong are marked."""
    if not len(doc):
        return '<p class="none">An empty document.</p>'
    boxes = make_boxes(layers.entities or [], layers.mentions or [], layers.clusters or [], prefix, wrong)
    parts = split_sentences(doc, [(box.start, box.end) for box in boxes])
    relations = layers.relations or []
    html = []
    for start, end in parts:
        own = [box for box in boxes if start <= box.start < end]
        text = text_html(doc, start, end, own, names)
        if text.strip():
            html.append(f'<p class="sentence" dir="auto">{text}</p>')
        # A relation is shown where its head is.
        here = [r for r in relations if start <= r.head.start < end]
        if here:
            texts = {a[:3]: doc[a.start : a.end].text for r in here for a in (r.head, r.tail)}
            html.append(f'<div class="scroll">{arcs_svg(here, texts)}</div>')
    return "".join(html) or '<p class="none">Nothing but white space.</p>'


def layer_legend(labels: Sequence[str]) -> str:
    """Badges of the types that occur, with their counts."""
    return "".join(legend(labels))
