"""Plain-Python shapes of annotation, shared by every room of the package.

Offsets are token offsets, end exclusive, counted in the whole document.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

TASKS = ("ner", "emd", "relation", "coref")

# A mention of a cluster: (start, end).
MentionSpan = tuple[int, int]
# The mentions of one entity, in document order.
Cluster = list[MentionSpan]


class LabeledSpan(NamedTuple):
    """A name or a mention: tokens start to end (exclusive), its type, its confidence in [0, 1]."""

    start: int
    end: int
    label: str = ""
    score: float = 1.0


class Triple(NamedTuple):
    """A directed relation between two spans; `score` is its confidence in [0, 1]."""

    head: LabeledSpan
    label: str
    tail: LabeledSpan
    score: float = 1.0


class ScoredClusters(NamedTuple):
    """Coreference of one document.

    clusters: mentions of each entity; clusters in order of their first mention.
    scores: for each mention (same nesting) the confidence of the decision that
        put it there: its link to an antecedent, or being a new entity's first mention.
    """

    clusters: list[Cluster]
    scores: list[list[float]]


@dataclass
class AnnotatedDocument:
    """What a converter makes of one document, and what `annotations.to_doc` makes a Doc of.

    A layer that is None was not annotated; an empty list was annotated and holds nothing.

    name: identifies the document in messages (file name, document id).
    words, spaces: the tokens, and whether a space follows each.
    sent_starts: offsets of the tokens that begin a sentence, or None if unknown.
    entities: names (NER); they do not overlap.
    mentions: mentions (EMD); they may nest.
    clusters: entities as lists of (start, end) (CR); singletons allowed.
    relations: directed triples (RE).
    meta: JSON-able facts about the document (genre, part, speakers per token ...).
    """

    name: str
    words: list[str]
    spaces: list[bool]
    sent_starts: list[int] | None = None
    entities: list[LabeledSpan] | None = None
    mentions: list[LabeledSpan] | None = None
    clusters: list[Cluster] | None = None
    relations: list[Triple] | None = None
    meta: dict[str, Any] = field(default_factory=dict)
