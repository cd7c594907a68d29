"""Counts of the spans and the relations of documents, and how they are distributed."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from spacy.tokens import Doc

from ..annotations import AnnotatedDocument
from ..types import LabeledSpan, MentionSpan
from .reading.brackets import crossing_pairs

Json = dict[str, Any]


@dataclass
class SpanCounts:
    """Counts of the spans of one layer.

    lengths: tokens of each span -> how many.
    depths: 1 for an outermost span, 2 for one inside it ... -> how many.
    crossing: pairs that overlap without nesting.
    repeated: spans with the extent of an earlier one.
    misaligned: spans with a boundary inside a token of the tokenizer.
    across: spans that go over a sentence end.
    """

    lengths: Counter[int] = field(default_factory=Counter)
    depths: Counter[int] = field(default_factory=Counter)
    crossing: int = 0
    repeated: int = 0
    misaligned: int = 0
    across: int = 0

    def to_json(self) -> Json:
        """Counts, shares and the distributions of lengths and depths."""
        total = self.lengths.total()
        return {
            "count": total,
            "length": distribution(self.lengths),
            "depths": dict(sorted(self.depths.items())),
            "nested": total - self.depths[1] if total else 0,
            "crossing_pairs": self.crossing,
            "repeated": self.repeated,
            "across_sentences": self.across,
            "misaligned": self.misaligned,
            "misaligned_share": self.misaligned / total if total else 0.0,
        }


@dataclass
class RelationCounts:
    """Counts of relations, and of the pairs of mentions that could have one.

    pairs: unordered pairs of argument candidates in a sentence -> how many sentences.
    related: pairs in a sentence that have a relation.
    across: relations whose arguments are in two sentences.
    several: pairs (ordered) with more than one relation.
    to_itself: relations of a span with itself.
    arguments: (type of the head, label, type of the tail) -> how many.
    """

    pairs: Counter[int] = field(default_factory=Counter)
    related: int = 0
    across: int = 0
    several: int = 0
    to_itself: int = 0
    arguments: Counter[tuple[str, str, str]] = field(default_factory=Counter)

    def to_json(self) -> Json:
        """Counts, shares and the distribution of pairs per sentence."""
        n_pairs = sum(size * count for size, count in self.pairs.items())
        return {
            "count": self.arguments.total(),
            "pairs": n_pairs,
            "pairs_per_sentence": distribution(self.pairs),
            "related_pairs": self.related,
            "related_share": self.related / n_pairs if n_pairs else 0.0,
            "across_sentences": self.across,
            "pairs_with_several": self.several,
            "to_itself": self.to_itself,
            "arguments": {" ".join(key): count for key, count in self.arguments.most_common()},
        }


def count_spans(
    counts: SpanCounts,
    doc: Doc,
    spans: Sequence[LabeledSpan],
    sentences: Sequence[MentionSpan],
    boundaries: tuple[set[int], set[int]] | None,
) -> None:
    """Add the spans of a document to the counts of their layer."""
    extents = sorted((span[:2] for span in spans), key=lambda extent: (extent[0], -extent[1]))
    counts.lengths.update(end - start for start, end in extents)
    counts.repeated += len(extents) - len(set(extents))
    counts.crossing += len(crossing_pairs(sorted(set(extents))))
    counts.depths.update(_depths(extents))
    firsts = {start for start, _ in sentences}
    for start, end in extents:
        counts.across += any(i in firsts for i in range(start + 1, end))
        if boundaries is not None:
            last = doc[end - 1]
            counts.misaligned += doc[start].idx not in boundaries[0] or last.idx + len(last) not in boundaries[1]


def _depths(extents: Sequence[MentionSpan]) -> Iterator[int]:
    """How deep each extent is nested; `extents` by start, longer first. Equal ones are equally deep."""
    around: list[MentionSpan] = []
    for extent in extents:
        around = [other for other in around if other[1] >= extent[1] and other != extent]
        around.append(extent)
        yield len(around)


def count_relations(counts: RelationCounts, document: AnnotatedDocument, sentences: Sequence[MentionSpan]) -> None:
    """Add the relations of a document, and the pairs of its mentions (or names, without mentions)."""
    layers = document.layers
    relations = layers.relations or []
    candidates = layers.mentions if layers.mentions is not None else layers.entities
    arguments = {argument[:2] for triple in relations for argument in (triple.head, triple.tail)}
    extents = {span[:2] for span in candidates} if candidates is not None else arguments
    number = {i: k for k, (start, end) in enumerate(sentences) for i in range(start, end)}
    per_sentence = Counter(number[extent[0]] for extent in extents)
    counts.pairs.update(per_sentence[k] * (per_sentence[k] - 1) // 2 for k in range(len(sentences)))
    ordered = Counter((triple.head[:2], triple.tail[:2]) for triple in relations)
    counts.several += sum(count > 1 for count in ordered.values())
    unordered = {frozenset(pair) for pair in ordered if pair[0] != pair[1]}
    counts.related += sum(len({number[extent[0]] for extent in pair}) == 1 for pair in unordered)
    for triple in relations:
        counts.across += number[triple.head.start] != number[triple.tail.start]
        counts.to_itself += triple.head[:2] == triple.tail[:2]
        counts.arguments[(triple.head.label, triple.label, triple.tail.label)] += 1


def distribution(counts: Counter[int]) -> Json:
    """Mean, median, 90 % and maximum of values given by how often each occurs, and the counts themselves."""
    total = counts.total()
    if not total:
        return {"mean": 0.0, "median": 0, "p90": 0, "max": 0, "counts": {}}
    mean = sum(value * count for value, count in counts.items()) / total
    median, p90 = (_quantile(counts, total, share) for share in (0.5, 0.9))
    return {"mean": mean, "median": median, "p90": p90, "max": max(counts), "counts": dict(sorted(counts.items()))}


def _quantile(counts: Counter[int], total: int, share: float) -> int:
    """The smallest value that at least this share of the values does not exceed."""
    seen = 0
    for value in sorted(counts):
        seen += counts[value]
        if seen >= share * total:
            return value
    return max(counts)
