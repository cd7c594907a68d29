"""Only what the model is sure of."""

from __future__ import annotations

from spacy.tokens import Doc

from ..annotations.groups import ENTITIES
from ..annotations.layers import Layers, read, replace
from ..errors import Errors
from ..types import Cluster, LabeledSpan, MentionSpan, Triple


def filter_scores(
    doc: Doc, *, ents: float = 0.0, mentions: float = 0.0, coref: float = 0.0, relations: float = 0.0
) -> tuple[Doc, Layers]:
    """A new Doc with what has at least these confidences.

    A relation goes with its arguments: where a name or mention with an argument's boundaries
    was there and none is left, the relation is dropped. A cluster is kept with the mentions
    that are left, even if it is only one; mentions of clusters do not depend on `mentions`.

    doc (Doc): Left as it is.
    ents, mentions, coref, relations (float): Least confidence of each layer, in [0, 1].
        That of a cluster's mention is the confidence of its link, see docs/outputs.md.
    RETURNS (Doc, Layers): The new Doc, and what was dropped.
    RAISES (ValueError): H205.
    """
    for name, value in (("ents", ents), ("mentions", mentions), ("coref", coref), ("relations", relations)):
        if not 0 <= value <= 1:
            section = "the call of filter_scores"
            raise ValueError(Errors.H205.format(key=name, expected="within [0, 1]", value=value, section=section))
    layers = read(doc)
    kept = Layers(
        entities=_at_least(layers.entities, ents),
        mentions=_at_least(layers.mentions, mentions),
        clusters=None if layers.clusters is None else _sure_clusters(layers.clusters, coref),
        relations=None,
    )
    if layers.relations is not None:
        gone = _borders(layers) - _borders(kept)
        kept.relations = [r for r in layers.relations if r.score >= relations and not gone & _arguments(r)]
    new = doc.copy()
    replace(new, kept, scored_entities=ENTITIES in doc.spans)
    return new, layers.less(kept)


def _at_least(spans: list[LabeledSpan] | None, score: float) -> list[LabeledSpan] | None:
    return None if spans is None else [span for span in spans if span.score >= score]


def _sure_clusters(clusters: list[Cluster], least: float) -> list[Cluster]:
    sure = ([mention for mention in cluster if mention.score >= least] for cluster in clusters)
    return [cluster for cluster in sure if cluster]


def _borders(layers: Layers) -> set[MentionSpan]:
    """Boundaries of the names and mentions."""
    return {(span.start, span.end) for span in [*(layers.entities or []), *(layers.mentions or [])]}


def _arguments(relation: Triple) -> set[MentionSpan]:
    return {(argument.start, argument.end) for argument in (relation.head, relation.tail)}
