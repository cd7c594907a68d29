"""The relation head: multi-head selection between the tokens of a segment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ..encoder import Encoded
from ..layout import Layout, owners
from .protocol import NOTHING, Beside, Head, HeadConfig, HeadLabels, Kind
from .tensors import RelationTargets, TokenPairs
from .thresholds import least_scores

# Token pairs scored at a time, a pair being `hidden_width` floats: few enough for a CPU's
# own cache, which is twice as fast; many on a GPU, where a launch costs more than the work.
_PAIRS = {"cpu": 4_096}
_PAIRS_ELSEWHERE = 262_144
# Scores kept before they are looked through: each look makes a GPU wait for the host.
_KEPT = 8_000_000
# In place: the sums that they act on are wanted no more.
ACTIVATIONS = {"relu": torch.relu_, "tanh": torch.tanh_}

# Score of a label that was added, where the prior is higher: a probability of about one percent.
_UNSEEN = -4.6


@torch.no_grad()
def hush_rows(output: nn.Linear, n_known: int) -> None:
    """Let the labels after the known ones be unlikely everywhere.

    output (Linear): Scores labels; its bias starts from the prior.
    n_known (int): How many labels are known.
    """
    output.weight[n_known:] = 0.0
    output.bias[n_known:] = output.bias[n_known:].clamp(max=_UNSEEN)


@dataclass(frozen=True)
class RelationConfig(HeadConfig):
    """Settings of the relation head.

    hidden_width: width of the pair vector.
    activation: "relu" or "tanh".
    prior: probability of a relation cell that the output bias starts from; with 0.5
        (no bias, as in the original) training starts from half of all cells positive.
    max_distance: tokens between the arguments that an embedding tells apart, in either
        direction; farther ones share the last. 0 leaves distance out, as the paper does.
    """

    kind: ClassVar[Kind] = "relations"
    hidden_width: int
    activation: str
    prior: float
    max_distance: int

    def build(self, input_width: int, labels: HeadLabels) -> RelationHead:
        """See `HeadConfig.build`."""
        return RelationHead(self.encoder.width, labels.own, self)


class RelationHead(Head):
    """A sigmoid for each ordered token pair of a segment and each label.

    scores(i, j) = V act(U h_i + W h_j + b + d_(j - i)) + c, where i is the last token of
    arg1 and j the last token of arg2.

    width (int): H, width of the states.
    labels (Sequence): R labels.
    config (RelationConfig): Settings.

    Source: Bekoulis et al. (2018), "Joint entity recognition and relation extraction as
    a multi-head selection problem", section 3.4; Sanh et al. (2019), section "Relation
    Extraction". Differs from the authors' code in the output bias c, the embedding d of
    signed distances (if asked for), and in that padded cells take no part in the loss.
    """

    def __init__(self, width: int, labels: Sequence[str], config: RelationConfig) -> None:
        super().__init__()
        self.labels = list(labels)
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

    def hush(self, before: RelationHead) -> None:
        """See `Head.hush`.

        before (RelationHead): With fewer labels.
        """
        hush_rows(self.output, before.n_labels)

    def _pair_scores(self, first: Tensor, second: Tensor, memory: Tensor | None = None) -> Tensor:
        """(G, W, K) and (G, W, K) -> (G, W, W, R).

        memory (Tensor): Float32, at least S * L * L * K cells, overwritten; memory that is
            asked for again for each bucket costs as much as the sums that fill it.
        """
        n_rows, length, width = first.shape
        out = None if memory is None else memory[: n_rows * length**2 * width].view(n_rows, length, length, width)
        pairs = torch.add(first.unsqueeze(2), second.unsqueeze(1), out=out)  # (G, W, W, K)
        if self.distance is not None:
            steps = torch.arange(first.shape[1], device=first.device)
            apart = (steps - steps.unsqueeze(1)).clamp(-self.max_distance, self.max_distance)  # (W, W)
            pairs += self.distance(apart + self.max_distance)
        result: Tensor = self.output(self.activation(pairs))
        return result

    def loss(self, encoded: Encoded, targets: RelationTargets, beside: Beside = NOTHING) -> Tensor:
        """Binary cross-entropy over all real token pairs and labels, nats summed over the batch.

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        targets (RelationTargets): Of the arguments the last tokens count; both lie in one segment.
        beside (Beside): What else the head may read.
        RETURNS (Tensor): Shape ().
        """
        layout = encoded.layout
        first, second = self.arg1(encoded.states), self.arg2(encoded.states)  # (T, K)
        arg1, arg2 = targets.arg1.ends - 1, targets.arg2.ends - 1  # (P,)
        total = first.sum() * 0.0
        row_of = torch.full((len(layout.segment_lengths),), -1, device=first.device)
        segment = layout.token_segments()[arg1]
        start = layout.segment_starts[segment]
        for bucket in layout.buckets(_PAIRS.get(first.device.type, _PAIRS_ELSEWHERE), square=True):
            scores = self._pair_scores(bucket.pad(first), bucket.pad(second))  # (G, W, W, R)
            row_of.fill_(-1)
            row_of[bucket.segments] = torch.arange(len(bucket.segments), device=first.device)
            here = row_of[segment] >= 0
            gold = torch.zeros_like(scores)
            position = (row_of[segment], arg1 - start, arg2 - start, targets.labels)
            gold[tuple(p[here] for p in position)] = 1.0
            cells = functional.binary_cross_entropy_with_logits(scores, gold, reduction="none")
            if targets.unknown is not None:
                docs = layout.token_docs()[layout.segment_starts[bucket.segments]]
                cells = torch.where(targets.unknown[docs][:, None, None] & (gold == 0), 0.0, cells)
            real = bucket.mask.unsqueeze(1) & bucket.mask.unsqueeze(2)
            total = total + torch.where(real, cells.sum(-1), 0.0).sum()
        result: Tensor = total
        return result

    @torch.no_grad()
    def decode(self, encoded: Encoded, settings: Mapping[str, Any], beside: Beside = NOTHING) -> TokenPairs:
        """Token pairs and labels whose probability is at least the threshold.

        A token may stand for both arguments: of nested mentions that end there, such as
        "the office in Lisbon" and "Lisbon".

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        settings (Mapping): `relation_threshold`, and by label `relation_thresholds`.
        beside (Beside): What else the head may read.
        RETURNS (TokenPairs): With offsets in the batch.
        """
        first, second = self.arg1(encoded.states), self.arg2(encoded.states)
        if len(first) == 0 or self.n_labels == 0:
            none = torch.zeros(0, dtype=torch.int64, device=first.device)
            return TokenPairs(none, none, none, first.new_zeros(0))
        by_label = least_scores(settings, self.labels)  # (R,)
        cut, cuts = float(by_label.min()), by_label.to(first.device)
        found: list[TokenPairs] = []
        waiting: list[_Scored] = []
        n_waiting = 0
        max_pairs = _PAIRS.get(first.device.type, _PAIRS_ELSEWHERE)
        memory = first.new_empty(0)
        # The longest segments come first, so that the memory grows for the first buckets at most.
        for bucket in encoded.layout.buckets(max_pairs, square=True):
            needed = bucket.index.numel() * bucket.index.shape[1] * first.shape[1]
            if len(memory) < needed:
                memory = first.new_empty(max(needed, max_pairs * first.shape[1]))
            scores = self._pair_scores(bucket.pad(first), bucket.pad(second), memory)  # (G, W, W, R)
            # Compared at once, while the scores are in the cache.
            likely = (scores.flatten(2).amax(dim=2) >= cut) & bucket.mask  # (G, W)
            waiting.append(_Scored(scores.flatten(), bucket.index.flatten(), likely.flatten()))
            n_waiting += scores.numel()
            if n_waiting >= _KEPT:
                found.append(_pairs(waiting, encoded.layout, cuts))
                waiting, n_waiting = [], 0
        if waiting:
            found.append(_pairs(waiting, encoded.layout, cuts))
        return TokenPairs.joined(found)


class _Scored(NamedTuple):
    """Scores of a bucket of S segments, padded to L tokens, row by row: a token as arg1 with each arg2 and label.

    cells (Tensor): Float32, shape (G * W * W * R,).
    tokens (Tensor): Int64, shape (G * W,), flat offset of each row's token.
    likely (Tensor): Bool, shape (G * W,), rows of real tokens that may hold a cell that is wanted.
    """

    cells: Tensor
    tokens: Tensor
    likely: Tensor


def _pairs(parts: list[_Scored], layout: Layout, cuts: Tensor) -> TokenPairs:
    """Real cells of likely rows that score at least what their label has to, `cuts` of shape (R,).

    Few rows are likely, and looking through all cells costs as much as computing them. All
    buckets are looked through together: a GPU waits for the host three times, however many they are.
    """
    n_labels = len(cuts)
    cells, tokens, likely = (torch.cat(column) for column in zip(*parts))
    begins, begin = [], 0  # cell that each row begins with
    for part in parts:
        end = begin + len(part.cells)
        begins.append(torch.arange(begin, end, len(part.cells) // len(part.tokens), device=cells.device))
        begin = end
    rows = likely.nonzero().squeeze(1)  # (rows,)
    arg1 = tokens[rows]
    segment = layout.token_segments()[arg1]
    counts = layout.segment_lengths[segment] * n_labels  # real cells of a row, which come first
    owner = owners(counts, int(counts.sum()))  # (cells,)
    within = torch.arange(len(owner), device=cells.device) - (counts.cumsum(0) - counts)[owner]
    scores = cells[torch.cat(begins)[rows][owner] + within]  # (cells,)
    hits = (scores >= cuts[within % n_labels]).nonzero().squeeze(1)  # (P,)
    owner, within = owner[hits], within[hits]
    arg2 = layout.segment_starts[segment[owner]] + within // n_labels
    return TokenPairs(arg1[owner], arg2, within % n_labels, torch.sigmoid(scores[hits]))
