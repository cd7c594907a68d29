"""Linear-chain CRF over BILUO tags: pytorch-crf's likelihood, batched decoding, span marginals."""

from __future__ import annotations

import torch
from torch import Tensor
from torchcrf import CRF

# Added to the score of a forbidden transition when decoding; finite, so that sums stay finite.
FORBIDDEN = -10_000.0


class BiluoTags:
    """Numbers the tags of a set of labels: O is 0, then B, I, L, U of each label."""

    def __init__(self, labels: list[str]) -> None:
        self.labels = labels
        self.n_tags = 1 + 4 * len(labels)

    def encode(self, starts: Tensor, ends: Tensor, labels: Tensor, n_tokens: int) -> Tensor:
        """Tags of non-overlapping spans.

        starts, ends, labels (Tensor): Int64, shape (S,): token offsets (end exclusive), label numbers.
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
    """pytorch-crf's layer with batched Viterbi decoding under the BILUO constraints.

    Illegal transitions are forbidden when decoding only, not in the likelihood, as in
    the original (HMTL's taggers are AllenNLP's `crf_tagger`).
    """

    def __init__(self, tags: BiluoTags) -> None:
        super().__init__(tags.n_tags, batch_first=True)
        transitions, first, last = tags.forbidden()
        self.register_buffer("transition_penalty", transitions, persistent=False)
        self.register_buffer("start_penalty", first, persistent=False)
        self.register_buffer("end_penalty", last, persistent=False)

    def negative_log_likelihood(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Nats, summed over the segments.

        emissions (Tensor): Float32, shape (S, L, n_tags).
        tags (Tensor): Int64, shape (S, L).
        mask (Tensor): Bool, shape (S, L), real tokens first in each row.
        """
        return (self._normalizer(emissions, mask) - self._path_score(emissions, tags, mask)).sum()

    def _path_score(self, emissions: Tensor, tags: Tensor, mask: Tensor) -> Tensor:
        """Score of the given tags, shape (S,): what `CRF._compute_score` adds up step by step, at once."""
        own = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)  # (S, L)
        moves = self.transitions[tags[:, :-1], tags[:, 1:]]  # (S, L - 1)
        final = tags.gather(1, mask.sum(1, keepdim=True) - 1).squeeze(1)  # (S,)
        score = torch.where(mask, own, 0.0).sum(1) + torch.where(mask[:, 1:], moves, 0.0).sum(1)
        return score + self.start_transitions[tags[:, 0]] + self.end_transitions[final]

    def _normalizer(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """Log-partition, shape (S,), equal to `CRF._compute_normalizer`.

        Steps are unbound, not indexed one by one: the gradient of an index is a tensor of
        the full length, so that time would grow with the square of a segment's length.
        """
        onward = self.transitions.exp()
        first, *later = emissions.unbind(1)
        alpha = self.start_transitions + first
        for emission, alive in zip(later, mask[:, 1:].unsqueeze(2).unbind(1)):
            alpha = torch.where(alive, _log_product(alpha, onward) + emission, alpha)
        return torch.logsumexp(alpha + self.end_transitions, dim=1)

    def _scores(self) -> tuple[Tensor, Tensor, Tensor]:
        return (
            self.transitions + self.transition_penalty,
            self.start_transitions + self.start_penalty,
            self.end_transitions + self.end_penalty,
        )

    def viterbi(self, emissions: Tensor, mask: Tensor) -> Tensor:
        """The best legal tags of each segment, Int64, shape (S, L), 0 where padded.

        Equal to `CRF.decode` where all transitions are legal; the loop over time
        steps is inherent, the segments go together.
        """
        transitions, first, last = self._scores()
        n_steps = emissions.shape[1]
        score = first + emissions[:, 0]  # (S, n_tags)
        history = []
        for step in range(1, n_steps):
            best, previous = (score.unsqueeze(2) + transitions).max(dim=1)  # (S, n_tags)
            alive = mask[:, step].unsqueeze(1)
            score = torch.where(alive, best + emissions[:, step], score)
            history.append(previous)
        tag = (score + last).argmax(dim=1)  # (S,)
        path = [tag]
        for step in range(n_steps - 1, 0, -1):
            earlier = history[step - 1].gather(1, tag.unsqueeze(1)).squeeze(1)
            # Until a row's last real token is reached, keep its last tag.
            tag = torch.where(mask[:, step], earlier, tag)
            path.append(tag)
        path.reverse()
        tags = torch.stack(path, dim=1)  # (S, L), padded cells repeat the last tag
        return torch.where(mask, tags, 0)

    def marginals(self, emissions: Tensor, mask: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Forward and backward scores under the constraints.

        RETURNS (tuple): alpha and beta, Float32, shape (S, L, n_tags); log_z, shape (S,).
            alpha includes the emission of its own step, beta does not, so that
            exp(alpha + beta - log_z) is the probability of a tag at a step.
        """
        transitions, first, last = self._scores()
        n_steps = emissions.shape[1]
        # A sum over the tags before is a product with exp(transitions): ten times faster than logsumexp.
        onward = transitions.exp()
        alpha = [first + emissions[:, 0]]
        for step in range(1, n_steps):
            inner = _log_product(alpha[-1], onward) + emissions[:, step]
            alpha.append(torch.where(mask[:, step].unsqueeze(1), inner, alpha[-1]))
        beta = [last.expand_as(alpha[0])]
        for step in range(n_steps - 1, 0, -1):
            inner = _log_product(emissions[:, step] + beta[-1], onward.T)
            # Behind the last real token beta stays what closes the sequence.
            beta.append(torch.where(mask[:, step].unsqueeze(1), inner, beta[-1]))
        beta.reverse()
        log_z = torch.logsumexp(alpha[-1] + last, dim=1)
        return torch.stack(alpha, dim=1), torch.stack(beta, dim=1), log_z

    def span_confidence(
        self, emissions: Tensor, mask: Tensor, tags: Tensor, rows: Tensor, starts: Tensor, ends: Tensor
    ) -> Tensor:
        """Probability that a segment holds each of these spans, given its tags.

        tags (Tensor): Int64, shape (S, L), the decoded tags, which spell the spans.
        rows, starts, ends (Tensor): Int64, shape (N,): segment, first step, end (exclusive).
        RETURNS (Tensor): Float32, shape (N,), in [0, 1]: the total probability of all legal
            tag sequences that have exactly this span with this label (CRF marginal).
        """
        transitions, _, _ = self._scores()
        path = emissions.gather(2, tags.unsqueeze(2)).squeeze(2)  # (S, L), score of the given tags step by step
        path[:, 1:] += transitions[tags[:, :-1], tags[:, 1:]]
        # A constant taken from all tags of a step changes no probability. With this one the given tags score 0
        # all the way, so that alpha and beta stay small and no digits are lost in long segments.
        alpha, beta, log_z = self.marginals(emissions - path.unsqueeze(2), mask)
        final = ends - 1
        log_p = alpha[rows, starts, tags[rows, starts]] + beta[rows, final, tags[rows, final]] - log_z[rows]
        return log_p.exp().clamp(0.0, 1.0)


def _log_product(scores: Tensor, weights: Tensor) -> Tensor:
    """log(exp(scores) @ weights) without overflow, shape (S, n_tags); at least -87 below the largest score."""
    largest = scores.detach().amax(dim=1, keepdim=True)
    return ((scores - largest).exp() @ weights).clamp(min=1e-38).log() + largest
