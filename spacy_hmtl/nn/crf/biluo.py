"""Linear-chain CRF over BILUO tags: pytorch-crf's parameters, and the constraints of decoding."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from torchcrf import CRF

# Added to the score of a forbidden transition when decoding; finite, so that sums stay finite.
FORBIDDEN = -10_000.0


class BiluoTags:
    """Numbers the tags of a set of labels: O is 0, then B, I, L, U of each label."""

    def __init__(self, labels: Sequence[str]) -> None:
        self.labels = labels
        self.n_tags = 1 + 4 * len(labels)

    def encode(self, starts: Tensor, ends: Tensor, labels: Tensor, n_tokens: int) -> Tensor:
        """Tags of non-overlapping spans.

        starts, ends, labels (Tensor): Int64, shape (S,): token offsets (end exclusive), label numbers.
        n_tokens (int): T.
        RETURNS (Tensor): Int64, shape (T,).
        """
        tags = torch.zeros(n_tokens, dtype=torch.int64, device=starts.device)
        lengths = ends - starts
        inside = torch.arange(int(lengths.sum()), device=starts.device)
        owner = torch.arange(len(starts), device=starts.device).repeat_interleave(lengths)
        offset = inside - (lengths.cumsum(0) - lengths)[owner]
        base = 1 + 4 * labels
        tags[starts[owner] + offset] = base[owner] + 1  # I
        tags[starts] = base  # B
        tags[ends - 1] = base + 2  # L
        tags[starts[lengths == 1]] = base[lengths == 1] + 3  # U
        return tags

    def allowed(self, tags: Tensor, possible: Tensor) -> Tensor:
        """Which tags each token may have, where what is annotated is not all there is.

        tags (Tensor): Int64, shape (N, T): those of the annotated spans in each of N layers.
        possible (Tensor): Bool, shape (T, labels): labels of which a token may be part though it is not annotated so.
        RETURNS (Tensor): Bool, shape (N, T, L): the tag of an annotated span alone; elsewhere O and
            the tags of all labels that are possible.
        """
        allowed = torch.nn.functional.one_hot(tags, self.n_tags).bool()  # (N, T, L)
        allowed[:, :, 1:] |= (tags == 0).unsqueeze(2) & possible.repeat_interleave(4, dim=1)
        return allowed

    def decode(self, tags: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Spans of well-formed tags: (starts, ends, label numbers), each Int64 of shape (S,)."""
        kind = torch.where(tags > 0, (tags - 1) % 4, -1)
        starts = ((kind == 0) | (kind == 3)).nonzero(as_tuple=True)[0]
        ends = ((kind == 2) | (kind == 3)).nonzero(as_tuple=True)[0] + 1
        return starts, ends, (tags[starts] - 1) // 4

    def forbidden(self) -> tuple[Tensor, Tensor, Tensor]:
        """Penalties: transitions (from, to), first tags, last tags; 0 where legal, FORBIDDEN elsewhere."""
        n = self.n_tags
        tags = torch.arange(n)
        kind = torch.where(tags > 0, (tags - 1) % 4, 3)  # O opens and closes like U
        label = torch.where(tags > 0, (tags - 1) // 4, -1)
        inside_after = (kind == 0) | (kind == 1)  # B and I must go on
        goes_on = (kind == 1) | (kind == 2)  # I and L
        same = label.unsqueeze(1) == label.unsqueeze(0)
        legal = torch.where(inside_after.unsqueeze(1), goes_on.unsqueeze(0) & same, ~goes_on.unsqueeze(0))
        penalty = torch.tensor(FORBIDDEN)
        zero = torch.tensor(0.0)
        return (
            torch.where(legal, zero, penalty),
            torch.where(goes_on, penalty, zero),
            torch.where(inside_after, penalty, zero),
        )


class BiluoCRF(CRF):
    """pytorch-crf's layer with the BILUO constraints; `likelihood.py` and `decoding.py` run several at once.

    Illegal transitions are forbidden when decoding only, not in the likelihood, as in
    the original (HMTL's taggers are AllenNLP's `crf_tagger`).

    tags (BiluoTags): What the tags mean.
    """

    def __init__(self, tags: BiluoTags) -> None:
        super().__init__(tags.n_tags, batch_first=True)
        transitions, first, last = tags.forbidden()
        self.register_buffer("transition_penalty", transitions, persistent=False)
        self.register_buffer("start_penalty", first, persistent=False)
        self.register_buffer("end_penalty", last, persistent=False)

    def legal_scores(self) -> tuple[Tensor, Tensor, Tensor]:
        """Transitions (from, to), first tags, last tags, with the penalties of what is illegal."""
        return (
            self.transitions + self.transition_penalty,
            self.start_transitions + self.start_penalty,
            self.end_transitions + self.end_penalty,
        )
