"""The relation head: multi-head selection between the tokens of a segment."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..encoder import Encoded, EncoderConfig
from ..layout import Bucket

# Token pairs scored at a time, a pair being `hidden_width` floats: few enough for a CPU's
# own cache, which is twice as fast; many on a GPU, where a launch costs more than the work.
_PAIRS = {"cpu": 4_096}
_PAIRS_ELSEWHERE = 262_144
# In place: the sums that they act on are wanted no more.
ACTIVATIONS = {"relu": torch.relu_, "tanh": torch.tanh_}


@dataclass(frozen=True)
class RelationConfig:
    """Settings of the relation head.

    encoder: the task's own biLSTM.
    hidden_width: width of the pair vector.
    activation: "relu" or "tanh".
    prior: probability of a relation cell that the output bias starts from; with 0.5
        (no bias, as in the original) training starts from half of all cells positive.
    max_distance: tokens between the arguments that an embedding tells apart, in either
        direction; farther ones share the last. 0 leaves distance out, as the paper does.
    """

    encoder: EncoderConfig
    hidden_width: int
    activation: str
    prior: float
    max_distance: int


class TokenPairs(NamedTuple):
    """Relations between two tokens: flat offsets of arg1 and arg2, label numbers, confidences, shape (R,)."""

    arg1: Tensor
    arg2: Tensor
    labels: Tensor
    scores: Tensor

    def shifted(self, by: int) -> TokenPairs:
        """With `by` added to the offsets."""
        return TokenPairs(self.arg1 + by, self.arg2 + by, self.labels, self.scores)


class RelationHead(nn.Module):
    """A sigmoid for each ordered token pair of a segment and each label.

    scores(i, j) = V act(U h_i + W h_j + b + d_(j - i)) + c, where i is the last token of
    arg1 and j the last token of arg2.

    Source: Bekoulis et al. (2018), "Joint entity recognition and relation extraction as
    a multi-head selection problem", section 3.4; Sanh et al. (2019), section "Relation
    Extraction". Differs from the authors' code in the output bias c, the embedding d of
    signed distances (if asked for), and in that padded cells take no part in the loss.
    """

    def __init__(self, width: int, labels: list[str], config: RelationConfig) -> None:
        super().__init__()
        self.n_labels = len(labels)
        self.activation = ACTIVATIONS[config.activation]
        self.arg1 = nn.Linear(width, config.hidden_width)
        self.arg2 = nn.Linear(width, config.hidden_width, bias=False)
        self.output = nn.Linear(config.hidden_width, self.n_labels)
        self.max_distance = config.max_distance
        self.distance = nn.Embedding(2 * config.max_distance + 1, config.hidden_width) if config.max_distance else None
        for layer in (self.arg1, self.arg2, self.output):
            nn.init.kaiming_normal_(layer.weight)
        nn.init.normal_(self.arg1.bias)
        nn.init.constant_(self.output.bias, float(torch.logit(torch.tensor(config.prior))))

    def _pair_scores(self, first: Tensor, second: Tensor, memory: Tensor | None = None) -> Tensor:
        """(S, L, K) and (S, L, K) -> (S, L, L, R).

        memory (Tensor): Float32, at least S * L * L * K cells, overwritten; memory that is
            asked for anew for each bucket costs as much as the sums that fill it.
        """
        n_rows, length, width = first.shape
        out = None if memory is None else memory[: n_rows * length**2 * width].view(n_rows, length, length, width)
        pairs = torch.add(first.unsqueeze(2), second.unsqueeze(1), out=out)  # (S, L, L, K)
        if self.distance is not None:
            steps = torch.arange(first.shape[1], device=first.device)
            apart = (steps - steps.unsqueeze(1)).clamp(-self.max_distance, self.max_distance)  # (L, L)
            pairs += self.distance(apart + self.max_distance)
        return self.output(self.activation(pairs))

    def loss(self, encoded: Encoded, targets: TokenPairs) -> Tensor:
        """Binary cross-entropy over all real token pairs and labels, nats summed over the batch.

        targets (TokenPairs): gold pairs; both tokens of a pair lie in one segment.
        """
        layout = encoded.layout
        first, second = self.arg1(encoded.states), self.arg2(encoded.states)  # (T, K)
        total = first.sum() * 0.0
        row_of = torch.full((len(layout.segment_lengths),), -1, device=first.device)
        segment = layout.token_segments()[targets.arg1]
        start = layout.segment_starts[segment]
        for bucket in layout.buckets(_PAIRS.get(first.device.type, _PAIRS_ELSEWHERE), square=True):
            scores = self._pair_scores(bucket.pad(first), bucket.pad(second))  # (S, L, L, R)
            row_of.fill_(-1)
            row_of[bucket.segments] = torch.arange(len(bucket.segments), device=first.device)
            here = row_of[segment] >= 0
            gold = torch.zeros_like(scores)
            position = (row_of[segment], targets.arg1 - start, targets.arg2 - start, targets.labels)
            gold[tuple(p[here] for p in position)] = 1.0
            cells = functional.binary_cross_entropy_with_logits(scores, gold, reduction="none").sum(-1)
            real = bucket.mask.unsqueeze(1) & bucket.mask.unsqueeze(2)
            total = total + torch.where(real, cells, 0.0).sum()
        return total

    @torch.no_grad()
    def decode(self, encoded: Encoded, threshold: float) -> TokenPairs:
        """Token pairs and labels whose probability is at least `threshold`.

        A token may stand for both arguments: of nested mentions that end there, such as
        "the office in Lisbon" and "Lisbon".
        """
        first, second = self.arg1(encoded.states), self.arg2(encoded.states)
        cut = float(torch.logit(torch.tensor(threshold, dtype=torch.float64)))
        if len(first) == 0 or self.n_labels == 0:
            none = torch.zeros(0, dtype=torch.int64, device=first.device)
            return TokenPairs(none, none, none, first.new_zeros(0))
        found = []
        max_pairs = _PAIRS.get(first.device.type, _PAIRS_ELSEWHERE)
        memory = first.new_empty(0)
        # The longest segments come first, so that the memory grows for the first buckets at most.
        for bucket in encoded.layout.buckets(max_pairs, square=True):
            needed = bucket.index.numel() * bucket.index.shape[1] * first.shape[1]
            if len(memory) < needed:
                memory = first.new_empty(max(needed, max_pairs * first.shape[1]))
            scores = self._pair_scores(bucket.pad(first), bucket.pad(second), memory)  # (S, L, L, R)
            found.append(_likely(scores, bucket, cut))
        return TokenPairs(*(torch.cat(column) for column in zip(*found)))


def _likely(scores: Tensor, bucket: Bucket, cut: float) -> TokenPairs:
    """Real cells of (S, L, L, R) that score at least `cut`.

    Few tokens have one, so that the best score of each is compared first: looking through
    all cells costs as much as computing them.
    """
    best = scores.flatten(2).amax(dim=2)  # (S, L)
    row, arg1 = ((best >= cut) & bucket.mask).nonzero(as_tuple=True)  # (N,)
    cells = scores[row, arg1]  # (N, L, R)
    hit, arg2, label = ((cells >= cut) & bucket.mask[row].unsqueeze(2)).nonzero(as_tuple=True)
    row, arg1 = row[hit], arg1[hit]
    return TokenPairs(bucket.index[row, arg1], bucket.index[row, arg2], label, torch.sigmoid(cells[hit, arg2, label]))
