"""Span ranking: which spans are kept, what each may choose, the loss, and clusters from choices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from ...encoder import Encoded
from ...spans import SpanIndex, antecedent_pairs, enumerate_spans, match, prune
from .config import CorefConfig
from .mentions import MentionScorer
from .pairs import CoarseScorer, PairScorer
from .tensors import Candidates, CorefContext, DecodedClusters, MentionTensors

_IMPOSSIBLE = -1e9


class Ranking(NamedTuple):
    """Kept mentions and what each may choose.

    kept (Candidates): M of them.
    options (Tensor): Float32, shape (M, C + A): C scores for "no antecedent" (no mention
        at 0 and, with singletons, a new entity), then the antecedents by distance.
    coarse (Tensor): from coarse to fine, coarse scores of all antecedents, shape (M, A).
    """

    kept: Candidates
    options: Tensor
    coarse: Tensor | None = None


class CorefHead(nn.Module):
    """Scores spans as mentions, keeps the best, and ranks the antecedents of each.

    score(i, j) = mention(i) + mention(j) + pair(i, j); "no antecedent" scores 0. From
    coarse to fine, only the best antecedents by mention(i) + mention(j) + bilinear(i, j)
    are scored so; the others are out.

    Source: Lee et al. (2017), sections 3 to 5; Lee et al. (2018), section 4, which adds the
    bilinear score to the full one as well. Here it only chooses, and learns by a loss of
    its own: the full score is then that of the paper's head, on fewer antecedents.
    """

    def __init__(self, input_width: int, config: CorefConfig) -> None:
        super().__init__()
        self.config = config
        self.mention = MentionScorer(input_width, config)
        self.pair = PairScorer(self.mention.span_width, config)
        self.coarse = CoarseScorer(self.mention.span_width, config) if config.top_antecedents else None

    @property
    def n_none(self) -> int:
        """C, how many choices are not an antecedent."""
        return 2 if self.config.singletons else 1

    def rank(
        self,
        encoded: Encoded,
        windows: Tensor,
        given: SpanIndex | None = None,
        context: CorefContext | None = None,
        before: Candidates | None = None,
        first_doc: int = 0,
    ) -> Ranking:
        """Choose the spans of a batch and score what each may refer to.

        windows (Tensor): Int64, shape (segments,), the window that each segment belongs to.
        given (SpanIndex): mentions to rank; none is pruned.
        before (Candidates): what was kept in front of this batch, where it continues a
            document; its rows are antecedents too.
        first_doc (int): number of the batch's first document, as `before` counts.
        """
        kept = self._keep(encoded, windows, given, context)
        kept = kept._replace(docs=kept.docs + first_doc)
        seen = kept if before is None else before.followed_by(kept)
        first = len(seen.docs) - len(kept.docs)
        linked, coarse = self._links(seen, first)
        nothing = torch.stack([torch.zeros_like(kept.scores), kept.scores][: self.n_none], dim=1)
        return Ranking(kept, torch.cat([nothing, linked], dim=1), coarse)

    def _keep(
        self, encoded: Encoded, windows: Tensor, given: SpanIndex | None, context: CorefContext | None
    ) -> Candidates:
        layout, config = encoded.layout, self.config
        if given is None:
            spans, scores = enumerate_spans(layout, config.max_span_width), self.mention.all_scores(encoded)  # (S,)
            own = windows[layout.token_segments()[spans.starts]]
            n_windows = int(windows[-1]) + 1
            lengths = torch.zeros(n_windows, dtype=torch.int64, device=windows.device)
            lengths = lengths.index_add(0, windows, layout.segment_lengths)
            keep = (lengths * config.spans_per_token).floor().long().clamp(min=1)
            rows = prune(scores.detach(), own, keep)
            spans, scores = spans.select(rows), scores[rows]
        else:
            spans, scores = given, self.mention.scores(encoded, given)
        docs = layout.token_docs()[spans.starts]
        if context is None:
            speakers, genres = torch.full_like(docs, -1), torch.zeros_like(docs)
        else:
            speakers, genres = context.speakers[spans.starts], context.genres[docs]
        return Candidates(spans, docs, speakers, genres, scores, self.mention.vectors(encoded, spans))

    def _links(self, seen: Candidates, first: int) -> tuple[Tensor, Tensor | None]:
        """Scores of the antecedents of the rows from `first`, by distance, shape (M - first, A), and coarse ones."""
        n_rows = len(seen.docs) - first
        n_columns = min(self.config.max_antecedents, max(len(seen.docs) - 1, 0))
        options = seen.scores.new_full((n_rows, n_columns), _IMPOSSIBLE)
        if options.numel() == 0:
            return options, None if self.coarse is None else options
        mention, antecedent, column = antecedent_pairs(seen.docs, n_columns, first)
        base = seen.scores.index_select(0, mention) + seen.scores.index_select(0, antecedent)
        coarse = None
        if self.coarse is not None:
            bilinear = self.coarse(seen.vectors, first, n_columns)
            coarse = options.index_put((mention - first, column), base + bilinear[mention - first, column])
            best = coarse.detach().topk(min(self.config.top_antecedents, n_columns), dim=1).indices
            chosen = torch.zeros_like(coarse, dtype=torch.bool).scatter_(1, best, True)
            rows = chosen[mention - first, column].nonzero(as_tuple=True)[0]
            mention, antecedent, column, base = (t[rows] for t in (mention, antecedent, column, base))
        scores = base + self.pair(seen, mention, antecedent, column)
        return options.index_put((mention - first, column), scores), coarse

    # --- loss ---

    def loss(self, encoded: Encoded, targets: MentionTensors, given: SpanIndex | None = None) -> Tensor:
        """Negative marginal log-likelihood of the gold antecedents, nats summed over kept spans.

        Lee et al. (2017), equation 7: a span's gold choices are all earlier kept spans of
        its cluster; else "new entity" (with singletons, for a gold mention), else 0.

        From coarse to fine, the same loss of the coarse scores, over all antecedents, is
        added: by the full scores alone nothing teaches to choose an antecedent that was
        not chosen.

        given (SpanIndex): mentions to rank instead of all spans.
        """
        if encoded.states.shape[0] == 0 or (given is not None and len(given.starts) == 0):
            return encoded.states.sum() * 0.0
        windows = encoded.layout.segment_windows(self.config.window)
        ranking = self.rank(encoded, windows, given, targets.context)
        clusters = match(ranking.kept.spans, targets.spans, targets.clusters)  # (M,)
        scored = [ranking.options]
        if ranking.coarse is not None:
            scored.append(torch.cat([ranking.options[:, : self.n_none], ranking.coarse], dim=1))
        return torch.stack([self._marginal(options, clusters) for options in scored]).sum()

    def _marginal(self, options: Tensor, clusters: Tensor) -> Tensor:
        """Negative log-likelihood of all gold choices together, summed over spans."""
        correct = self._gold_options(options, clusters)
        return -torch.where(correct, options.log_softmax(dim=1), _IMPOSSIBLE).logsumexp(dim=1).sum()

    def _gold_options(self, options: Tensor, clusters: Tensor) -> Tensor:
        """Bool, shape (M, C + A): the choices that agree with the gold clusters."""
        n_mentions, n_options = options.shape
        rows = torch.arange(n_mentions, device=clusters.device).unsqueeze(1)
        antecedent = rows - 1 - torch.arange(n_options - self.n_none, device=clusters.device)  # (M, A)
        exists = (antecedent >= 0) & (options[:, self.n_none :] > _IMPOSSIBLE / 2)
        mine = clusters.unsqueeze(1)
        linked = exists & (mine >= 0) & (clusters[antecedent.clamp(min=0)] == mine)
        none = ~linked.any(dim=1)
        new = (clusters >= 0) if self.config.singletons else torch.zeros_like(none)
        first = [none & ~new] + ([none & new] if self.config.singletons else [])
        return torch.cat([torch.stack(first, dim=1), linked], dim=1)

    # --- decoding ---

    def decode(
        self,
        encoded: Encoded,
        given: SpanIndex | None,
        singleton_threshold: float,
        context: CorefContext | None = None,
    ) -> DecodedClusters:
        """Clusters of a batch that is ranked at once; see `link`."""
        if encoded.states.shape[0] == 0 or (given is not None and len(given.starts) == 0):
            return self.link([], singleton_threshold)
        windows = encoded.layout.segment_windows(self.config.window)
        ranking = self.rank(encoded, windows, given, context)
        return self.link([ranking], singleton_threshold, are_mentions=given is not None)

    def link(
        self, rankings: Sequence[Ranking], singleton_threshold: float, *, are_mentions: bool = False
    ) -> DecodedClusters:
        """Clusters by following each mention's best antecedent, through rankings that continue each other.

        singleton_threshold (float): least probability of a new entity for a mention that
            nothing links to, used if the head was trained with singletons.
        are_mentions (bool): All that was ranked is known to be a mention, so that a head
            trained with singletons leaves none out.
        RETURNS (DecodedClusters): confidence of a linked mention: probability, summed over
            its antecedents in the same cluster; of a first mention: that of no antecedent
            (with singletons: of a new entity).
        """
        if not rankings:
            none = torch.zeros(0, dtype=torch.int64, device=self.mention.attention.weight.device)
            return DecodedClusters(SpanIndex(none, none), none, none.float())
        width = max(ranking.options.shape[1] for ranking in rankings)
        options = torch.cat(
            [functional.pad(r.options, (0, width - r.options.shape[1]), value=_IMPOSSIBLE) for r in rankings]
        )
        spans = SpanIndex(*(torch.cat(column) for column in zip(*(r.kept.spans for r in rankings))))
        n_none = self.n_none
        if are_mentions and self.config.singletons:
            options[:, 0] = _IMPOSSIBLE
            singleton_threshold = 0.0
        probability = options.softmax(dim=1)
        choice = probability.argmax(dim=1) - n_none  # (M,), column, or negative
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
        if self.config.singletons:
            kept = kept | ((size == 1) & (first >= singleton_threshold))
        rows = kept.nonzero().squeeze(1)
        return DecodedClusters(spans.select(rows), root[rows], scores[rows])
