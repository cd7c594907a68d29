"""The tagging head of NER and EMD: linear layer, CRF, spans with their probabilities."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from ..crf.biluo import BiluoCRF, BiluoTags
from ..crf.decoding import Spelled, confidences, potentials, viterbi
from ..crf.likelihood import negative_log_likelihood
from ..encoder import Encoded
from .protocol import NOTHING, Beside, Head, HeadConfig, HeadLabels, Kind
from .tensors import SpanTargets, SpanTensors

# Score of the tags of a label that was added: far below what known tags have, near enough to learn.
_UNSEEN = -8.0


@dataclass(frozen=True)
class TaggerConfig(HeadConfig):
    """Settings of a tagging head; its width and labels come later.

    layers (int): CRFs, one for each level of nesting.
    """

    kind: ClassVar[Kind] = "spans"
    layers: int

    @property
    def tag_layers(self) -> int:
        """See `HeadConfig`."""
        return self.layers

    def build(self, input_width: int, labels: HeadLabels) -> TaggerHead:
        """See `HeadConfig.build`."""
        return TaggerHead(self.encoder.width, labels.own, self)


class TaggerHead(Head):
    """One layer of tags, or several for nested spans, all on the same states.

    width (int): H, width of the states.
    labels (Sequence): What spans may be.
    config (TaggerConfig): Settings.

    Source: Sanh et al. (2019), sections "Named Entity Recognition" and "Entity Mention
    Detection", with one layer. A layer for each level of nesting follows Alex et al.
    (2007), "Recognising Nested Named Entities in Biomedical Text", section "Layering".
    """

    def __init__(self, width: int, labels: Sequence[str], config: TaggerConfig) -> None:
        super().__init__()
        self.layers: Any = nn.ModuleList(TagLayer(width, labels) for _ in range(config.layers))

    def loss(self, encoded: Encoded, targets: SpanTargets, beside: Beside = NOTHING) -> Tensor:
        """Negative log-likelihood of the gold tags of all layers, nats summed over the batch.

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        targets (SpanTargets): Gold spans.
        beside (Beside): What else the head may read.
        RETURNS (Tensor): Shape ().
        """
        n_tokens = encoded.states.shape[0]
        if n_tokens == 0:
            return encoded.states.sum()
        gold = []
        for number, layer in enumerate(self.layers):
            own = targets.layers == number
            gold.append(layer.tags.encode(targets.starts[own], targets.ends[own], targets.labels[own], n_tokens))
        tags, crfs = torch.stack(gold), [layer.crf for layer in self.layers]
        possible = targets.possible
        allowed = None if possible is None else self.layers[0].tags.allowed(tags, possible)
        return negative_log_likelihood(self._emit(encoded), tags, crfs, encoded.layout, allowed)

    @torch.no_grad()
    def hush(self, before: TaggerHead) -> None:
        """See `Head.hush`.

        before (TaggerHead): With fewer labels.
        """
        for layer, old in zip(self.layers, before.layers):
            layer.emit.weight[old.tags.n_tags :] = 0.0
            layer.emit.bias[old.tags.n_tags :] = _UNSEEN

    def _emit(self, encoded: Encoded) -> Tensor:
        """Scores of the tags of each token, shape (N, T, L)."""
        return torch.stack([layer.emit(encoded.states) for layer in self.layers])

    def decode(self, encoded: Encoded, settings: Mapping[str, Any], beside: Beside = NOTHING) -> SpanTensors:
        """The best legal tags of all layers as spans in document order, with CRF marginals as confidences.

        Of equal spans (boundaries and label) of several layers the likeliest.

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        settings (Mapping): Those of the component, thresholds among them.
        beside (Beside): What else the head may read.
        RETURNS (SpanTensors): With offsets in the batch.
        """
        layout, n_tokens = encoded.layout, encoded.states.shape[0]
        if n_tokens == 0:
            return _nothing(encoded.states.device)
        scores = potentials([layer.crf for layer in self.layers])
        emissions = self._emit(encoded)
        tags = viterbi(emissions, scores, layout.packing)  # (N, T)
        starts, ends, labels = self.layers[0].tags.decode(tags.reshape(-1))
        if len(starts) == 0:
            return _nothing(encoded.states.device)
        layers = starts // n_tokens
        starts, ends = starts - layers * n_tokens, ends - layers * n_tokens
        # Only segments that hold a span matter from here on.
        packing = layout.pack(layout.token_segments()[starts].unique())
        spelled = Spelled(layers, starts, ends - 1)
        found = confidences(emissions, tags, scores, packing, layout.is_segment_start(), spelled)
        spans = SpanTensors(starts, ends, labels, found)
        return spans if len(self.layers) == 1 else _likeliest(spans)


def _nothing(device: torch.device) -> SpanTensors:
    none = torch.zeros(0, dtype=torch.int64, device=device)
    return SpanTensors(none, none, none, none.float())


def _likeliest(spans: SpanTensors) -> SpanTensors:
    """Of spans with equal boundaries and label the one with the highest score; in document order."""
    order = spans.scores.argsort(descending=True, stable=True)
    keys = torch.stack([spans.starts, spans.ends, spans.labels], dim=1)[order]
    distinct, owner = keys.unique(dim=0, return_inverse=True)
    first = torch.full((len(distinct),), len(order), device=order.device)
    first = first.scatter_reduce(0, owner, torch.arange(len(order), device=order.device), "amin")
    return SpanTensors(*(column[order[first]] for column in spans))


class TagLayer(nn.Module):
    """Emissions by a linear layer, scored by a CRF over BILUO tags.

    width (int): H, width of the states.
    labels (Sequence): What spans may be.
    """

    def __init__(self, width: int, labels: Sequence[str]) -> None:
        super().__init__()
        self.tags = BiluoTags(labels)
        self.emit = nn.Linear(width, self.tags.n_tags)
        self.crf = BiluoCRF(self.tags)
