"""Span vectors and mention scores."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from ...encoder import Encoded
from ...feedforward import FeedForward
from ...spans import SpanIndex, window
from .config import CorefConfig

_IMPOSSIBLE = -1e9
# Cells gathered at a time: small enough for the cache, which is several times faster.
_CELLS = 8_000_000


class MentionScorer(nn.Module):
    """Scores spans as mentions; a span vector is [h_start ; h_end ; width ; attention-weighted inputs].

    input_width (int): I, what the task's encoder reads.
    config (CorefConfig): Settings.

    Source: Lee et al. (2017), "End-to-end Neural Coreference Resolution", section 4.1, with
    the sizes of the authors of HMTL. First layers are computed part by part, a
    rearrangement that changes no value (a linear layer of a concatenation is a sum).
    """

    def __init__(self, input_width: int, config: CorefConfig) -> None:
        super().__init__()
        states, features = config.encoder.width, config.feature_width
        self.max_width = config.max_span_width
        self.span_width = 2 * states + features + input_width
        self.attention = nn.Linear(input_width, 1)
        self.widths = nn.Embedding(config.max_span_width, features)
        nn.init.xavier_normal_(self.widths.weight)
        self.feature_dropout = nn.Dropout(config.dropout)
        parts = {"start": states, "end": states, "width": features, "head": input_width}
        self.score = FeedForward(parts, config.hidden_width, config.depth, config.dropout)

    def _attend(self, encoded: Encoded, spans: SpanIndex, values: Tensor) -> Tensor:
        """Attention-weighted sum of `values`, shape (T, width), over the tokens of each span: (S, width)."""
        offsets, mask = window(spans)  # (S, W)
        logits = self.attention(encoded.inputs).squeeze(-1)  # (T,)
        weights = torch.where(mask, logits[offsets], _IMPOSSIBLE).softmax(dim=1)  # (S, W)
        sums = []
        size = max(1, _CELLS // (offsets.shape[1] * values.shape[1]))
        for own, weight in zip(offsets.split(size), weights.split(size)):
            gathered = values.index_select(0, own.reshape(-1)).view(*own.shape, -1)  # (part, W, width)
            sums.append(torch.bmm(weight.unsqueeze(1), gathered).squeeze(1))
        return torch.cat(sums)

    def _width_feature(self, spans: SpanIndex) -> Tensor:
        width = (spans.ends - spans.starts - 1).clamp(max=self.max_width - 1)
        result: Tensor = self.feature_dropout(self.widths(width))
        return result

    def all_scores(self, encoded: Encoded) -> Tensor:
        """Scores of all candidates of `enumerate_spans`, in its order, shape (S,).

        Goes width by width over all tokens at once: sums over the tokens of a span grow
        by one token at each step, so nothing is gathered span by span.

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        RETURNS (Tensor): Float32, shape (S,).
        """
        layout, part = encoded.layout, self.score.part
        n_tokens, max_width = layout.n_tokens, self.max_width
        segments = layout.token_segments()
        logits = self.attention(encoded.inputs).squeeze(-1)  # (T,)
        # Weights relative to the segment's largest, so that the exponentials stay in range.
        largest = torch.full((len(layout.segment_lengths),), _IMPOSSIBLE, device=logits.device)
        largest = largest.scatter_reduce(0, segments, logits.detach(), "amax")
        weight = (logits - largest[segments]).exp() + 1e-30  # (T,)
        weighted = weight.unsqueeze(1) * part("head", encoded.inputs)  # (T, K)
        start, end = part("start", encoded.states), part("end", encoded.states)  # (T, K)
        width = part("width", self.feature_dropout(self.widths.weight))  # (W, K)
        left = (layout.segment_starts + layout.segment_lengths)[segments] - torch.arange(n_tokens, device=logits.device)
        # Starts, width by width, whose span of that width ends within the segment: all at once,
        # so that a GPU does not wait for the host at each width.
        extras = torch.arange(min(max_width, n_tokens), device=logits.device).unsqueeze(1)  # (W, 1)
        inside = left > extras  # (W, T)
        counts = inside.sum(dim=1).tolist()
        columns, rows = (index.contiguous() for index in inside.nonzero(as_tuple=True))  # (S,)
        scores = []
        total, mass = weighted, weight
        for extra, own in enumerate(rows.split(counts)):
            if len(own) == 0:
                break
            if extra:
                total, mass = total[:-1] + weighted[extra:], mass[:-1] + weight[extra:]
            head = total.index_select(0, own) / mass.index_select(0, own).unsqueeze(1)
            first = start.index_select(0, own) + end.index_select(0, own + extra) + head + width[extra]
            scores.append(self.score.score(first))
        order = (rows * max_width + columns).argsort()
        return torch.cat(scores).index_select(0, order)

    def scores(self, encoded: Encoded, spans: SpanIndex) -> Tensor:
        """Unnormalized score of each of some given spans as a mention, shape (S,).

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        spans (SpanIndex): Shape (S,), at least one.
        RETURNS (Tensor): Float32, shape (S,).
        """
        part = self.score.part
        start = part("start", encoded.states).index_select(0, spans.starts)
        end = part("end", encoded.states).index_select(0, spans.ends - 1)
        head = self._attend(encoded, spans, part("head", encoded.inputs))
        return self.score.score(start + end + head + part("width", self._width_feature(spans)))

    def vectors(self, encoded: Encoded, spans: SpanIndex) -> Tensor:
        """Span vectors, shape (M, span_width).

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        spans (SpanIndex): Shape (M,), at least one.
        RETURNS (Tensor): Float32, shape (M, span_width).
        """
        start = encoded.states.index_select(0, spans.starts)
        end = encoded.states.index_select(0, spans.ends - 1)
        head = self._attend(encoded, spans, encoded.inputs)
        return torch.cat([start, end, self._width_feature(spans), head], dim=1)
