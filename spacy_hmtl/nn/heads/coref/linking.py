"""Clusters from what each mention may choose."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ...spans import SpanIndex
from ..tensors import DecodedClusters
from .config import CorefConfig
from .tensors import IMPOSSIBLE, Ranking
from .words import name_strings


def link(
    rankings: Sequence[Ranking], config: CorefConfig, settings: Mapping[str, Any], device: torch.device
) -> DecodedClusters:
    """Clusters by following each mention's best antecedent, through rankings that continue each other.

    Of what is known to be a mention a head trained with singletons leaves nothing out.

    rankings (Sequence): In document order, offsets in the batch.
    config (CorefConfig): Settings of the head.
    settings (Mapping): `singleton_threshold`, least probability of a new entity for a mention
        that nothing links to, used if the head was trained with singletons; and
        `coref_threshold`, least probability, of all its antecedents together, that a mention
        refers back to one. Without it, the likeliest choice counts.
    device (device): Of the result, where there is nothing to link.
    RETURNS (DecodedClusters): Confidence of a linked mention: probability, summed over
        its antecedents in the same cluster; of a first mention: that of no antecedent
        (with singletons: of a new entity).
    """
    if not rankings:
        none = torch.zeros(0, dtype=torch.int64, device=device)
        return DecodedClusters(SpanIndex(none, none), none, none.float())
    width = max(ranking.options.shape[1] for ranking in rankings)
    options = torch.cat(
        [functional.pad(r.options, (0, width - r.options.shape[1]), value=IMPOSSIBLE) for r in rankings]
    )
    spans = SpanIndex(*(torch.cat(column) for column in zip(*(r.kept.spans for r in rankings))))
    known = torch.cat([ranking.known for ranking in rankings])
    n_none = config.n_none
    if config.singletons:
        options[:, 0] = torch.where(known, IMPOSSIBLE, options[:, 0])
    probability = options.softmax(dim=1)
    choice = _choice(probability, n_none, settings.get("coref_threshold"))  # (M,), column, or negative
    rows = torch.arange(len(choice), device=choice.device)
    root = torch.where(choice >= 0, rows - 1 - choice, rows)
    # Pointer jumping: each round doubles the links that are followed, M - 1 at most. To ask
    # whether a round changed anything would make a GPU wait for the host.
    for _ in range((len(root) - 1).bit_length()):
        root = root[root]
    antecedent = rows.unsqueeze(1) - 1 - torch.arange(width - n_none, device=rows.device)
    same = (antecedent >= 0) & (root[antecedent.clamp(min=0)] == root.unsqueeze(1))
    linked = torch.where(same, probability[:, n_none:], 0.0).sum(dim=1)
    first = probability[:, n_none - 1]
    scores = torch.where(choice >= 0, linked, first).clamp(0.0, 1.0)
    size = torch.bincount(root, minlength=len(root))[root]
    kept = size > 1
    if config.singletons:
        kept = kept | ((size == 1) & ((first >= settings["singleton_threshold"]) | known))
    if config.equal_names:
        docs, facts = (torch.cat([getattr(r.kept, name) for r in rankings]) for name in ("docs", "facts"))
        root = join_by_name(root, torch.where(kept, name_strings(facts), 0), docs)
    rows = kept.nonzero().squeeze(1)
    return DecodedClusters(spans.select(rows), root[rows], scores[rows])


def _choice(probability: Tensor, n_none: int, threshold: float | None) -> Tensor:
    """Column of the antecedent that each mention refers to, negative for none, shape (M,).

    probability (Tensor): Shape (M, n_none + A).
    """
    choice = probability.argmax(dim=1) - n_none
    if threshold is None or probability.shape[1] == n_none:
        return choice
    links = probability[:, n_none:]
    best = links.argmax(dim=1)
    is_link = (links.sum(dim=1) >= threshold) & (links.amax(dim=1) > 0)
    return torch.where(is_link, best, -1)


def join_by_name(roots: Tensor, names: Tensor, docs: Tensor) -> Tensor:
    """Clusters of a document that share a name become one, and so on: the root of each mention, shape (M,).

    roots (Tensor): Int64, shape (M,), a mention that stands for the cluster of each.
    names (Tensor): Int64, shape (M,), what a mention that is a name says, 0 for others.
    docs (Tensor): Int64, shape (M,).
    RETURNS (Tensor): As `roots`, with the clusters joined.
    """
    rows = (names != 0).nonzero().squeeze(1)
    if len(rows) == 0:
        return roots
    _, owner = torch.stack([docs[rows], names[rows]], dim=1).unique(dim=0, return_inverse=True)
    n_owners = int(owner.max()) + 1
    while True:
        # The first root of all clusters that a name occurs in, passed on until nothing changes: twice as a rule.
        least = roots.new_full((n_owners,), len(roots)).scatter_reduce(0, owner, roots[rows], "amin")
        moved = torch.arange(len(roots), device=roots.device).scatter_reduce(0, roots[rows], least[owner], "amin")
        joined = moved[roots]
        if torch.equal(joined, roots):
            return roots
        roots = joined
