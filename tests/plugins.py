"""Heads and an encoder as somebody else's package would write them: torch, and the protocol of heads."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional

from spacy_hmtl.nn.encoder import Encoded, EncoderConfig
from spacy_hmtl.nn.heads.protocol import NOTHING, Beside, Head, HeadConfig, HeadLabels, Kind
from spacy_hmtl.nn.heads.tensors import RelationTargets, SpanPairs, SpanTargets, SpanTensors
from spacy_hmtl.nn.layout import Layout


@dataclass(frozen=True)
class WindowConfig(EncoderConfig):
    """An encoder that sees each token alone."""

    size: int

    @property
    def width(self) -> int:
        return self.size

    def build(self, input_width: int) -> nn.Module:
        return Window(input_width, self.size)


class Window(nn.Module):
    def __init__(self, input_width: int, size: int) -> None:
        super().__init__()
        self.linear = nn.Linear(input_width, size)

    def forward(self, inputs: Tensor, layout: Layout) -> Encoded:
        return Encoded(inputs, torch.tanh(self.linear(inputs)), layout)


@dataclass(frozen=True)
class WordTaggerConfig(HeadConfig):
    """Labels single tokens."""

    kind: ClassVar[Kind] = "spans"

    @property
    def tag_layers(self) -> int:
        return 1

    def build(self, input_width: int, labels: HeadLabels) -> WordTagger:
        return WordTagger(self.encoder.width, len(labels.own))


class WordTagger(Head):
    def __init__(self, width: int, n_labels: int) -> None:
        super().__init__()
        self.scores = nn.Linear(width, 1 + n_labels)

    def loss(self, encoded: Encoded, targets: SpanTargets, beside: Beside = NOTHING) -> Tensor:
        gold = torch.zeros(len(encoded.states), dtype=torch.int64)
        gold[targets.ends - 1] = 1 + targets.labels
        return functional.cross_entropy(self.scores(encoded.states), gold, reduction="sum")

    def decode(self, encoded: Encoded, settings: Mapping[str, Any], beside: Beside = NOTHING) -> SpanTensors:
        scores, labels = self.scores(encoded.states).softmax(dim=1).max(dim=1)
        rows = (labels > 0).nonzero().squeeze(1)
        return SpanTensors(rows, rows + 1, labels[rows] - 1, scores[rows])


@dataclass(frozen=True)
class PairsConfig(HeadConfig):
    """Relations between all mentions of a window that another level finds; the longer one is the head.

    mentions (str): That level.
    tokens (int): Of a window.
    """

    kind: ClassVar[Kind] = "relations"
    mentions: str
    tokens: int

    @property
    def needs(self) -> tuple[str, ...]:
        return (self.mentions,)

    @property
    def reach(self) -> int:
        return self.tokens

    @property
    def tag_layers(self) -> int:
        return 2

    def build(self, input_width: int, labels: HeadLabels) -> Pairs:
        return Pairs(input_width, self, labels)


class Pairs(Head):
    """Scores pairs of mentions by the sum of what the encoder read of their last tokens."""

    def __init__(self, input_width: int, config: PairsConfig, labels: HeadLabels) -> None:
        super().__init__()
        self.mentions = config.mentions
        self.argument_labels: Sequence[str] = labels.needed[config.mentions]
        self.scores = nn.Linear(input_width, len(labels.own))

    def _score(self, encoded: Encoded, found: SpanTensors, beside: Beside) -> tuple[Tensor, Tensor, Tensor]:
        """Rows of arguments, and scores of their pairs."""
        assert beside.windows is not None
        windows = beside.windows[encoded.layout.token_segments()[found.starts]]
        arg1, arg2 = (windows.unsqueeze(1) == windows).nonzero(as_tuple=True)
        inputs = encoded.inputs[found.ends - 1]
        return arg1, arg2, self.scores(inputs[arg1] + 2 * inputs[arg2])

    def loss(self, encoded: Encoded, targets: RelationTargets, beside: Beside = NOTHING) -> Tensor:
        assert targets.arguments is not None
        # What is taught are the gold arguments; what the other level finds is here, too.
        assert isinstance(beside.found[self.mentions], SpanTensors)
        found = SpanTensors(*targets.arguments[:3], torch.ones(len(targets.arguments.starts)))
        arg1, arg2, scores = self._score(encoded, found, beside)
        gold = torch.zeros_like(scores)
        for end1, end2, label in zip(targets.arg1.ends, targets.arg2.ends, targets.labels):
            gold[(found.ends[arg1] == end1) & (found.ends[arg2] == end2), label] = 1.0
        return functional.binary_cross_entropy_with_logits(scores, gold, reduction="sum")

    def decode(self, encoded: Encoded, settings: Mapping[str, Any], beside: Beside = NOTHING) -> SpanPairs:
        found = beside.found[self.mentions]
        arg1, arg2, scores = self._score(encoded, found, beside)
        share = torch.sigmoid(scores)
        pair, label = (share >= settings["relation_threshold"]).nonzero(as_tuple=True)
        return SpanPairs(found, arg1[pair], arg2[pair], label, share[pair, label])


def make_window(*, size: int) -> WindowConfig:
    return WindowConfig(size)


def make_word_tagger(*, encoder: EncoderConfig) -> WordTaggerConfig:
    return WordTaggerConfig(encoder)


def make_pairs(*, encoder: EncoderConfig, mentions: str, tokens: int) -> PairsConfig:
    return PairsConfig(encoder, mentions, tokens)
