"""Which clusters and relations a span or a token takes part in, by an index that is made once for each Doc."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Generic, NamedTuple, TypeVar
from weakref import WeakKeyDictionary

from spacy.tokens import Doc, Span, SpanGroup, Token

from ..types import MentionSpan
from .groups import COREF, RELATIONS, Relation, coref_rows, relation_at, relation_objects


class _ClusterIndex(NamedTuple):
    """clusters: for each, rows of the group, in order of first mention; of_span, of_token: numbers of clusters."""

    clusters: list[list[int]]
    of_span: dict[MentionSpan, int]
    of_token: dict[int, list[int]]


# By the boundaries of an argument, the relations that it takes part in.
_RelationIndex = dict[MentionSpan, list[int]]
Made = TypeVar("Made")


class _Indexes(Generic[Made]):
    """The index of one group of each Doc, made again when the group or its attrs are replaced, or their number changes.

    An index holds numbers, and no Spans: these would keep their Doc alive, and so the index.
    """

    def __init__(self, key: str, column: str, make: Callable[[Doc], Made | None]) -> None:
        self._key, self._column, self._make = key, column, make
        self._known: WeakKeyDictionary[Doc, tuple[SpanGroup, Any, tuple[int, ...], Made | None]] = WeakKeyDictionary()

    def of(self, doc: Doc) -> Made | None:
        """The index of a Doc; None if it is not annotated."""
        group = doc.spans.get(self._key)
        if group is None:
            return None
        column = group.attrs.get(self._column)
        sizes = (len(doc), len(group), len(column or ()))
        known = self._known.get(doc)
        if known is None or known[0] is not group or known[1] is not column or known[2] != sizes:
            known = self._known[doc] = (group, column, sizes, self._make(doc))
        return known[3]


def _index_clusters(doc: Doc) -> _ClusterIndex | None:
    rows = coref_rows(doc)
    if rows is None:
        return None
    numbers: dict[int, int] = {}
    index = _ClusterIndex([], {}, {})
    for row, (span, cluster, _) in enumerate(rows):
        number = numbers.setdefault(cluster, len(numbers))
        if number == len(index.clusters):
            index.clusters.append([])
        index.clusters[number].append(row)
        index.of_span[span.start, span.end] = number
        for token in range(span.start, span.end):
            own = index.of_token.setdefault(token, [])
            if number not in own:
                own.append(number)
    for own in index.of_token.values():
        own.sort()
    return index


def _index_relations(doc: Doc) -> _RelationIndex | None:
    relations = relation_objects(doc)
    if relations is None:
        return None
    index: _RelationIndex = {}
    for number, relation in enumerate(relations):
        for boundaries in {(span.start, span.end) for span in (relation.head, relation.tail)}:
            index.setdefault(boundaries, []).append(number)
    return index


_clusters = _Indexes(COREF, "clusters", _index_clusters)
_relations = _Indexes(RELATIONS, "pairs", _index_relations)


def clusters_of_token(token: Token) -> list[list[Span]]:
    """The clusters that have a mention around a token, in order of their first mention."""
    index = _clusters.of(token.doc)
    if index is None:
        return []
    return [_spans(token.doc, index.clusters[number]) for number in index.of_token.get(token.i, [])]


def cluster_of_span(span: Span) -> list[Span] | None:
    """The cluster that has a mention with exactly these boundaries, or None."""
    index = _clusters.of(span.doc)
    number = None if index is None else index.of_span.get((span.start, span.end))
    return None if index is None or number is None else _spans(span.doc, index.clusters[number])


def relations_of_span(span: Span) -> list[Relation]:
    """The relations that have an argument with exactly these boundaries."""
    index = _relations.of(span.doc)
    if index is None:
        return []
    return [relation_at(span.doc.spans[RELATIONS], number) for number in index.get((span.start, span.end), [])]


def _spans(doc: Doc, rows: list[int]) -> list[Span]:
    group = doc.spans[COREF]
    return [group[row] for row in rows]
