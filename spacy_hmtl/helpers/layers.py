"""The four layers of a Doc in one piece, as plain Python."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple, TypeVar

from spacy.tokens import Doc

from ..annotations.groups import (
    COREF,
    ENTITIES,
    MENTIONS,
    RELATIONS,
    get_clusters,
    get_entities,
    get_mentions,
    get_relations,
    set_clusters,
    set_entities,
    set_mentions,
    set_relations,
)
from ..types import LabeledSpan, MentionSpan, ScoredClusters, Triple

# Where a span comes to stand, or None if it cannot stay.
Place = Callable[[int, int], MentionSpan | None]
Row = TypeVar("Row", LabeledSpan, Triple)


class Dropped(NamedTuple):
    """How much of each layer a change of the Doc has cost; of coref, mentions of clusters."""

    entities: int = 0
    mentions: int = 0
    coref: int = 0
    relations: int = 0


@dataclass
class Layers:
    """What is annotated; a layer that is None is not annotated."""

    entities: list[LabeledSpan] | None
    mentions: list[LabeledSpan] | None
    clusters: ScoredClusters | None
    relations: list[Triple] | None

    def moved(self, place: Place) -> Layers:
        """The layers with each span where `place` puts it.

        place (Callable): Must not put two spans at one place.
        RETURNS (Layers): Clusters with the mentions that are left, relations with both arguments.
        """
        return Layers(
            entities=_moved_spans(self.entities, place),
            mentions=_moved_spans(self.mentions, place),
            clusters=None if self.clusters is None else _moved_clusters(self.clusters, place),
            relations=None if self.relations is None else _moved_relations(self.relations, place),
        )

    def less(self, other: Layers) -> Dropped:
        """How much these layers hold more than others."""
        return Dropped(*(ours - theirs for ours, theirs in zip(self._sizes(), other._sizes())))

    def _sizes(self) -> tuple[int, int, int, int]:
        n_coref = sum(map(len, self.clusters.clusters)) if self.clusters is not None else 0
        return len(self.entities or []), len(self.mentions or []), n_coref, len(self.relations or [])


def read_layers(doc: Doc) -> Layers:
    """The layers of a Doc."""
    return Layers(get_entities(doc), get_mentions(doc), get_clusters(doc), get_relations(doc))


def write_layers(doc: Doc, layers: Layers, *, scored_entities: bool) -> None:
    """Replace the layers of a Doc; one that is None is removed, but names in doc.ents are left.

    scored_entities (bool): Whether the names have confidences of their own, in a group.
    """
    for key in (ENTITIES, MENTIONS, COREF, RELATIONS):
        doc.spans.pop(key, None)
    if layers.entities is not None:
        set_entities(doc, layers.entities)
        if not scored_entities:
            doc.spans.pop(ENTITIES)
    if layers.mentions is not None:
        set_mentions(doc, layers.mentions)
    if layers.clusters is not None:
        set_clusters(doc, layers.clusters)
    if layers.relations is not None:
        set_relations(doc, layers.relations)


def _moved_spans(spans: list[LabeledSpan] | None, place: Place) -> list[LabeledSpan] | None:
    return None if spans is None else [moved for span in spans if (moved := _moved(span, place)) is not None]


def _moved(span: LabeledSpan, place: Place) -> LabeledSpan | None:
    borders = place(span.start, span.end)
    return None if borders is None else span._replace(start=borders[0], end=borders[1])


def _moved_clusters(scored: ScoredClusters, place: Place) -> ScoredClusters:
    kept = ScoredClusters([], [])
    for cluster, scores in zip(*scored):
        rows = [(moved, score) for (start, end), score in zip(cluster, scores) if (moved := place(start, end))]
        if rows:
            kept.clusters.append([row[0] for row in rows])
            kept.scores.append([row[1] for row in rows])
    return kept


def _moved_relations(relations: list[Triple], place: Place) -> list[Triple]:
    kept = []
    for relation in relations:
        head, tail = _moved(relation.head, place), _moved(relation.tail, place)
        if head is not None and tail is not None:
            kept.append(relation._replace(head=head, tail=tail))
    return kept
