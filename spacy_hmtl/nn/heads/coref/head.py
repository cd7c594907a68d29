"""Span ranking: which spans are kept, what each may choose, the loss, and clusters from choices."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from ...encoder import Encoded
from ...layout import Chunk
from ...spans import SpanIndex, antecedent_pairs, distinct, enumerate_spans, match, prune, repeats
from ..protocol import NOTHING, Beside, Head
from ..tensors import ClusterTargets, DecodedClusters
from .config import CorefConfig
from .linking import link
from .mentions import MentionScorer
from .pairs import CoarseScorer, PairScorer
from .tensors import IMPOSSIBLE, Candidates, Ranking
from .words import span_facts


class CorefHead(Head):
    """Scores spans as mentions, keeps the best, and ranks the antecedents of each.

    score(i, j) = mention(i) + mention(j) + pair(i, j); "no antecedent" scores 0. From
    coarse to fine, only the best antecedents by mention(i) + mention(j) + bilinear(i, j)
    are scored so; the others are out.

    input_width (int): I, what the task's encoder reads.
    config (CorefConfig): Settings.

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

    def rank(
        self,
        encoded: Encoded,
        own: SpanIndex | None = None,
        beside: Beside = NOTHING,
        before: Candidates | None = None,
        first_doc: int = 0,
    ) -> Ranking | None:
        """Choose the spans of a batch and score what each may refer to.

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        own (SpanIndex, optional): Spans to rank instead of the best of all; none is pruned.
        beside (Beside): Windows, facts for the features, and given mentions, which are ranked
            instead of others in their documents.
        before (Candidates, optional): What was kept in front of this batch, where it continues
            a document; its rows are antecedents too.
        first_doc (int): Number of the batch's first document, as `before` counts.
        RETURNS (Ranking, optional): None where there is nothing to rank.
        """
        if encoded.layout.n_tokens == 0:
            return None
        every = self._every(encoded) if own is None and not _all_given(beside) else None
        spans, scores, known = self._choose(encoded, own, every, beside)
        if len(spans.starts) == 0:
            return None
        docs = encoded.layout.token_docs()[spans.starts]
        if beside.context is None:
            speakers, genres = torch.full_like(docs, -1), torch.zeros_like(docs)
        else:
            speakers, genres = beside.context.speakers[spans.starts], beside.context.genres[docs]
        vectors = self.mention.vectors(encoded, spans)
        facts = docs.new_zeros((len(docs), 0))
        if beside.context is not None and beside.context.words is not None and "words" in self.config.features:
            facts = span_facts(beside.context.words, spans)
        kept = Candidates(spans, docs + first_doc, speakers, genres, scores, vectors, facts)
        seen = kept if before is None else before.followed_by(kept)
        linked, coarse = self._links(seen, len(seen.docs) - len(kept.docs))
        nothing = torch.stack([torch.zeros_like(scores), scores][: self.config.n_none], dim=1)
        return Ranking(kept, torch.cat([nothing, linked], dim=1), known, coarse, every)

    def _every(self, encoded: Encoded) -> tuple[SpanIndex, Tensor]:
        """All spans up to the greatest width, and their mention scores, shape (S,)."""
        return enumerate_spans(encoded.layout, self.config.max_span_width), self.mention.all_scores(encoded)

    def _choose(
        self, encoded: Encoded, own: SpanIndex | None, every: tuple[SpanIndex, Tensor] | None, beside: Beside
    ) -> tuple[SpanIndex, Tensor, Tensor]:
        """Spans to rank, their mention scores, shape (M,), and whether each is known to be a mention."""
        given = beside.given
        if given is not None and _all_given(beside):
            return given.spans, self._score(encoded, given.spans), torch.ones_like(given.spans.starts, dtype=torch.bool)
        if own is not None:
            spans, scores = own, self._score(encoded, own)
        else:
            spans, scores = self._best(encoded, *(every or self._every(encoded)), beside)
        known = torch.zeros_like(spans.starts, dtype=torch.bool)
        if given is None or not any(given.docs):
            return spans, scores, known
        is_given = torch.tensor(given.docs, device=known.device)  # (B,)
        free = (~is_given[encoded.layout.token_docs()[spans.starts]]).nonzero().squeeze(1)
        starts, ends = (
            torch.cat([spans.starts[free], given.spans.starts]),
            torch.cat([spans.ends[free], given.spans.ends]),
        )
        scores = torch.cat([scores[free], self._score(encoded, given.spans)])
        known = torch.cat([known[free], torch.ones_like(given.spans.starts, dtype=torch.bool)])
        order = (starts * (encoded.layout.n_tokens + 1) + ends).argsort()
        return SpanIndex(starts[order], ends[order]), scores[order], known[order]

    def _score(self, encoded: Encoded, spans: SpanIndex) -> Tensor:
        """Mention scores of some spans, shape (S,)."""
        return self.mention.scores(encoded, spans) if len(spans.starts) else encoded.states.new_zeros(0)

    def _best(self, encoded: Encoded, spans: SpanIndex, scores: Tensor, beside: Beside) -> tuple[SpanIndex, Tensor]:
        """The likeliest mentions of each window among all spans, and their scores, shape (M,)."""
        layout, config = encoded.layout, self.config
        windows = layout.segment_windows(config.window) if beside.windows is None else beside.windows
        own = windows[layout.token_segments()[spans.starts]]
        n_windows = int(windows[-1]) + 1
        lengths = torch.zeros(n_windows, dtype=torch.int64, device=windows.device)
        lengths = lengths.index_add(0, windows, layout.segment_lengths)
        keep = (lengths * config.spans_per_token).floor().long().clamp(min=1)
        rows = prune(scores.detach(), own, keep)
        return spans.select(rows), scores[rows]

    def _links(self, seen: Candidates, first: int) -> tuple[Tensor, Tensor | None]:
        """Scores of the antecedents of the rows from `first`, by distance, shape (M - first, A), and coarse ones."""
        n_rows = len(seen.docs) - first
        n_columns = min(self.config.max_antecedents, max(len(seen.docs) - 1, 0))
        options = seen.scores.new_full((n_rows, n_columns), IMPOSSIBLE)
        if options.numel() == 0:
            return options, None if self.coarse is None else options
        mention, antecedent, column = antecedent_pairs(seen.docs, n_columns, first)
        base = seen.scores.index_select(0, mention) + seen.scores.index_select(0, antecedent)
        coarse = None
        if self.coarse is not None:
            bilinear = self.coarse(seen.vectors, first, n_columns)
            told = base + bilinear[mention - first, column] + self.coarse.words(seen.facts, mention, antecedent)
            coarse = options.index_put((mention - first, column), told)
            best = coarse.detach().topk(min(self.config.top_antecedents, n_columns), dim=1).indices
            chosen = torch.zeros_like(coarse, dtype=torch.bool).scatter_(1, best, True)
            rows = chosen[mention - first, column].nonzero(as_tuple=True)[0]
            mention, antecedent, column, base = (t[rows] for t in (mention, antecedent, column, base))
        scores = base + self.pair(seen, mention, antecedent, column)
        return options.index_put((mention - first, column), scores), coarse

    # --- loss ---

    def loss(self, encoded: Encoded, targets: ClusterTargets, beside: Beside = NOTHING) -> Tensor:
        """Negative marginal log-likelihood of the gold antecedents, nats summed over kept spans.

        Lee et al. (2017), equation 7: a span's gold choices are all earlier kept spans of
        its cluster; else "new entity" (with singletons, for a gold mention), else 0.

        From coarse to fine, the same loss of the coarse scores, over all antecedents, is
        added: by the full scores alone nothing teaches to choose an antecedent that was
        not chosen. With a `mention_weight`, so is the cross-entropy of the mention scores of
        all spans: those that are not kept learn from nothing else.

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        targets (ClusterTargets): Gold mentions and clusters.
        beside (Beside): What else the head may read.
        RETURNS (Tensor): Shape ().
        """
        own = self.mentions(beside)
        if own is None and self.config.candidates == "mentions":
            own = distinct(targets.candidates or targets.spans)
        if own is None and targets.partial is not None:
            own = self._with_known(encoded, targets, targets.partial, beside)
        ranking = self.rank(encoded, own, beside)
        if ranking is None:
            return encoded.states.sum() * 0.0
        clusters = match(ranking.kept.spans, targets.spans, targets.clusters)  # (M,)
        scored = [ranking.options]
        if ranking.coarse is not None:
            scored.append(torch.cat([ranking.options[:, : self.config.n_none], ranking.coarse], dim=1))
        is_partial = None if targets.partial is None else targets.partial[ranking.kept.docs]  # (M,)
        total = torch.stack([self._marginal(options, clusters, is_partial) for options in scored]).sum()
        if self.config.mention_weight and ranking.every is not None:
            spans, scores = ranking.every
            is_mention = (match(spans, targets.spans, targets.clusters) >= 0).to(scores.dtype)
            own_loss = functional.binary_cross_entropy_with_logits(scores, is_mention, reduction="sum")
            total = total + self.config.mention_weight * own_loss
        return total

    def mentions(self, beside: Beside) -> SpanIndex | None:
        """The mentions found by the level that candidates are taken from, if it was asked.

        beside (Beside): With what the needed level found.
        RETURNS (SpanIndex, optional): Each once, in document order.
        """
        found = beside.found.get("emd")
        return None if found is None else distinct(SpanIndex(found.starts, found.ends))

    def _with_known(self, encoded: Encoded, targets: ClusterTargets, partial: Tensor, beside: Beside) -> SpanIndex:
        """The best spans, and the annotated ones of documents that are annotated in part, in document order."""
        with torch.no_grad():
            best, _ = self._best(encoded, *self._every(encoded), beside)
        known = targets.spans.select(partial[encoded.layout.token_docs()[targets.spans.starts]])
        return distinct(SpanIndex(torch.cat([best.starts, known.starts]), torch.cat([best.ends, known.ends])))

    def _marginal(self, options: Tensor, clusters: Tensor, is_partial: Tensor | None = None) -> Tensor:
        """Negative log-likelihood of all gold choices together, summed over spans.

        Where a document is annotated in part, an annotated mention chooses between the annotated ones and a new
        entity. It does not where its antecedent is out of reach, nor do other spans.
        """
        correct = self._gold_options(options, clusters)
        if is_partial is None:
            return -torch.where(correct, options.log_softmax(dim=1), IMPOSSIBLE).logsumexp(dim=1).sum()
        n_none = self.config.n_none
        rows = torch.arange(len(clusters), device=clusters.device)
        antecedent = rows.unsqueeze(1) - 1 - torch.arange(options.shape[1] - n_none, device=clusters.device)
        is_known = (antecedent >= 0) & (clusters[antecedent.clamp(min=0)] >= 0)
        is_open = functional.pad(~is_known, (n_none, 0))
        # With a choice "new entity" that of being no mention is out.
        is_open[:, : n_none - 1] = True
        closed = torch.where(is_partial.unsqueeze(1) & is_open, IMPOSSIBLE, options)
        likelihood = torch.where(correct, closed.log_softmax(dim=1), IMPOSSIBLE).logsumexp(dim=1)
        is_out = repeats(clusters) & ~correct[:, n_none:].any(dim=1)
        return -torch.where(is_partial & ((clusters < 0) | is_out), 0.0, likelihood).sum()

    def _gold_options(self, options: Tensor, clusters: Tensor) -> Tensor:
        """Bool, shape (M, n_none + A): the choices that agree with the gold clusters."""
        n_mentions, n_options = options.shape
        rows = torch.arange(n_mentions, device=clusters.device).unsqueeze(1)
        antecedent = rows - 1 - torch.arange(n_options - self.config.n_none, device=clusters.device)  # (M, A)
        exists = (antecedent >= 0) & (options[:, self.config.n_none :] > IMPOSSIBLE / 2)
        mine = clusters.unsqueeze(1)
        linked = exists & (mine >= 0) & (clusters[antecedent.clamp(min=0)] == mine)
        none = ~linked.any(dim=1)
        new = (clusters >= 0) if self.config.singletons else torch.zeros_like(none)
        first = [none & ~new] + ([none & new] if self.config.singletons else [])
        return torch.cat([torch.stack(first, dim=1), linked], dim=1)

    # --- decoding ---

    def decode(self, encoded: Encoded, settings: Mapping[str, Any], beside: Beside = NOTHING) -> DecodedClusters:
        """Clusters of a batch that is ranked at once; see `link`.

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        settings (Mapping): Those of the component, thresholds among them.
        beside (Beside): What else the head may read.
        RETURNS (DecodedClusters): With offsets in the batch.
        """
        ranking = self.rank(encoded, self.mentions(beside), beside)
        return link([] if ranking is None else [ranking], self.config, settings, encoded.states.device)

    def decoder(self, settings: Mapping[str, Any]) -> ClusterDecoder:
        """See `Head.decoder`."""
        return ClusterDecoder(self, settings)


def _all_given(beside: Beside) -> bool:
    return beside.given is not None and all(beside.given.docs)


class ClusterDecoder:
    """Ranks a batch part by part, carrying the last mentions over as antecedents, and links at the end.

    head (CorefHead): Ranks the parts.
    settings (Mapping): With the thresholds, see `link`.
    """

    def __init__(self, head: CorefHead, settings: Mapping[str, Any]) -> None:
        self.head, self.settings = head, settings
        self.before: Candidates | None = None
        self.rankings: list[Ranking] = []

    def add(self, encoded: Encoded, chunk: Chunk, beside: Beside) -> None:
        """Rank the next part; clusters are known only at the end.

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        chunk (Chunk): Where the part lies in the batch.
        beside (Beside): What else the head may read.
        """
        ranking = self.head.rank(encoded, self.head.mentions(beside), beside, self.before, chunk.first_doc)
        if ranking is None:
            return
        seen = ranking.kept if self.before is None else self.before.followed_by(ranking.kept)
        self.before = seen.last(self.head.config.max_antecedents)
        self.rankings.append(Ranking(ranking.kept.shifted(chunk.start), ranking.options, ranking.known))

    def result(self) -> DecodedClusters:
        """Clusters of the whole batch."""
        return link(self.rankings, self.head.config, self.settings, self.head.mention.attention.weight.device)
