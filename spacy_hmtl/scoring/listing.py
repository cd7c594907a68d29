"""Annotation as lines of text: what a Doc holds, and where predictions differ from gold."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any

from spacy.tokens import Doc
from spacy.training import Example

from ..annotations.groups import get_clusters, get_entities, get_mentions, get_meta, get_relations, is_annotated
from ..annotations.layers import extents

_WIDTH = 100  # characters of a document's text
_CONTEXT = 4  # tokens on each side of an error


def document_lines(doc: Doc, name: str | None = None) -> list[str]:
    """Start of the text, names, chains and triples of a Doc; layers that are not annotated are left out.

    Chains list each mention with its first token: `0: Anna Keller(0), She(12)`.
    """
    text = " ".join(doc.text.split())
    lines = [f"{name}: " if name else ""]
    lines[0] += text if len(text) <= _WIDTH else f"{text[:_WIDTH]}..."
    if len(doc) and is_annotated(doc, "ner"):
        names = [f"{_text(doc, ent)} [{ent.label}]" for ent in get_entities(doc) or []]
        lines.append(f"  names: {', '.join(names) or 'none'}")
    clusters = get_clusters(doc)
    if clusters is not None:
        chains = [cluster for cluster in clusters if len(cluster) > 1]
        lines.append(f"  chains: {len(chains)}; and {len(clusters) - len(chains)} of one mention")
        for i, cluster in enumerate(chains):
            lines.append(f"    {i}: " + ", ".join(f"{_text(doc, mention)}({mention[0]})" for mention in cluster))
    relations = get_relations(doc)
    if relations is not None:
        lines.append(f"  relations: {len(relations)}")
        lines += [f"    {_triple(doc, relation)} | {relation.score:.2f}" for relation in relations]
    return lines


def error_lines(examples: Sequence[Example]) -> dict[str, list[str]]:
    """What was missed and what was wrong, per layer, for examples whose sides have the same tokens."""
    lines: dict[str, list[str]] = {}
    for eg in examples:
        doc = eg.reference
        name = get_meta(doc).get("name", "")
        for layer, read in (("names", get_entities), ("mentions", get_mentions)):
            gold = read(doc)
            if gold is not None:
                found = {span[:3] for span in read(eg.predicted) or []}
                wanted = {span[:3] for span in gold}
                rows = [(span, "missed") for span in wanted - found] + [(span, "wrong") for span in found - wanted]
                lines.setdefault(layer, []).extend(
                    f"{name}: {what} [{span[2]}] {_context(doc, span)}" for span, what in sorted(rows)
                )
        lines_of_relations = _relation_errors(eg)
        if lines_of_relations is not None:
            lines.setdefault("relations", []).extend(f"{name}: {line}" for line in lines_of_relations)
        links = _link_errors(eg)
        if links is not None:
            lines.setdefault("coreference", []).extend(f"{name}: {line}" for line in links)
    return lines


def _relation_errors(eg: Example) -> list[str] | None:
    gold = get_relations(eg.reference)
    if gold is None:
        return None
    sides = [
        {(r.head[:3], r.label, r.tail[:3]): r for r in relations}
        for relations in (gold, get_relations(eg.predicted) or [])
    ]
    rows = [(key, "missed", sides[0][key]) for key in sides[0].keys() - sides[1].keys()]
    rows += [(key, "wrong", sides[1][key]) for key in sides[1].keys() - sides[0].keys()]
    return [f"{what} {_triple(eg.reference, relation)}" for _, what, relation in sorted(rows)]


def _link_errors(eg: Example) -> list[str] | None:
    """Links of each mention to the one before it in its cluster that the other side's clusters lack."""
    gold = get_clusters(eg.reference)
    if gold is None:
        return None
    sides = [extents(gold), extents(get_clusters(eg.predicted))]
    number = [{mention: i for i, cluster in enumerate(side) for mention in cluster} for side in sides]
    rows = []
    for what, own, other in (("missed", 0, 1), ("wrong", 1, 0)):
        for cluster in sides[own]:
            for first, second in pairwise(cluster):
                if number[other].get(first, -1) != number[other].get(second, -2):
                    rows.append((second, first, what))
    doc = eg.reference
    return [f"{what} {_text(doc, b)}({b[0]}) = {_text(doc, a)}({a[0]})" for b, a, what in sorted(rows)]


def _triple(doc: Doc, relation: Any) -> str:
    return f"{_text(doc, relation.head)} --{relation.label}--> {_text(doc, relation.tail)}"


def _text(doc: Doc, span: Sequence[Any]) -> str:
    return " ".join(doc[span[0] : span[1]].text.split())


def _context(doc: Doc, span: Sequence[Any]) -> str:
    before = _text(doc, (max(0, span[0] - _CONTEXT), span[0]))
    after = _text(doc, (span[1], min(len(doc), span[1] + _CONTEXT)))
    return f"{before} >{_text(doc, span)}< {after}".strip()
