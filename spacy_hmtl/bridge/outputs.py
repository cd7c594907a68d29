"""Decoded tensors of a batch as plain annotation, document by document."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from ..nn.heads.coref import DecodedClusters
from ..nn.heads.relation import TokenPairs
from ..nn.heads.tagger import SpanTensors
from ..types import LabeledSpan, ScoredClusters, Triple


class Prediction(NamedTuple):
    """What the model says of one document; None for a task that is not in the hierarchy."""

    entities: list[LabeledSpan] | None
    mentions: list[LabeledSpan] | None
    clusters: ScoredClusters | None
    relations: list[Triple] | None


class _Documents:
    """Finds the document of a flat token offset."""

    def __init__(self, starts: Sequence[int], lengths: Sequence[int]) -> None:
        self.starts = list(starts)
        self.filled = [number for number, length in enumerate(lengths) if length]
        self._filled_starts = [self.starts[number] for number in self.filled]

    def of(self, token: int) -> tuple[int, int]:
        """Number of the document, and offset of its first token."""
        number = self.filled[bisect_right(self._filled_starts, token) - 1]
        return number, self.starts[number]


def split_spans(spans: SpanTensors, labels: Sequence[str], lengths: Sequence[int]) -> list[list[LabeledSpan]]:
    """Labelled spans per document, with offsets in the document."""
    documents = _Documents(_starts(lengths), lengths)
    result: list[list[LabeledSpan]] = [[] for _ in lengths]
    columns = (spans.starts.tolist(), spans.ends.tolist(), spans.labels.tolist(), spans.scores.tolist())
    for start, end, label, score in zip(*columns):
        number, first = documents.of(start)
        result[number].append(LabeledSpan(start - first, end - first, labels[label], score))
    return result


def split_clusters(decoded: DecodedClusters, lengths: Sequence[int]) -> list[ScoredClusters]:
    """Clusters per document, in order of first mention, with offsets in the document."""
    documents = _Documents(_starts(lengths), lengths)
    grouped: list[dict[int, list[tuple[tuple[int, int], float]]]] = [{} for _ in lengths]
    columns = (
        decoded.spans.starts.tolist(),
        decoded.spans.ends.tolist(),
        decoded.clusters.tolist(),
        decoded.scores.tolist(),
    )
    for start, end, cluster, score in zip(*columns):
        number, first = documents.of(start)
        grouped[number].setdefault(cluster, []).append(((start - first, end - first), score))
    return [
        ScoredClusters([[m for m, _ in rows] for rows in g.values()], [[s for _, s in rows] for rows in g.values()])
        for g in grouped
    ]


def split_relations(
    pairs: TokenPairs, labels: Sequence[str], lengths: Sequence[int], spans: Sequence[Sequence[LabeledSpan]]
) -> list[list[Triple]]:
    """Relations per document; each argument is the span of `spans` that ends at its token, else the token.

    spans: for each document the spans arguments may be attached to, best last: where
        several end at one token, the later one wins.
    """
    documents = _Documents(_starts(lengths), lengths)
    ending = [{span.end: span for span in own} for own in spans]
    result: list[list[Triple]] = [[] for _ in lengths]
    columns = (pairs.arg1.tolist(), pairs.arg2.tolist(), pairs.labels.tolist(), pairs.scores.tolist())
    for arg1, arg2, label, score in sorted(zip(*columns)):
        number, first = documents.of(arg1)
        head, tail = (
            ending[number].get(token - first + 1, LabeledSpan(token - first, token - first + 1))
            for token in (arg1, arg2)
        )
        result[number].append(Triple(head, labels[label], tail, score))
    return result


def _starts(lengths: Sequence[int]) -> list[int]:
    starts, total = [], 0
    for length in lengths:
        starts.append(total)
        total += length
    return starts
