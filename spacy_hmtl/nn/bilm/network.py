"""ELMo's bidirectional language model: vectors of the tokens of sentences at every layer."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import torch
from torch import Tensor, nn

from .characters import TokenLayer
from .config import BiLMConfig
from .lstm import ProjectedLSTM

# Tokens of a batch of sentences of like length.
_TOKENS = 2_048


class State(NamedTuple):
    """What the LSTMs remember of each row.

    output (Tensor): Shape (layers, 2, rows, projection).
    cell (Tensor): Shape (layers, 2, rows, cells).
    """

    output: Tensor
    cell: Tensor


class BiLM(nn.Module):
    """Character convolutions with highways below LSTMs in both directions; frozen.

    config (BiLMConfig): Sizes of the model.

    Source: Peters et al. (2018), section 3.4.
    """

    def __init__(self, config: BiLMConfig) -> None:
        super().__init__()
        self.config = config
        self.tokens = TokenLayer(config)
        sizes = (config.projection, config.hidden, config.projection, config.cell_clip, config.projection_clip)
        self.layers = nn.ModuleList(ProjectedLSTM(*sizes) for _ in range(config.n_layers))
        self.requires_grad_(False)

    def start(self, n_rows: int) -> State:
        """The state before anything was read.

        n_rows (int): Sentences that are read side by side.
        RETURNS (State): Zeros.
        """
        config, like = self.config, self.tokens.project.weight
        shape = (config.n_layers, 2, n_rows)
        return State(like.new_zeros((*shape, config.projection)), like.new_zeros((*shape, config.hidden)))

    @torch.no_grad()
    def forward(self, characters: Tensor, words: Tensor, lengths: Tensor, state: State) -> Tensor:
        """Layers of the tokens of sentences, which are run in batches of like length.

        characters (Tensor): Int64, shape (V + 2, W): distinct words, a sentence's start, and its end.
        words (Tensor): Int64, shape (T,): row of each token's word, sentence after sentence.
        lengths (Tensor): Int64, shape (G,): tokens of each sentence, at least 1.
        state (State): One row for each sentence; overwritten with the state after it.
        RETURNS (Tensor): Shape (T, projection + layers * 2 * projection): the token layer, then each LSTM layer's
            forward and backward half.
        """
        table = self.tokens(characters)  # (V + 2, projection)
        result: Tensor = table.new_empty((len(words), self.config.projection * (1 + 2 * self.config.n_layers)))
        first = torch.cumsum(lengths, 0) - lengths  # (G,)
        for rows in _batches(lengths):
            # One token beyond each end, longest sentence first.
            own = lengths[rows] + 2  # (size,)
            steps = torch.arange(int(own[0]), device=own.device).unsqueeze(1)  # (W, 1)
            is_real = steps < own  # (W, size)
            inner = (first[rows] + steps - 1).clamp(0, len(words) - 1)  # (W, size): token of each place
            place = torch.where(steps == own - 1, len(table) - 1, words[inner])
            place = torch.where(steps == 0, len(table) - 2, place)  # (W, size): row in the table
            mirror = (own - 1 - steps).clamp(min=0)  # (W, size): step that reads a place from the right
            both = torch.stack([place[is_real], place.gather(0, mirror)[is_real]])  # (2, packed)
            layers = self._run(table[both], is_real.sum(1).tolist(), state, rows)  # each (2, packed, projection)
            number = (torch.cumsum(is_real.flatten(), 0) - 1).view_as(place)  # (W, size): place in the packed order
            inside = is_real & (steps > 0) & (steps < own - 1)
            ahead, back = number[inside], number.gather(0, mirror)[inside]
            parts = [table[place[inside]], *(half for f, b in layers for half in (f[ahead], b[back]))]
            result[inner[inside]] = torch.cat(parts, dim=1)
        return result

    def _run(self, packed: Tensor, sizes: list[int], state: State, rows: Tensor) -> list[Tensor]:
        layers: list[Tensor] = []
        for number, layer in enumerate(self.layers):
            output, cell = state.output[number][:, rows], state.cell[number][:, rows]
            result = layer(packed, sizes, output, cell)
            state.output[number][:, rows], state.cell[number][:, rows] = output, cell
            packed = result + packed if number and self.config.residual else result
            layers.append(packed)
        return layers


def _batches(lengths: Tensor) -> Iterator[Tensor]:
    """Numbers of sentences, longest first, in batches of bounded size."""
    order = torch.argsort(lengths, descending=True, stable=True)
    while len(order):
        size = max(1, _TOKENS // int(lengths[order[0]]))
        yield order[:size]
        order = order[size:]
