"""The encoder of a task: what its settings are, and the biLSTM, run over segments without padding."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn.utils.rnn import PackedSequence

from .layout import Layout


class Encoded(NamedTuple):
    """What a head reads.

    inputs (Tensor): Float32, shape (T, I), what the encoder read, after its input dropout.
    states (Tensor): Float32, shape (T, H), what it made of it.
    layout (Layout): segments and documents.
    """

    inputs: Tensor
    states: Tensor
    layout: Layout


class EncoderConfig(ABC):
    """Settings of an encoder; its input width is computed from what lies below."""

    @property
    @abstractmethod
    def width(self) -> int:
        """Width of the states, H."""

    @abstractmethod
    def build(self, input_width: int) -> nn.Module:
        """Make the module with random weights.

        input_width (int): I, width of what it reads: the embeddings and the states below.
        RETURNS (Module): Called with inputs, Float32, shape (T, I), and a Layout; returns an
            Encoded with states of shape (T, H). There may be no tokens.
        """


@dataclass(frozen=True)
class BiLSTMConfig(EncoderConfig):
    """Settings of a biLSTM encoder.

    hidden_width (int): Units per direction; the states have twice as many.
    depth (int): Stacked layers.
    input_dropout, dropout, output_dropout (float): On the inputs, between layers, on the states.
    """

    hidden_width: int
    depth: int
    input_dropout: float
    dropout: float
    output_dropout: float

    @property
    def width(self) -> int:
        """Width of the states, H."""
        return 2 * self.hidden_width

    def build(self, input_width: int) -> BiLSTM:
        """See `EncoderConfig.build`."""
        return BiLSTM(input_width, self)


class BiLSTM(nn.Module):
    """Stacked bidirectional LSTM over the segments of a batch.

    input_width (int): I.
    config (BiLSTMConfig): Sizes and dropout.

    Source: Sanh et al. (2019), section "Words and sentence encoders"; sizes from the
    authors' configurations (2 x 64 units and 2 layers for NER and EMD, 3 layers for
    relations, 2 x 200 units and one layer for coreference).
    """

    def __init__(self, input_width: int, config: BiLSTMConfig) -> None:
        super().__init__()
        self.lstm = nn.LSTM(
            input_width,
            config.hidden_width,
            config.depth,
            bidirectional=True,
            dropout=config.dropout if config.depth > 1 else 0.0,
        )
        self.input_dropout = nn.Dropout(config.input_dropout)
        self.output_dropout = nn.Dropout(config.output_dropout)
        for name, parameter in self.lstm.named_parameters():
            if name.startswith("weight_ih"):
                nn.init.xavier_normal_(parameter)
            elif name.startswith("weight_hh"):
                nn.init.orthogonal_(parameter)
            else:
                nn.init.zeros_(parameter)

    def forward(self, inputs: Tensor, layout: Layout) -> Encoded:
        """inputs (Tensor): Float32, shape (T, I). RETURNS (Encoded): with states of shape (T, H).

        layout (Layout): Segments and documents of the T tokens.
        """
        inputs = self.input_dropout(inputs)
        if inputs.shape[0] == 0:
            return Encoded(inputs, inputs.new_zeros((0, 2 * self.lstm.hidden_size)), layout)
        order, _, sizes = layout.packing
        output, _ = self.lstm(PackedSequence(inputs.index_select(0, order), sizes))
        states = torch.empty_like(output.data).index_copy(0, order, output.data)
        return Encoded(inputs, self.output_dropout(states), layout)
