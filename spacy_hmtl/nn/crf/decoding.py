"""Decoding of CRFs: the best legal tags of all segments of a batch, and how probable their spans are.

Several CRFs over the same tags (one for each level of nesting) run together. Segments go
step by step in the order of a `Packing`, so that nothing is padded. Within a step the
segments lie side by side in memory, behind the tags: the maximum over the tags before is
then taken of long rows, which is several times faster than of many short ones.

Here L counts tags, and N the CRFs, one for each layer of a tagger.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor

from ..layout import Packing
from .biluo import BiluoCRF


class Potentials(NamedTuple):
    """Scores of the CRFs with the penalties of illegal tags.

    transitions (Tensor): Float32, shape (N, L, L), from, to.
    first, last (Tensor): Float32, shape (N, L).
    """

    transitions: Tensor
    first: Tensor
    last: Tensor


class Spelled(NamedTuple):
    """Spans that tags spell: number of the CRF, flat offsets of the first and the last token, shape (S,)."""

    layers: Tensor
    starts: Tensor
    finals: Tensor


def potentials(crfs: Sequence[BiluoCRF]) -> Potentials:
    """What decoding needs of some CRFs.

    crfs (Sequence): N CRFs over the same L tags.
    RETURNS (Potentials): With the penalties of what is illegal.
    """
    return Potentials(*(torch.stack(column) for column in zip(*(crf.legal_scores() for crf in crfs))))


def viterbi(emissions: Tensor, scores: Potentials, packing: Packing) -> Tensor:
    """The best legal tags of every segment.

    emissions (Tensor): Float32, shape (N, T, L), tokens in document order.
    scores (Potentials): Of the N CRFs.
    packing (Packing): Of all segments.
    RETURNS (Tensor): Int64, shape (N, T).
    """
    n_crfs, n_tokens, _ = emissions.shape
    sizes = packing.sizes.tolist()
    steps = emissions.index_select(1, packing.order).transpose(1, 2).contiguous().split(sizes, dim=2)
    transitions = scores.transitions.unsqueeze(3)  # (N, L, L, 1)
    score = scores.first.unsqueeze(2) + steps[0]
    history = [score]
    for size, step in zip(sizes[1:], steps[1:]):
        score = (score[:, :, :size].unsqueeze(2) + transitions).amax(dim=1).add_(step)
        history.append(score)  # (N, L, size)
    table = torch.cat(history, dim=2).transpose(1, 2).contiguous()  # (N, T, L)
    tags = torch.empty((n_crfs, n_tokens), dtype=torch.int64, device=table.device)
    tags[:, packing.order] = _follow(table, scores, sizes)
    return tags


def _follow(table: Tensor, scores: Potentials, sizes: list[int]) -> Tensor:
    """Go back from the best last tags. table (Tensor): shape (N, T, L). RETURNS (Tensor): shape (N, T)."""
    n_crfs, _, n_tags = table.shape
    arriving = scores.transitions.transpose(1, 2).reshape(n_crfs * n_tags, n_tags)  # to, from
    offset = (torch.arange(n_crfs, device=table.device) * n_tags).unsqueeze(1)
    ends = (table + scores.last.unsqueeze(1)).argmax(dim=2).split(sizes, dim=1)  # where a segment ends here
    tag = ends[-1]
    path = [tag]
    for score, end in zip(table.split(sizes, dim=1)[-2::-1], ends[-2::-1]):
        size = tag.shape[1]
        onto = arriving.index_select(0, (tag + offset).reshape(-1)).view(n_crfs, size, n_tags)
        tag = (score[:, :size] + onto).argmax(dim=2)
        if size < end.shape[1]:
            tag = torch.cat([tag, end[:, size:]], dim=1)
        path.append(tag)
    path.reverse()
    return torch.cat(path, dim=1)


def both_ways(emissions: Tensor, scores: Potentials, packing: Packing) -> tuple[Tensor, Tensor]:
    """Forward and backward scores of the tokens of a packing, under the constraints, in one loop.

    emissions (Tensor): Float32, shape (N, T, L), tokens in document order.
    scores (Potentials): Of the N CRFs.
    packing (Packing): Of the segments that are wanted.
    RETURNS (tuple): Float32, shape (N, packed, L) each: log-sums over all that may stand before a
        token, in `packing.order`, and behind it, in `packing.backward`. Both include the
        emission of the token itself.
    """
    n_crfs = len(emissions)
    rows = [emissions.index_select(1, order) for order in (packing.order, packing.backward)]
    steps = torch.cat(rows).transpose(1, 2).contiguous().split(packing.sizes.tolist(), dim=2)  # (2 * N, L, size)
    weights = scores.transitions.exp()
    # A sum over the tags before is a product with exp(transitions): ten times faster than logsumexp.
    onward = torch.cat([weights.transpose(1, 2), weights])  # (2 * N, L, L)
    total = torch.cat([scores.first, scores.last]).unsqueeze(2) + steps[0]
    history = [total]
    for step in steps[1:]:
        before = total[:, :, : step.shape[2]]
        largest = before.amax(dim=1, keepdim=True)
        # At least -87 below the largest, so that no logarithm is infinite.
        product = torch.bmm(onward, (before - largest).exp_()).clamp_(min=1e-38)
        total = product.log_().add_(largest).add_(step)
        history.append(total)
    table = torch.cat(history, dim=2).transpose(1, 2)
    return table[:n_crfs], table[n_crfs:]


def confidences(
    emissions: Tensor, tags: Tensor, scores: Potentials, packing: Packing, is_first: Tensor, spans: Spelled
) -> Tensor:
    """Probability that a segment holds each of these spans: of all its legal tag sequences that have exactly it.

    emissions (Tensor): Float32, shape (N, T, L).
    tags (Tensor): Int64, shape (N, T), the decoded tags, which spell the spans.
    scores (Potentials): Of the N CRFs.
    packing (Packing): of the segments that hold spans, at least.
    is_first (Tensor): Bool, shape (T,), tokens that begin a segment.
    RETURNS (Tensor): Float32, shape (S,), in [0, 1]: CRF marginals.
    """
    path = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)  # (N, T), score of the given tags token by token
    n_crfs, n_tokens = tags.shape
    crf = torch.arange(n_crfs, device=tags.device).unsqueeze(1)
    moves = scores.transitions[crf, tags[:, :-1], tags[:, 1:]]  # (N, T - 1)
    path[:, 1:] += torch.where(is_first[1:], 0.0, moves)
    # A constant taken from all tags of a token changes no probability. With this one the given tags score 0 all
    # the way, so that all sums stay small and no digits are lost in long segments.
    relative = emissions - path.unsqueeze(2)
    before, behind = both_ways(relative, scores, packing)
    slots = torch.empty((2, n_tokens), dtype=torch.int64, device=tags.device)
    numbers = torch.arange(len(packing.order), device=tags.device)
    slots[0, packing.order], slots[1, packing.backward] = numbers, numbers
    layers, starts, finals = spans
    own_before = before[layers, slots[0, starts]]  # (S, L)
    own_behind = behind[layers, slots[1, starts]] - relative[layers, starts]  # without the emission
    log_z = (own_before + own_behind).logsumexp(dim=1)
    opened = own_before.gather(1, tags[layers, starts].unsqueeze(1)).squeeze(1)
    closing = tags[layers, finals]
    closed = behind[layers, slots[1, finals], closing] - relative[layers, finals, closing]
    return (opened + closed - log_z).exp().clamp(0.0, 1.0)
