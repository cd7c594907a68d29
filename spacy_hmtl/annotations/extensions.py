"""Registers `doc._.coref_clusters` and its kin: getters and setters over the span groups."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable, Sequence
from functools import cache
from typing import Any

from spacy.tokens import Doc, Span, Token

from ..errors import Warnings
from ..types import LabeledSpan, ScoredClusters, Triple
from . import resolution
from .groups import COREF, RELATIONS, Relation, _coref_rows, _relation_objects, set_clusters, set_relations


def coref_clusters(doc: Doc) -> list[list[Span]] | None:
    """Clusters as lists of Spans, in order of first mention; None if coreference is not annotated."""
    if COREF not in doc.spans:
        return None
    clusters: dict[int, list[Span]] = {}
    for span, number, _ in _coref_rows(doc):
        clusters.setdefault(number, []).append(span)
    return list(clusters.values())


def relations(doc: Doc) -> list[Relation] | None:
    """Relations of a Doc; None if relations are not annotated."""
    return _relation_objects(doc, RELATIONS) if RELATIONS in doc.spans else None


def _set_coref_clusters(doc: Doc, value: Iterable[Sequence[Span]]) -> None:
    clusters = [[(span.start, span.end) for span in cluster] for cluster in value]
    set_clusters(doc, ScoredClusters(clusters, [[1.0] * len(cluster) for cluster in clusters]))


def _set_relations(doc: Doc, value: Iterable[Sequence[Any]]) -> None:
    """Relation objects, or (head, label, tail) and (head, label, tail, score) tuples."""
    triples = []
    for head, label, tail, *score in value:
        arguments = [LabeledSpan(span.start, span.end, span.label_) for span in (head, tail)]
        triples.append(Triple(arguments[0], label, arguments[1], float(score[0]) if score else 1.0))
    set_relations(doc, triples)


def _span_cluster(span: Span) -> list[Span] | None:
    """The cluster that has a mention with exactly these borders."""
    for cluster in coref_clusters(span.doc) or []:
        if any((m.start, m.end) == (span.start, span.end) for m in cluster):
            return cluster
    return None


def _span_relations(span: Span) -> list[Relation]:
    """Relations that have exactly this span as an argument."""
    border = (span.start, span.end)
    return [r for r in relations(span.doc) or [] if border in ((r.head.start, r.head.end), (r.tail.start, r.tail.end))]


def _token_clusters(token: Token) -> list[list[Span]]:
    """The clusters that have a mention around this token."""
    return [
        cluster
        for cluster in coref_clusters(token.doc) or []
        if any(mention.start <= token.i < mention.end for mention in cluster)
    ]


def _resolved(doc: Doc) -> str:
    try:
        clusters = coref_clusters(doc) or []
    except IndexError:  # spaCy lets a retokenization leave spans that lie outside the Doc, and has no way to ask
        return doc.text
    # A span set by hand may be empty, which says nothing.
    filled = [[mention for mention in cluster if len(mention)] for cluster in clusters]
    return resolution.resolve_text(doc, [cluster for cluster in filled if cluster])


def _entity_relations(doc: Doc) -> list[resolution.EntityRelation]:
    return resolution.entity_relations(coref_clusters(doc) or [], relations(doc) or [])


# (class, name, getter, setter)
_EXTENSIONS: list[tuple[Any, str, Callable[[Any], Any], Callable[[Any, Any], None] | None]] = [
    (Doc, "coref_clusters", coref_clusters, _set_coref_clusters),
    (Doc, "relations", relations, _set_relations),
    (Doc, "coref_resolved", _resolved, None),
    (Doc, "entity_relations", _entity_relations, None),
    (Span, "coref_cluster", _span_cluster, None),
    (Span, "relations", _span_relations, None),
    (Token, "coref_clusters", _token_clusters, None),
]


def register() -> None:
    """Register each extension where its name is free, else under the prefix `hmtl_`, with one warning."""
    for owner, name, getter, setter in _EXTENSIONS:
        options = {"getter": getter, "setter": setter} if setter is not None else {"getter": getter}
        if not owner.has_extension(name):
            owner.set_extension(name, **options)
        elif owner.get_extension(name)[2] is not getter:
            _warn_taken(owner.__name__.lower(), name)
            if not owner.has_extension(f"hmtl_{name}"):
                owner.set_extension(f"hmtl_{name}", **options)


@cache
def _warn_taken(kind: str, name: str) -> None:
    warnings.warn(Warnings.W103.format(kind=kind, name=name), stacklevel=3)
