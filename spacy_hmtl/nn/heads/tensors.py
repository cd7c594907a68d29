"""What heads of each kind learn from and what they find, as tensors over a batch.

Offsets are flat token offsets in the batch (or in a part of it), ends exclusive; label
numbers count in the label set that the head was built for.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor

from ..spans import SpanIndex

Columns = TypeVar("Columns", bound="tuple[Any, ...]")


def concatenated(parts: Sequence[Columns]) -> Columns:
    """Tuples of equal columns one after the other; at least one.

    parts (Sequence): Named tuples whose fields are tensors that may be concatenated, or such tuples again.
    RETURNS (tuple): Of the type of the parts.
    """
    columns = zip(*parts)
    return type(parts[0])(*(concatenated(own) if isinstance(own[0], tuple) else torch.cat(own) for own in columns))


# --- spans: the tasks ner and emd ---


class SpanTargets(NamedTuple):
    """Gold spans of a batch, S of them.

    starts, ends (Tensor): Int64, shape (S,), flat token offsets.
    labels (Tensor): Int64, shape (S,).
    layers (Tensor): Int64, shape (S,), layer of nesting, 0 first; spans of one layer do not overlap.
    possible (Tensor, optional): Bool, shape (T, labels), labels that a token may have though it is not
        annotated so, because its document is annotated for some labels only. None: for none.
    """

    starts: Tensor
    ends: Tensor
    labels: Tensor
    layers: Tensor
    possible: Tensor | None = None


class SpanTensors(NamedTuple):
    """Spans that were found, S of them.

    starts, ends (Tensor): Int64, shape (S,), flat token offsets.
    labels (Tensor): Int64, shape (S,).
    scores (Tensor): Float32, shape (S,), confidences in [0, 1].
    """

    starts: Tensor
    ends: Tensor
    labels: Tensor
    scores: Tensor

    def shifted(self, by: int) -> SpanTensors:
        """With `by` added to the offsets.

        by (int): Tokens.
        RETURNS (SpanTensors): New ones; these stay.
        """
        return self._replace(starts=self.starts + by, ends=self.ends + by)

    @staticmethod
    def joined(parts: Sequence[SpanTensors]) -> SpanTensors:
        """All spans of at least one part, one after the other.

        parts (Sequence): In document order, with offsets in the batch.
        RETURNS (SpanTensors): In the order of the parts.
        """
        return concatenated(parts)


# --- relations: the task relation ---


class RelationTargets(NamedTuple):
    """Gold relations of a batch, P of them, each between two spans that one reach of the head holds.

    arg1, arg2 (SpanIndex): Shape (P,). A start of -1 says that the argument's first token does
        not align with the tokens at hand though its last one does.
    types1, types2 (Tensor): Int64, shape (P,), types of the arguments, numbers in `HeadLabels.arguments`.
    labels (Tensor): Int64, shape (P,).
    arguments (SpanTargets, optional): Every argument once, typed and in layers of nesting; for
        heads with `tag_layers`.
    unknown (Tensor, optional): Bool, shape (B, R), labels that a document may have without being annotated
        so, because it was annotated for some labels only. None: for none.
    """

    arg1: SpanIndex
    arg2: SpanIndex
    types1: Tensor
    types2: Tensor
    labels: Tensor
    arguments: SpanTargets | None = None
    unknown: Tensor | None = None


class TokenPairs(NamedTuple):
    """Relations between the last tokens of two arguments, P of them; the bridge attaches spans that end there.

    arg1, arg2 (Tensor): Int64, shape (P,), flat token offsets.
    labels (Tensor): Int64, shape (P,).
    scores (Tensor): Float32, shape (P,), confidences in [0, 1].
    """

    arg1: Tensor
    arg2: Tensor
    labels: Tensor
    scores: Tensor

    def shifted(self, by: int) -> TokenPairs:
        """With `by` added to the offsets.

        by (int): Tokens.
        RETURNS (TokenPairs): New ones; these stay.
        """
        return self._replace(arg1=self.arg1 + by, arg2=self.arg2 + by)

    @staticmethod
    def joined(parts: Sequence[TokenPairs]) -> TokenPairs:
        """All pairs of at least one part, one after the other.

        parts (Sequence): In document order, with offsets in the batch.
        RETURNS (TokenPairs): In the order of the parts.
        """
        return concatenated(parts)


class SpanPairs(NamedTuple):
    """Relations between spans that the head itself found and typed, P of them.

    arguments (SpanTensors): Shape (M,), label numbers in the head's `argument_labels`.
    arg1, arg2 (Tensor): Int64, shape (P,), rows of `arguments`.
    labels (Tensor): Int64, shape (P,).
    scores (Tensor): Float32, shape (P,), confidences in [0, 1].
    """

    arguments: SpanTensors
    arg1: Tensor
    arg2: Tensor
    labels: Tensor
    scores: Tensor

    def shifted(self, by: int) -> SpanPairs:
        """With `by` added to the offsets of the arguments.

        by (int): Tokens.
        RETURNS (SpanPairs): New ones; these stay.
        """
        return self._replace(arguments=self.arguments.shifted(by))

    @staticmethod
    def joined(parts: Sequence[SpanPairs]) -> SpanPairs:
        """All pairs of at least one part, one after the other; rows count in the arguments of all.

        parts (Sequence): In document order, with offsets in the batch.
        RETURNS (SpanPairs): In the order of the parts.
        """
        rows, first = [], 0
        for part in parts:
            rows.append((part.arg1 + first, part.arg2 + first, part.labels, part.scores))
            first += len(part.arguments.starts)
        columns = (torch.cat(column) for column in zip(*rows))
        return SpanPairs(SpanTensors.joined([part.arguments for part in parts]), *columns)


# --- clusters: the task coref ---


class ClusterTargets(NamedTuple):
    """Gold mentions of a batch, M of them in clusters.

    spans (SpanIndex): Shape (M,), flat token offsets.
    clusters (Tensor): Int64, shape (M,), numbers of the clusters, distinct over the batch.
    candidates (SpanIndex, optional): All gold mentions, those outside clusters too; what a
        head ranks that is trained on gold mentions.
    partial (Tensor, optional): Bool, shape (B,), documents of which nothing is known beyond these mentions.
        None: of none.
    """

    spans: SpanIndex
    clusters: Tensor
    candidates: SpanIndex | None = None
    partial: Tensor | None = None


class DecodedClusters(NamedTuple):
    """Mentions in clusters in document order, M of them.

    spans (SpanIndex): Shape (M,), flat token offsets.
    clusters (Tensor): Int64, shape (M,), numbers of the clusters, distinct over the batch.
    scores (Tensor): Float32, shape (M,), confidences in [0, 1].
    """

    spans: SpanIndex
    clusters: Tensor
    scores: Tensor
