"""The tagging head of NER and EMD: linear layer, CRF, spans with their probabilities."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from ..crf import BiluoCRF, BiluoTags
from ..encoder import Encoded, EncoderConfig
from ..layout import Bucket

# Padded tokens that go through the CRF at a time: bounds the memory of long batches.
_CELLS = 8_192


@dataclass(frozen=True)
class TaggerConfig:
    """Settings of a tagging head; its width and labels come later.

    encoder: the task's own biLSTM.
    layers: CRFs, one for each level of nesting.
    """

    encoder: EncoderConfig
    layers: int


class SpanTensors(NamedTuple):
    """Labelled spans of a batch: flat token offsets (end exclusive), label numbers, confidences, shape (S,)."""

    starts: Tensor
    ends: Tensor
    labels: Tensor
    scores: Tensor

    def shifted(self, by: int) -> SpanTensors:
        """With `by` added to the offsets."""
        return SpanTensors(self.starts + by, self.ends + by, self.labels, self.scores)


class TagTargets(NamedTuple):
    """Gold spans of a batch: flat token offsets (end exclusive), label numbers, layers of nesting, shape (S,)."""

    starts: Tensor
    ends: Tensor
    labels: Tensor
    layers: Tensor


class TaggerHead(nn.Module):
    """One layer of tags, or several for nested spans, all on the same states.

    Source: Sanh et al. (2019), sections "Named Entity Recognition" and "Entity Mention
    Detection", with one layer. A layer for each level of nesting follows Alex et al.
    (2007), "Recognising Nested Named Entities in Biomedical Text", section "Layering".
    """

    def __init__(self, width: int, labels: list[str], config: TaggerConfig) -> None:
        super().__init__()
        self.layers: Any = nn.ModuleList(TagLayer(width, labels) for _ in range(config.layers))

    def loss(self, encoded: Encoded, targets: TagTargets) -> Tensor:
        """Negative log-likelihood of the gold tags of all layers, nats summed over the batch."""
        losses = []
        for number, layer in enumerate(self.layers):
            own = targets.layers == number
            losses.append(layer.loss(encoded, targets.starts[own], targets.ends[own], targets.labels[own]))
        return torch.stack(losses).sum()

    def decode(self, encoded: Encoded) -> SpanTensors:
        """The spans of all layers in document order; of equal ones (borders and label) the likeliest."""
        columns = zip(*(layer.decode(encoded) for layer in self.layers))
        spans = SpanTensors(*(torch.cat(column) for column in columns))
        if len(self.layers) == 1:
            return spans
        order = spans.scores.argsort(descending=True, stable=True)
        keys = torch.stack([spans.starts, spans.ends, spans.labels], dim=1)[order]
        distinct, owner = keys.unique(dim=0, return_inverse=True)
        first = torch.full((len(distinct),), len(order), device=order.device)
        first = first.scatter_reduce(0, owner, torch.arange(len(order), device=order.device), "amin")
        return SpanTensors(*(column[order[first]] for column in spans))


class TagLayer(nn.Module):
    """Emissions by a linear layer, scored by a CRF over BILUO tags; loss summed over segments."""

    def __init__(self, width: int, labels: list[str]) -> None:
        super().__init__()
        self.tags = BiluoTags(labels)
        self.emit = nn.Linear(width, self.tags.n_tags)
        self.crf = BiluoCRF(self.tags)

    def loss(self, encoded: Encoded, starts: Tensor, ends: Tensor, labels: Tensor) -> Tensor:
        """Negative log-likelihood of the gold tags, nats summed over the batch.

        starts, ends, labels (Tensor): Int64, shape (S,): spans that do not overlap and
            lie within segments.
        """
        if encoded.states.shape[0] == 0:
            return encoded.states.sum()
        gold = self.tags.encode(starts, ends, labels, encoded.states.shape[0])
        emissions = self.emit(encoded.states)  # (T, n_tags)
        total = emissions.new_zeros(())
        for bucket in encoded.layout.buckets(_CELLS):
            tags = gold[bucket.index]
            total = total + self.crf.negative_log_likelihood(bucket.pad(emissions), tags, bucket.mask)
        return total

    def decode(self, encoded: Encoded) -> SpanTensors:
        """The best legal tags as spans in document order, with CRF marginals as confidences."""
        n_tokens = encoded.states.shape[0]
        tags = torch.zeros(n_tokens, dtype=torch.int64, device=encoded.states.device)
        scores = torch.zeros(n_tokens, device=encoded.states.device)  # at the first token of a span
        emissions = self.emit(encoded.states)  # (T, n_tags)
        for bucket in encoded.layout.buckets(_CELLS):
            padded = bucket.pad(emissions)  # (S, L, n_tags)
            best = self.crf.viterbi(padded, bucket.mask)  # (S, L)
            tags[bucket.index[bucket.mask]] = best[bucket.mask]
            self._score(bucket, padded, best, scores)
        starts, ends, labels = self.tags.decode(tags)
        return SpanTensors(starts, ends, labels, scores[starts])

    def _score(self, bucket: Bucket, emissions: Tensor, best: Tensor, scores: Tensor) -> None:
        """Fill in the confidence of each span of a bucket, looking only at segments that have one."""
        rows = (best > 0).any(dim=1).nonzero(as_tuple=True)[0]
        if len(rows) == 0:
            return
        width = int(bucket.mask[rows].sum(1).max())
        emissions, best, mask = emissions[rows, :width], best[rows, :width], bucket.mask[rows, :width]
        starts, ends, _ = self.tags.decode(best.reshape(-1))
        row, first = starts // width, starts % width
        confidence = self.crf.span_confidence(emissions, mask, best, row, first, ends - row * width)
        scores[bucket.index[rows][:, :width].reshape(-1)[starts]] = confidence
