"""Decoded tensors of a batch as plain annotation, document by document."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Collection, Mapping, Sequence
from typing import Any

from ..annotations.layers import LAYERS, Layers
from ..nn.heads.tensors import DecodedClusters, SpanPairs, SpanTensors, TokenPairs
from ..nn.hierarchy import Hierarchy
from ..types import Cluster, LabeledSpan, Triple


def predictions(
    found: Mapping[str, Any], hierarchy: Hierarchy, lengths: Sequence[int], beside: Sequence[Layers] | None = None
) -> list[Layers]:
    """Sort out what belongs to which Doc; relations between tokens are attached to the mentions and names beside them.

    found (Mapping): Task -> what its head found, with flat offsets in the batch.
    hierarchy (Hierarchy): What found it, with the labels and the schema of relations.
    lengths (Sequence): Tokens of each document that were read.
    beside (Sequence, optional): For each document the names and mentions of other components.
    RETURNS (list[Layers]): What the model says of each; None for a task that is not in the hierarchy.
    """
    beside = [Layers() for _ in lengths] if beside is None else beside
    columns: dict[str, list[Any]] = {}
    # Relations come last, since what they join has to be known.
    for task in sorted(found, key=lambda task: LAYERS[task].kind == "relations"):
        rows, labels = found[task], hierarchy.labels[task]
        if LAYERS[task].kind == "spans":
            column: list[Any] = split_spans(rows, labels, lengths)
        elif LAYERS[task].kind == "clusters":
            column = split_clusters(rows, lengths)
        elif isinstance(rows, SpanPairs):
            column = split_span_pairs(rows, labels, hierarchy.head(task).argument_labels, lengths)
        else:
            mentions = columns.get("mentions") or [own.mentions or [] for own in beside]
            names = _with_earlier(columns.get("entities"), [own.entities or [] for own in beside])
            schema = {(head, label, tail) for head, label, tail in hierarchy.schema}
            column = split_relations(rows, labels, lengths, mentions=mentions, names=names, schema=schema)
        columns[LAYERS[task].field] = column
    return [Layers(**dict(zip(columns, row))) for row in zip(*columns.values())]


def _with_earlier(
    found: Sequence[Sequence[LabeledSpan]] | None, earlier: Sequence[Sequence[LabeledSpan]]
) -> list[list[LabeledSpan]]:
    """Names of each document once earlier ones have stayed: those, and of the found ones what does not touch them."""
    if found is None:
        return [list(own) for own in earlier]
    taken = [{token for name in own for token in range(name.start, name.end)} for own in earlier]
    return [
        [*own, *(name for name in names if tokens.isdisjoint(range(name.start, name.end)))]
        for own, names, tokens in zip(earlier, found, taken)
    ]


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
    """Labelled spans per document, with offsets in the document.

    spans (SpanTensors): With flat offsets in the batch.
    labels (Sequence): What label numbers mean.
    lengths (Sequence): Tokens of each document.
    RETURNS (list): Spans of each document.
    """
    documents = _Documents(_starts(lengths), lengths)
    result: list[list[LabeledSpan]] = [[] for _ in lengths]
    columns = (spans.starts.tolist(), spans.ends.tolist(), spans.labels.tolist(), spans.scores.tolist())
    for start, end, label, score in zip(*columns):
        number, first = documents.of(start)
        result[number].append(LabeledSpan(start - first, end - first, labels[label], score))
    return result


def split_clusters(decoded: DecodedClusters, lengths: Sequence[int]) -> list[list[Cluster]]:
    """Clusters per document, in order of first mention, with offsets in the document.

    decoded (DecodedClusters): With flat offsets in the batch.
    lengths (Sequence): Tokens of each document.
    RETURNS (list): Clusters of each document.
    """
    documents = _Documents(_starts(lengths), lengths)
    grouped: list[dict[int, Cluster]] = [{} for _ in lengths]
    columns = (
        decoded.spans.starts.tolist(),
        decoded.spans.ends.tolist(),
        decoded.clusters.tolist(),
        decoded.scores.tolist(),
    )
    for start, end, cluster, score in zip(*columns):
        number, first = documents.of(start)
        grouped[number].setdefault(cluster, []).append(LabeledSpan(start - first, end - first, score=score))
    return [list(clusters.values()) for clusters in grouped]


# What arguments can be attached to: the spans of one kind that end at each offset.
_Ending = dict[int, list[LabeledSpan]]


def split_relations(
    pairs: TokenPairs,
    labels: Sequence[str],
    lengths: Sequence[int],
    mentions: Sequence[Sequence[LabeledSpan]],
    names: Sequence[Sequence[LabeledSpan]],
    schema: Collection[tuple[str, str, str]],
) -> list[list[Triple]]:
    """Relations per document; an argument is the mention, else the name, that ends at its token, else the token.

    mentions, names: for each document the spans that arguments may be attached to.
    schema: argument types seen in training, (head type, label, tail type). Of several
        mentions that end at a token those are taken whose types it has, then the longest;
        both arguments are never the same span.

    pairs (TokenPairs): With flat offsets in the batch.
    labels (Sequence): What label numbers mean.
    lengths (Sequence): Tokens of each document.
    RETURNS (list): Triples of each document.
    """
    documents = _Documents(_starts(lengths), lengths)
    ending = [(_by_end(m), _by_end(n)) for m, n in zip(mentions, names)]
    result: list[list[Triple]] = [[] for _ in lengths]
    columns = (pairs.arg1.tolist(), pairs.arg2.tolist(), pairs.labels.tolist(), pairs.scores.tolist())
    for arg1, arg2, number, score in sorted(zip(*columns)):
        doc, first = documents.of(arg1)
        label = labels[number]
        heads, tails = (_attach(token - first + 1, *ending[doc]) for token in (arg1, arg2))
        options = [(head, tail) for head in heads for tail in tails if head[:2] != tail[:2]]
        if options:
            head, tail = max(
                options,
                key=lambda pair: (
                    (pair[0].label, label, pair[1].label) in schema,
                    pair[0].end - pair[0].start + pair[1].end - pair[1].start,
                    pair,
                ),
            )
            result[doc].append(Triple(head, label, tail, score))
    return result


def split_span_pairs(
    pairs: SpanPairs, labels: Sequence[str], argument_labels: Sequence[str], lengths: Sequence[int]
) -> list[list[Triple]]:
    """Relations per document whose arguments the head has found itself, by arguments and label.

    pairs (SpanPairs): With flat offsets in the batch.
    labels, argument_labels (Sequence): What the numbers of relations and of arguments mean.
    lengths (Sequence): Tokens of each document.
    RETURNS (list): Triples of each document.
    """
    documents = _Documents(_starts(lengths), lengths)
    arguments = list(zip(*(column.tolist() for column in pairs.arguments)))
    result: list[list[Triple]] = [[] for _ in lengths]
    columns = (pairs.arg1.tolist(), pairs.arg2.tolist(), pairs.labels.tolist(), pairs.scores.tolist())
    for arg1, arg2, number, score in zip(*columns):
        doc, first = documents.of(arguments[arg1][0])
        head, tail = (
            LabeledSpan(start - first, end - first, argument_labels[label], confidence)
            for start, end, label, confidence in (arguments[arg1], arguments[arg2])
        )
        result[doc].append(Triple(head, labels[number], tail, score))
    return [sorted(triples) for triples in result]


def _by_end(spans: Sequence[LabeledSpan]) -> _Ending:
    result: _Ending = {}
    for span in spans:
        result.setdefault(span.end, []).append(span)
    return result


def _attach(end: int, mentions: _Ending, names: _Ending) -> list[LabeledSpan]:
    return mentions.get(end) or names.get(end) or [LabeledSpan(end - 1, end)]


def _starts(lengths: Sequence[int]) -> list[int]:
    starts, total = [], 0
    for length in lengths:
        starts.append(total)
        total += length
    return starts
