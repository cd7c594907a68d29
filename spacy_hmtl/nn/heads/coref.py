"""The coreference head: span ranking with pruning and the marginal likelihood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import torch
from torch import Tensor, nn

from ..encoder import Encoded, EncoderConfig
from ..feedforward import FeedForward
from ..spans import SpanIndex, antecedent_pairs, enumerate_spans, match, prune, window

# Semi-logarithmic buckets of distances, counted in kept spans: 0, 1, 2, 3, 4, 5-7, 8-15, 16-31, 32-63, 64+.
_N_DISTANCES = 10
_IMPOSSIBLE = -1e9
# Cells of pairwise products computed at a time: small enough for the cache, which is several times faster.
_PRODUCT_CELLS = 1_000_000


@dataclass(frozen=True)
class CorefConfig:
    """Settings of the coreference head.

    encoder: the task's own biLSTM.
    max_span_width: widest candidate, in tokens (gold mentions given by hand may be wider).
    spans_per_token: share of tokens that bounds the kept spans of a document.
    max_antecedents: how many kept spans back a mention may refer.
    hidden_width, depth: feed-forward scorers.
    feature_width: width and distance embeddings.
    pair_width: width that span vectors are projected to before they are multiplied
        pair by pair; 0 multiplies the full vectors, as the paper does.
    dropout: in the scorers and on the features.
    singletons: whether the corpus marks entities of one mention. If so, every kept
        span chooses between no mention, a new entity and its antecedents.
    """

    encoder: EncoderConfig
    max_span_width: int
    spans_per_token: float
    max_antecedents: int
    hidden_width: int
    depth: int
    feature_width: int
    pair_width: int
    dropout: float
    singletons: bool


class MentionTensors(NamedTuple):
    """Mentions of a batch: flat token offsets (end exclusive), numbers of their clusters, shape (G,)."""

    spans: SpanIndex
    clusters: Tensor


class DecodedClusters(NamedTuple):
    """Mentions in clusters, in document order: cluster numbers and confidences, shape (G,)."""

    spans: SpanIndex
    clusters: Tensor
    scores: Tensor


class _Ranking(NamedTuple):
    """Kept mentions and what each may choose.

    options (Tensor): Float32, shape (M, C + A): C scores for "no antecedent" (no mention
        at 0 and, with singletons, a new entity), then the antecedents by distance.
    """

    spans: SpanIndex
    docs: Tensor
    options: Tensor


class CorefHead(nn.Module):
    """Scores spans as mentions, keeps the best, and ranks the antecedents of each.

    score(i, j) = mention(i) + mention(j) + pair(i, j); "no antecedent" scores 0. A span
    vector is [h_start ; h_end ; width ; attention-weighted inputs].

    Source: Lee et al. (2017), "End-to-end Neural Coreference Resolution", sections 4 and
    5, with the sizes of the authors of HMTL. First layers are computed part by part, a
    rearrangement that changes no value (a linear layer of a concatenation is a sum).
    """

    def __init__(self, input_width: int, config: CorefConfig) -> None:
        super().__init__()
        self.config = config
        states, features = config.encoder.width, config.feature_width
        self.span_width = 2 * states + features + input_width
        self.attention = nn.Linear(input_width, 1)
        self.widths = nn.Embedding(config.max_span_width, features)
        self.distances = nn.Embedding(_N_DISTANCES, features)
        nn.init.xavier_normal_(self.widths.weight)
        nn.init.xavier_normal_(self.distances.weight)
        self.feature_dropout = nn.Dropout(config.dropout)
        scorer = (config.hidden_width, config.depth, config.dropout)
        self.mention = FeedForward({"start": states, "end": states, "width": features, "head": input_width}, *scorer)
        self.project = nn.Linear(self.span_width, config.pair_width) if config.pair_width else nn.Identity()
        product = config.pair_width or self.span_width
        self.pair = FeedForward(
            {"mention": self.span_width, "antecedent": self.span_width, "product": product, "distance": features},
            *scorer,
        )

    # --- scores ---

    def _attend(self, encoded: Encoded, spans: SpanIndex, values: Tensor) -> Tensor:
        """Attention-weighted sum of `values`, shape (T, V), over the tokens of each span: (S, V)."""
        offsets, mask = window(spans)  # (S, W)
        logits = self.attention(encoded.inputs).squeeze(-1)  # (T,)
        weights = torch.where(mask, logits[offsets], _IMPOSSIBLE).softmax(dim=1)  # (S, W)
        sums = []
        size = max(1, _PRODUCT_CELLS * 8 // (offsets.shape[1] * values.shape[1]))
        for own, weight in zip(offsets.split(size), weights.split(size)):
            gathered = values.index_select(0, own.reshape(-1)).view(*own.shape, -1)  # (S', W, V)
            sums.append(torch.bmm(weight.unsqueeze(1), gathered).squeeze(1))
        return torch.cat(sums)

    def _width_feature(self, spans: SpanIndex) -> Tensor:
        width = (spans.ends - spans.starts - 1).clamp(max=self.config.max_span_width - 1)
        return self.feature_dropout(self.widths(width))

    def _all_mention_scores(self, encoded: Encoded) -> Tensor:
        """Scores of all candidates of `enumerate_spans`, in its order, shape (S,).

        Goes width by width over all tokens at once: sums over the tokens of a span grow
        by one token at each step, so nothing is gathered span by span.
        """
        layout, part = encoded.layout, self.mention.part
        n_tokens, max_width = layout.n_tokens, self.config.max_span_width
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
        rows, scores, columns = [], [], []
        total, mass = weighted, weight
        for extra in range(min(max_width, n_tokens)):
            if extra:
                total, mass = total[:-1] + weighted[extra:], mass[:-1] + weight[extra:]
            # Starts whose span of this width ends within the segment.
            inside = (left[: n_tokens - extra] > extra).nonzero(as_tuple=True)[0]
            if len(inside) == 0:
                break
            head = total.index_select(0, inside) / mass.index_select(0, inside).unsqueeze(1)
            first = start.index_select(0, inside) + end.index_select(0, inside + extra) + head + width[extra]
            scores.append(self.mention.score(first))
            rows.append(inside)
            columns.append(torch.full_like(inside, extra))
        order = (torch.cat(rows) * max_width + torch.cat(columns)).argsort()
        return torch.cat(scores).index_select(0, order)

    def mention_scores(self, encoded: Encoded, spans: SpanIndex) -> Tensor:
        """Unnormalized score of each of some given spans as a mention, shape (S,)."""
        part = self.mention.part
        start = part("start", encoded.states).index_select(0, spans.starts)
        end = part("end", encoded.states).index_select(0, spans.ends - 1)
        head = self._attend(encoded, spans, part("head", encoded.inputs))
        return self.mention.score(start + end + head + part("width", self._width_feature(spans)))

    def _vectors(self, encoded: Encoded, spans: SpanIndex) -> Tensor:
        """Span vectors, shape (M, span_width)."""
        start = encoded.states.index_select(0, spans.starts)
        end = encoded.states.index_select(0, spans.ends - 1)
        head = self._attend(encoded, spans, encoded.inputs)
        return torch.cat([start, end, self._width_feature(spans), head], dim=1)

    def _pair_scores(self, vectors: Tensor, mention: Tensor, antecedent: Tensor, column: Tensor) -> Tensor:
        """Pair scores, shape (P,), in chunks that bound the memory of the products."""
        part = self.pair.part
        as_mention, as_antecedent = part("mention", vectors), part("antecedent", vectors)  # (M, K)
        projected = self.project(vectors)
        distance = part("distance", self.feature_dropout(self.distances.weight))  # (buckets, K)
        scores = []
        size = max(1, _PRODUCT_CELLS // projected.shape[1])
        for rows in zip(*(t.split(size) for t in (mention, antecedent, distance_bucket(column)))):
            i, j, bucket = rows
            product = projected.index_select(0, i) * projected.index_select(0, j)
            first = as_mention.index_select(0, i) + as_antecedent.index_select(0, j) + distance.index_select(0, bucket)
            scores.append(self.pair.score(first + part("product", product)))
        return torch.cat(scores) if scores else vectors.new_zeros(0)

    def _rank(self, encoded: Encoded, given: SpanIndex | None) -> _Ranking:
        layout, config = encoded.layout, self.config
        if given is None:
            spans, scores = enumerate_spans(layout, config.max_span_width), self._all_mention_scores(encoded)  # (S,)
        else:
            spans, scores = given, self.mention_scores(encoded, given)
        docs = layout.token_docs()[spans.starts]
        if given is None:
            keep = (layout.doc_lengths * config.spans_per_token).floor().long().clamp(min=1)
            rows = prune(scores.detach(), docs, keep)
            spans, scores, docs = spans.select(rows), scores[rows], docs[rows]
        mention, antecedent, column = antecedent_pairs(docs, config.max_antecedents)
        pairs = self._pair_scores(self._vectors(encoded, spans), mention, antecedent, column)
        linked = scores.index_select(0, mention) + scores.index_select(0, antecedent) + pairs
        n_columns = int(column.max()) + 1 if len(column) else 0
        options = scores.new_full((len(scores), n_columns), _IMPOSSIBLE)
        options = options.index_put((mention, column), linked)
        nothing = [torch.zeros_like(scores)] + ([scores] if config.singletons else [])
        return _Ranking(spans, docs, torch.cat([torch.stack(nothing, dim=1), options], dim=1))

    # --- loss and decoding ---

    def loss(self, encoded: Encoded, targets: MentionTensors) -> Tensor:
        """Negative marginal log-likelihood of the gold antecedents, nats summed over kept spans.

        Lee et al. (2017), equation 7: a span's gold choices are all earlier kept spans of
        its cluster; else "new entity" (with singletons, for a gold mention), else 0.
        """
        if encoded.states.shape[0] == 0:
            return encoded.states.sum()
        ranking = self._rank(encoded, None)
        clusters = match(ranking.spans, targets.spans, targets.clusters)  # (M,)
        correct = self._gold_options(ranking, clusters)
        log_p = ranking.options.log_softmax(dim=1)
        return -torch.where(correct, log_p, _IMPOSSIBLE).logsumexp(dim=1).sum()

    def _gold_options(self, ranking: _Ranking, clusters: Tensor) -> Tensor:
        """Bool, shape (M, C + A): the choices that agree with the gold clusters."""
        n_none = 2 if self.config.singletons else 1
        n_mentions, n_options = ranking.options.shape
        rows = torch.arange(n_mentions, device=clusters.device).unsqueeze(1)
        antecedent = rows - 1 - torch.arange(n_options - n_none, device=clusters.device)  # (M, A)
        exists = (antecedent >= 0) & (ranking.options[:, n_none:] > _IMPOSSIBLE / 2)
        mine = clusters.unsqueeze(1)
        linked = exists & (mine >= 0) & (clusters[antecedent.clamp(min=0)] == mine)
        none = ~linked.any(dim=1)
        new = (clusters >= 0) if self.config.singletons else torch.zeros_like(none)
        first = [none & ~new] + ([none & new] if self.config.singletons else [])
        return torch.cat([torch.stack(first, dim=1), linked], dim=1)

    def decode(self, encoded: Encoded, given: SpanIndex | None, singleton_threshold: float) -> DecodedClusters:
        """Clusters by following each mention's best antecedent.

        given (SpanIndex): mentions to cluster instead of the head's own (gold-mention mode:
            all are candidates, however wide, and none is pruned).
        singleton_threshold (float): least probability of a new entity for a mention that
            nothing links to, used if the head was trained with singletons.
        RETURNS (DecodedClusters): confidence of a linked mention: probability, summed over
            its antecedents in the same cluster; of a first mention: that of no antecedent
            (with singletons: of a new entity).
        """
        none = torch.zeros(0, dtype=torch.int64, device=encoded.states.device)
        empty = DecodedClusters(SpanIndex(none, none), none, encoded.states.new_zeros(0))
        if encoded.states.shape[0] == 0 or (given is not None and len(given.starts) == 0):
            return empty
        ranking = self._rank(encoded, given)
        n_none = 2 if self.config.singletons else 1
        probability = ranking.options.softmax(dim=1)
        choice = probability.argmax(dim=1) - n_none  # (M,), column, or negative
        rows = torch.arange(len(choice), device=choice.device)
        root = torch.where(choice >= 0, rows - 1 - choice, rows)
        while True:  # pointer jumping: log2(M) rounds at most
            further = root[root]
            if torch.equal(further, root):
                break
            root = further
        antecedent = rows.unsqueeze(1) - 1 - torch.arange(probability.shape[1] - n_none, device=rows.device)
        same = (antecedent >= 0) & (root[antecedent.clamp(min=0)] == root.unsqueeze(1))
        linked = torch.where(same, probability[:, n_none:], 0.0).sum(dim=1)
        first = probability[:, n_none - 1]
        scores = torch.where(choice >= 0, linked, first).clamp(0.0, 1.0)
        size = torch.bincount(root, minlength=len(root))[root]
        kept = size > 1
        if self.config.singletons:
            kept = kept | ((size == 1) & (first >= singleton_threshold))
        return DecodedClusters(ranking.spans.select(kept), root[kept], scores[kept])


def distance_bucket(distance: Tensor) -> Tensor:
    """Semi-logarithmic bucket of a distance of at least 0, as in Lee et al. (2017), section 4."""
    logarithm = torch.log2(distance.clamp(min=1).float()).floor().long() + 3
    return torch.where(distance <= 4, distance, logarithm).clamp(max=_N_DISTANCES - 1)
