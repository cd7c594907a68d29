"""The graph of a Doc: clusters and single mentions are its nodes, relations between them its edges."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from spacy.tokens import Doc, Span

from ..annotations.extensions import coref_clusters, relations
from ..annotations.groups import get_clusters, get_entities, get_mentions
from ..annotations.resolution import canonical, entity_relations
from ..types import LabeledSpan, MentionSpan
from .aliases import alias_of

Offsets = tuple[int, int]  # characters of the document, end exclusive


class Mention(NamedTuple):
    """Where an entity is mentioned. score (float): Confidence of the link that put it there, or of the span."""

    start: int
    end: int
    text: str
    score: float


class Entity(NamedTuple):
    """A node.

    key (str): "e0", "e1" ... in the order of first mentions.
    type (str): "" where none is annotated.
    alias (str): What it shares with entities of other documents that bear its name, see `alias_of`; "" if nothing.
    """

    key: str
    name: str
    type: str
    mentions: list[Mention]
    alias: str = ""


class Evidence(NamedTuple):
    """The mentions between which a relation was found."""

    head: Offsets
    tail: Offsets
    score: float


class Edge(NamedTuple):
    """A relation from one entity to another. score (float): The highest of its evidence."""

    head: str
    label: str
    tail: str
    score: float
    evidence: list[Evidence]


class Graph(NamedTuple):
    """Entities and relations of one document. name: identifies the document."""

    name: str
    entities: list[Entity]
    edges: list[Edge]


def make_graph(doc: Doc, name: str, *, aliases: bool = False) -> Graph:
    """The graph of a Doc, as far as it is annotated.

    A mention, name or argument of a relation that is in no cluster is an entity of its own, except a
    name that is neither mention nor argument and ends one ("Keller" in "Dr. Keller"): it names that mention.

    doc (Doc): The annotated Doc.
    name (str): Identifies the document.
    aliases (bool): Give each entity that bears a name what entities of the same type and name share.
    RETURNS (Graph): Entities in the order of their first mentions, and the relations between them.
    """
    clusters = [[m for m in cluster if len(m)] for cluster in coref_clusters(doc) or []]
    clusters = [cluster for cluster in clusters if cluster]
    found = relations(doc) or []
    triples = entity_relations(clusters, found)
    arguments = [LabeledSpan(a.start, a.end, a.label_) for r in found for a in (r.head, r.tail) if len(a)]
    mentions, names = get_mentions(doc) or [], get_entities(doc) or [] if len(doc) else []
    # For types and confidences the mentions come first.
    spans: dict[MentionSpan, LabeledSpan] = {}
    for span in [*mentions, *names, *arguments]:
        if span.start < span.end:
            spans.setdefault((span.start, span.end), span)
    groups = [[(m.start, m.end) for m in cluster] for cluster in clusters]
    singles = _singles(spans, {m for group in groups for m in group}, [*mentions, *arguments])
    groups += [[single] for single in singles]
    groups.sort(key=lambda group: (group[0][0], -group[0][1]))
    scores = _link_scores(doc)
    entities: list[Entity] = []
    key_of: dict[MentionSpan, str] = {}
    for number, group in enumerate(groups):
        key_of.update((boundary, f"e{number}") for boundary in group)
        entities.append(_entity(doc, f"e{number}", group, spans, scores, aliases))
    edges = [
        Edge(
            key_of[triple.head.start, triple.head.end],
            triple.label,
            key_of[triple.tail.start, triple.tail.end],
            triple.score,
            [Evidence(_offsets(r.head), _offsets(r.tail), r.score) for r in triple.evidence],
        )
        for triple in triples
        if len(triple.head) and len(triple.tail)
    ]
    return Graph(name, entities, edges)


def _singles(
    spans: Iterable[MentionSpan], clustered: set[MentionSpan], told: Sequence[LabeledSpan]
) -> list[MentionSpan]:
    """Spans that are entities of their own.

    told: Mentions and arguments, which are entities whatever they end; an edge of the graph must find them.
    """
    kept = clustered | {(span.start, span.end) for span in told}
    first: dict[int, int] = {}  # where the longest of these with an end begins
    for start, end in kept:
        first[end] = min(start, first.get(end, start))
    return [
        (start, end)
        for start, end in spans
        if (start, end) not in clustered and ((start, end) in kept or first.get(end, start) >= start)
    ]


def _entity(
    doc: Doc,
    key: str,
    group: Sequence[MentionSpan],
    spans: dict[MentionSpan, LabeledSpan],
    scores: dict[MentionSpan, float],
    aliases: bool,
) -> Entity:
    name = canonical([doc[start:end] for start, end in group])
    labels = Counter(spans[boundary].label for boundary in group if boundary in spans and spans[boundary].label)
    mentions = []
    for start, end in group:
        span = doc[start:end]
        own = spans[start, end].score if (start, end) in spans else 1.0
        mentions.append(Mention(*_offsets(span), span.text, scores.get((start, end), own)))
    type = labels.most_common(1)[0][0] if labels else ""
    return Entity(key, " ".join(name.text.split()), type, mentions, alias_of(name, type) if aliases else "")


def _link_scores(doc: Doc) -> dict[MentionSpan, float]:
    return {mention[:2]: mention.score for cluster in get_clusters(doc) or [] for mention in cluster}


def _offsets(span: Span) -> Offsets:
    return span.start_char, span.end_char
