"""The likelihood of CRFs, which training needs: several over the same tags together, over packed segments.

Here L counts tags, and N the CRFs, one for each layer of a tagger.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

from ..layout import Layout
from .biluo import BiluoCRF
from .decoding import Potentials

# The emission of a tag that a token cannot have; finite, so that sums and gradients stay finite.
_EXCLUDED = -10_000.0


def negative_log_likelihood(
    emissions: Tensor, tags: Tensor, crfs: Sequence[BiluoCRF], layout: Layout, allowed: Tensor | None = None
) -> Tensor:
    """Of given tags, nats summed over the CRFs and segments; equal to pytorch-crf's.

    emissions (Tensor): Float32, shape (N, T, L), tokens in document order.
    tags (Tensor): Int64, shape (N, T). They need not be legal.
    crfs (Sequence): N CRFs over the same L tags.
    layout (Layout): Segments of the T tokens.
    allowed (Tensor, optional): Bool, shape (N, T, L), where not all tags are known: those that
        each token may have, at least one. The likelihood is then that of all sequences of
        allowed tags together, and `tags` are not looked at.
    RETURNS (Tensor): Shape (). At least 0, and 0 where every tag is allowed.

    Source: Tsuboi et al. (2008), "Training Conditional Random Fields Using Incomplete
    Annotations", section 3.
    """
    columns = zip(*((crf.transitions, crf.start_transitions, crf.end_transitions) for crf in crfs))
    scores = Potentials(*(torch.stack(column) for column in columns))
    total = _log_partition(emissions, scores, layout)
    if allowed is None:
        return total - _path_score(emissions, tags, scores, layout)
    return total - _log_partition(torch.where(allowed, emissions, _EXCLUDED), scores, layout)


def _path_score(emissions: Tensor, tags: Tensor, scores: Potentials, layout: Layout) -> Tensor:
    """Score of the given tags of all segments and CRFs in all."""
    own = emissions.gather(2, tags.unsqueeze(2)).sum()
    crf = torch.arange(len(tags), device=tags.device).unsqueeze(1)
    moves = scores.transitions[crf, tags[:, :-1], tags[:, 1:]]  # (N, T - 1)
    inside = torch.where(layout.is_segment_start()[1:], 0.0, moves).sum()
    starts = layout.segment_starts
    finals = starts + layout.segment_lengths - 1
    boundaries = scores.first.gather(1, tags[:, starts]).sum() + scores.last.gather(1, tags[:, finals]).sum()
    return own + inside + boundaries


def _log_partition(emissions: Tensor, scores: Potentials, layout: Layout) -> Tensor:
    """Log-partition, summed over all segments and CRFs.

    Steps are split at once, not cut out one by one: the gradient of a cut is a tensor of the
    full length, so that time would grow with the square of a segment's length.
    """
    packing = layout.packing
    sizes = packing.sizes.tolist()
    steps = emissions.index_select(1, packing.order).transpose(1, 2).contiguous().split(sizes, dim=2)  # (N, L, size)
    onward = scores.transitions.exp().transpose(1, 2)  # (N, to, from)
    total = scores.first.unsqueeze(2) + steps[0]
    ended = []
    for step in steps[1:]:
        size = step.shape[2]
        if size < total.shape[2]:
            ended.append(total[:, :, size:])
            total = total[:, :, :size]
        # A sum over the tags before is a product with exp(transitions): ten times faster than logsumexp.
        # At least -87 below the largest, so that no logarithm is infinite.
        largest = total.detach().amax(dim=1, keepdim=True)
        product = torch.bmm(onward, (total - largest).exp())
        total = product.clamp(min=1e-38).log() + (step + largest)
    ended.append(total)
    return (torch.cat(ended, dim=2) + scores.last.unsqueeze(2)).logsumexp(dim=1).sum()
