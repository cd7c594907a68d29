"""LSTM layers with projected, clipped output, forward and backward side by side."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn

# Numbers of gate inputs computed at a time (64 MB): enough steps for an efficient product.
_BLOCK = 2**24


class ProjectedLSTM(nn.Module):
    """One LSTM layer in two directions; each reads its own sequence from the left.

    Its input is packed: step after step, at each step the rows that are that long, longest
    row first. So nothing is padded, and the products with the input are made for many
    steps at once; only the products with the last output wait for each other.

    width (int): Of the input.
    hidden (int): Width of the cells.
    projection (int): Width of the output.
    cell_clip, projection_clip (float): Most that a cell and an output may hold; 0: no bound.

    Source: Sak et al. (2014), "Long Short-Term Memory Based Recurrent Neural Network
    Architectures for Large Vocabulary Speech Recognition", without peepholes; clipping
    as TensorFlow's LSTMCell has it (cell_clip, proj_clip).
    """

    def __init__(self, width: int, hidden: int, projection: int, cell_clip: float, projection_clip: float) -> None:
        super().__init__()
        self.cell_clip, self.projection_clip = cell_clip or float("inf"), projection_clip or float("inf")
        # Gates in the order of the published weights: input, candidate, forget, output.
        self.from_input = nn.Parameter(torch.zeros(2, width, 4 * hidden))
        self.from_output = nn.Parameter(torch.zeros(2, projection, 4 * hidden))
        self.bias = nn.Parameter(torch.zeros(2, 1, 4 * hidden))
        self.project = nn.Parameter(torch.zeros(2, hidden, projection))

    def forward(self, packed: Tensor, sizes: Sequence[int], output: Tensor, cell: Tensor) -> Tensor:
        """Run all steps; `output` and `cell` are overwritten with the state after each row's last step.

        packed (Tensor): Shape (2, steps, width): steps of all rows.
        sizes (Sequence): Rows of each step, descending; they sum to the number of steps.
        output, cell (Tensor): State before the first step, shapes (2, rows, projection) and (2, rows, cells).
        RETURNS (Tensor): Outputs, shape (2, steps, projection).
        """
        outputs = packed.new_empty((2, packed.shape[1], self.project.shape[2]))
        most = max(1, _BLOCK // (2 * self.bias.shape[2]))
        first, end, gates = 0, 0, packed
        for step, n_rows in enumerate(sizes):
            if first == end:
                end = first + _block(sizes[step:], most)
                block, gates = first, torch.baddbmm(self.bias, packed[:, first:end], self.from_input)
            own = gates[:, first - block : first - block + n_rows]
            parts = torch.baddbmm(own, output[:, :n_rows], self.from_output).chunk(4, dim=2)  # 4 x (2, n_rows, cells)
            kept = torch.sigmoid(parts[2]) * cell[:, :n_rows]
            now = (kept + torch.sigmoid(parts[0]) * torch.tanh(parts[1])).clamp(-self.cell_clip, self.cell_clip)
            said = torch.bmm(torch.sigmoid(parts[3]) * torch.tanh(now), self.project)
            said = said.clamp(-self.projection_clip, self.projection_clip)  # (2, n_rows, projection)
            cell[:, :n_rows], output[:, :n_rows], outputs[:, first : first + n_rows] = now, said, said
            first += n_rows
        return outputs


def _block(sizes: Sequence[int], most: int) -> int:
    """Tokens of the next steps, at least one step, at most `most` tokens."""
    total = sizes[0]
    for n_rows in sizes[1:]:
        if total + n_rows > most:
            break
        total += n_rows
    return total
