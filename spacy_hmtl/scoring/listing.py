"""Annotation as lines of text: what a Doc holds, and where predictions differ from gold."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from itertools import pairwise
from typing import Any

from spacy.tokens import Doc
from spacy.training import Example

from ..annotations.groups import get_meta
from ..annotations.layers import LAYERS, extents, read
from ..types import Cluster, LabeledSpan, Triple

_WIDTH = 100  # characters of a document's text
# What measures are called that no one knows by their keys.
_MEASURES = {"relations_hmtl": "as the paper"}
_CONTEXT = 4  # tokens on each side of an error


def document_lines(doc: Doc, name: str | None = None) -> list[str]:
    """Start of the text, names, chains and triples of a Doc; layers that are not annotated are left out.

    Chains list each mention with its first token: `0: Anna Keller(0), She(12)`.
    """
    layers = read(doc)
    text = " ".join(doc.text.split())
    lines = [f"{name}: " if name else ""]
    lines[0] += text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."
    if layers.entities is not None:
        names = [f"{_text(doc, ent)} [{ent.label}]" for ent in layers.entities]
        lines.append(f"  names: {', '.join(names) or 'none'}")
    if layers.clusters is not None:
        chains = [cluster for cluster in layers.clusters if len(cluster) > 1]
        lines.append(f"  chains: {len(chains)}; and {len(layers.clusters) - len(chains)} of one mention")
        for i, cluster in enumerate(chains):
            lines.append(f"    {i}: " + ", ".join(f"{_text(doc, mention)}({mention.start})" for mention in cluster))
    if layers.relations is not None:
        lines.append(f"  relations: {len(layers.relations)}")
        lines += [f"    {_triple(doc, relation)} | {relation.score:.2f}" for relation in layers.relations]
    return lines


def error_lines(examples: Sequence[Example]) -> dict[str, list[str]]:
    """What was missed and what was wrong, by title of the layer, for examples whose sides have the same tokens."""
    lines: dict[str, list[str]] = {}
    for eg in examples:
        doc, gold, found = eg.reference, read(eg.reference), read(eg.predicted)
        name = get_meta(doc).get("name", "")
        for task, layer in LAYERS.items():
            wanted = gold.of(task)
            if wanted is not None:
                own = lines.setdefault(layer.title, [])
                own.extend(f"{name}: {line}" for line in _COMPARISONS[layer.kind](doc, wanted, found.of(task) or []))
    return lines


def score_rows(scores: Iterable[str]) -> list[tuple[str, str]]:
    """What a table of scores holds: for each layer its F1, and indented what else there is of it.

    scores (Iterable): Keys of scores.
    RETURNS (list): Name of the row, and prefix of its keys.
    """
    prefixes = [key.removesuffix("_f") for key in scores if key.endswith("_f")]
    rows = []
    for layer in LAYERS.values():
        rows += [(layer.title, prefix) for prefix in prefixes if prefix == layer.scores]
        for prefix in (prefix for prefix in prefixes if prefix.startswith(f"{layer.scores}_")):
            name = _MEASURES.get(prefix, prefix.removeprefix(f"{layer.scores}_").replace("_", " "))
            rows.append((f"  {name}", prefix))
    return rows


def _span_errors(doc: Doc, gold: Sequence[LabeledSpan], predicted: Sequence[LabeledSpan]) -> list[str]:
    wanted, found = ({span[:3] for span in side} for side in (gold, predicted))
    rows = [(span, "missed") for span in wanted - found] + [(span, "wrong") for span in found - wanted]
    return [f"{what} [{span[2]}] {_context(doc, span)}" for span, what in sorted(rows)]


def _relation_errors(doc: Doc, gold: Sequence[Triple], predicted: Sequence[Triple]) -> list[str]:
    wanted, found = ({(r.head[:3], r.label, r.tail[:3]): r for r in side} for side in (gold, predicted))
    rows = [(key, "missed", wanted[key]) for key in wanted.keys() - found.keys()]
    rows += [(key, "wrong", found[key]) for key in found.keys() - wanted.keys()]
    return [f"{what} {_triple(doc, relation)}" for _, what, relation in sorted(rows)]


def _link_errors(doc: Doc, gold: Sequence[Cluster], predicted: Sequence[Cluster]) -> list[str]:
    """Links of each mention to the one before it in its cluster that the other side's clusters lack."""
    sides = [extents(gold), extents(predicted)]
    number = [{mention: i for i, cluster in enumerate(side) for mention in cluster} for side in sides]
    rows = []
    for what, own, other in (("missed", 0, 1), ("wrong", 1, 0)):
        for first, second in (pair for cluster in sides[own] for pair in pairwise(cluster)):
            if number[other].get(first, -1) != number[other].get(second, -2):
                rows.append((second, first, what))
    return [f"{what} {_text(doc, b)}({b[0]}) = {_text(doc, a)}({a[0]})" for b, a, what in sorted(rows)]


def _triple(doc: Doc, relation: Any) -> str:
    return f"{_text(doc, relation.head)} --{relation.label}--> {_text(doc, relation.tail)}"


def _text(doc: Doc, span: Sequence[Any]) -> str:
    return " ".join(doc[span[0] : span[1]].text.split())


def _context(doc: Doc, span: Sequence[Any]) -> str:
    before = _text(doc, (max(0, span[0] - _CONTEXT), span[0]))
    after = _text(doc, (span[1], min(len(doc), span[1] + _CONTEXT)))
    return f"{before} >{_text(doc, span)}< {after}".strip()


# By kind of layer.
_COMPARISONS: dict[str, Callable[[Doc, Sequence[Any], Sequence[Any]], list[str]]] = {
    "spans": _span_errors,
    "clusters": _link_errors,
    "relations": _relation_errors,
}
