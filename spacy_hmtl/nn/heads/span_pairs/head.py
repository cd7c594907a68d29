"""Relations between typed spans: the head finds its arguments, and scores every ordered pair of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import torch
from torch import Tensor
from torch.nn import functional

from ....errors import Errors
from ...encoder import Encoded
from ..protocol import NOTHING, Beside, GivenMentions, Head, HeadLabels
from ..relation import hush_rows
from ..tagger import TaggerConfig, TaggerHead
from ..tensors import RelationTargets, SpanPairs, SpanTensors
from ..thresholds import least_scores
from .config import SpanPairConfig
from .rules import IMPOSSIBLE, RelationRules
from .scorer import Pairs, PairScorer, TypedSpans, make_pairs

# Pairs whose scores are kept together; a group of spans that makes more stays whole.
_BLOCK = 65_536


class SpanPairHead(Head):
    """A sigmoid for each ordered pair of arguments and each label.

    Pairs are those of one sentence, or of one window of tokens. In training they are the pairs of
    all gold arguments and, after a warm-up, of those that the head finds wrongly: what no
    relation joins is a negative example.

    width (int): H, width of the states.
    labels (HeadLabels): Of relations and of the types of their arguments.
    config (SpanPairConfig): Settings.

    Source: Bekoulis et al. (2018), "Joint entity recognition and relation extraction as a multi-head
    selection problem", sections 3.3 and 3.4, for the typed tagger below the relations; Eberts and
    Ulges (2020) for pairs of spans, see `scorer.py`.
    """

    n_updates: Tensor
    type_numbers: Tensor

    def __init__(self, width: int, labels: HeadLabels, config: SpanPairConfig) -> None:
        super().__init__()
        self.config, self.labels = config, list(labels.own)
        own = config.arguments == "own"
        self.argument_labels = list(labels.arguments if own else labels.needed[config.arguments])
        if unknown := [name for name in labels.arguments if name not in self.argument_labels]:
            known = ", ".join(self.argument_labels)
            raise ValueError(Errors.H263.format(task=config.arguments, unknown=", ".join(unknown), known=known))
        tagger = TaggerConfig(config.encoder, config.layers)
        self.tagger = TaggerHead(width, self.argument_labels, tagger) if own else None
        self.scorer = PairScorer(width, len(self.argument_labels), len(self.labels), config)
        seen = labels.schema if config.seen_types else ()
        self.rules = RelationRules(self.labels, self.argument_labels, config.schema, seen)
        numbers = [self.argument_labels.index(name) for name in labels.arguments]
        # What targets call a type -> what the head calls it.
        self.register_buffer("type_numbers", torch.tensor(numbers, dtype=torch.int64), persistent=False)
        self.register_buffer("n_updates", torch.zeros((), dtype=torch.int64))

    def hush(self, before: SpanPairHead) -> None:
        """See `Head.hush`.

        before (SpanPairHead): With fewer labels or types of arguments.
        """
        if self.tagger is not None and before.tagger is not None:
            self.tagger.hush(before.tagger)
        hush_rows(self.scorer.output, len(before.labels))

    # --- loss ---

    def loss(self, encoded: Encoded, targets: RelationTargets, beside: Beside = NOTHING) -> Tensor:
        """Negative log-likelihood of the arguments' tags, and binary cross-entropy of all pairs and labels.

        See `Head.loss`.

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        targets (RelationTargets): Gold relations and arguments.
        beside (Beside): What else the head may read.
        RETURNS (Tensor): Shape ().
        """
        total = encoded.states.sum() * 0.0
        if self.tagger is not None and targets.arguments is not None:
            tags = targets.arguments._replace(labels=self.type_numbers[targets.arguments.labels])
            total = total + self.tagger.loss(encoded, tags)
        spans = self._candidates(encoded, targets, beside)
        if self.training:
            self.n_updates += 1
        groups = self._groups(encoded, beside, spans)
        pairs = make_pairs(groups)
        if len(pairs.first) == 0:
            return total
        prepared = self.scorer.prepare(encoded.states, spans, _longest(spans, pairs))
        scores = self.scorer(prepared, pairs.first, pairs.second)  # (P, R)
        gold = self.rules.gold(self._gold(targets, spans, groups, pairs), pairs.reverse)
        cells = functional.binary_cross_entropy_with_logits(scores, gold, reduction="none")
        if targets.unknown is not None:
            docs = encoded.layout.token_docs()[spans.starts[pairs.first]]
            cells = torch.where(targets.unknown[docs] & (gold == 0), 0.0, cells)
        return total + torch.where(pairs.first == pairs.second, 0.0, cells.sum(1)).sum()

    def _candidates(self, encoded: Encoded, targets: RelationTargets, beside: Beside) -> TypedSpans:
        """Gold arguments and those that are found where no gold one is, in document order."""
        gold = [
            torch.stack([span.starts, span.ends, self._types(types)], 1)
            for span, types in ((targets.arg1, targets.types1), (targets.arg2, targets.types2))
        ]
        if targets.arguments is not None:
            own = targets.arguments
            gold.append(torch.stack([own.starts, own.ends, self._types(own.labels)], 1))
        rows = torch.cat(gold)
        rows = rows[(rows[:, 0] >= 0) & (rows[:, 2] >= 0)]
        if not self.training or int(self.n_updates) >= self.config.warmup_updates:
            with torch.no_grad():
                found = self._find(encoded, beside)
            extra = torch.stack([found.starts, found.ends, found.labels], 1)
            base = encoded.states.shape[0] + 1
            is_known = torch.isin(extra[:, 0] * base + extra[:, 1], rows[:, 0] * base + rows[:, 1])
            rows = torch.cat([rows, extra[~is_known]])
        return TypedSpans(*rows.unique(dim=0).unbind(1))

    def _types(self, numbers: Tensor) -> Tensor:
        """The head's numbers of types that targets name, -1 for an unknown one."""
        if len(self.type_numbers) == 0:
            return torch.full_like(numbers, -1)
        return torch.where(numbers >= 0, self.type_numbers[numbers.clamp(min=0)], -1)

    def _gold(self, targets: RelationTargets, spans: TypedSpans, groups: Tensor, pairs: Pairs) -> Tensor:
        """Float32, shape (P, R), 1 where a relation holds."""
        cells = torch.zeros((len(pairs.first), len(self.labels)), device=groups.device)
        heads = _rows_of(targets.arg1.starts, targets.arg1.ends, self._types(targets.types1), spans)
        tails = _rows_of(targets.arg2.starts, targets.arg2.ends, self._types(targets.types2), spans)
        inside = (heads >= 0) & (tails >= 0)
        inside &= groups[heads.clamp(min=0)] == groups[tails.clamp(min=0)]
        heads, tails = heads[inside], tails[inside]
        # Pairs come head by head, so that a pair's row is that of its head's first pair and the tail's place.
        begin = torch.searchsorted(pairs.first, heads)
        first_tail = pairs.second[begin]
        cells[begin + tails - first_tail, targets.labels[inside]] = 1.0
        return cells

    def _groups(self, encoded: Encoded, beside: Beside, spans: TypedSpans) -> Tensor:
        """Number of the sentence or window that each span is paired within, shape (M,)."""
        segments = encoded.layout.token_segments()[spans.starts]
        return segments if beside.windows is None else beside.windows[segments]

    # --- decoding ---

    def decode(self, encoded: Encoded, settings: Mapping[str, Any], beside: Beside = NOTHING) -> SpanPairs:
        """Pairs of arguments and labels whose probability is at least the threshold. See `Head.decode`.

        encoded (Encoded): Inputs and states of the task's encoder, and their layout.
        settings (Mapping): `relation_threshold`, and by label `relation_thresholds`.
        beside (Beside): What else the head may read.
        RETURNS (SpanPairs): With all arguments that were found.
        """
        found = self._given(self._find(encoded, beside), encoded, beside.given)
        order = torch.argsort(found.starts * (encoded.states.shape[0] + 1) + found.ends, stable=True)
        found = SpanTensors(*(column[order] for column in found))
        spans = TypedSpans(found.starts, found.ends, found.labels)
        cuts = least_scores(settings, self.labels).to(encoded.states.device)
        parts = [part for part in self._blocks(encoded, beside, spans, cuts) if len(part.labels)]
        if not parts:
            none = torch.zeros(0, dtype=torch.int64, device=encoded.states.device)
            return SpanPairs(found, none, none, none, none.float())
        return SpanPairs(found, *(torch.cat(column) for column in zip(*parts)))

    def _find(self, encoded: Encoded, beside: Beside) -> SpanTensors:
        """Arguments by the head's own tagger, or those that another head found."""
        if self.tagger is not None:
            return self.tagger.decode(encoded, {})
        found: SpanTensors | None = beside.found.get(self.config.arguments)
        if found is None:
            none = torch.zeros(0, dtype=torch.int64, device=encoded.states.device)
            return SpanTensors(none, none, none, none.float())
        return SpanTensors(*(column[found.labels >= 0] for column in found))

    def _given(self, found: SpanTensors, encoded: Encoded, given: GivenMentions | None) -> SpanTensors:
        """Given mentions as arguments, in documents that have some whose types the head knows."""
        if given is None or not given.labels:
            return found
        numbers = {name: number for number, name in enumerate(self.argument_labels)}
        types = torch.tensor([numbers.get(name, -1) for name in given.labels], device=found.starts.device)
        is_known = types >= 0
        docs = encoded.layout.token_docs()
        starts, ends, types = given.spans.starts[is_known], given.spans.ends[is_known], types[is_known]
        others = ~torch.isin(docs[found.starts], docs[starts])
        own = SpanTensors(starts, ends, types, torch.ones(len(starts), device=found.scores.device))
        return SpanTensors(*(torch.cat([column[others], more]) for column, more in zip(found, own)))

    def _blocks(self, encoded: Encoded, beside: Beside, spans: TypedSpans, cuts: Tensor) -> Iterator[_Hits]:
        """What scores high enough, block by block, so that memory does not grow with the document."""
        if len(spans.starts) == 0 or not self.labels:
            return
        groups = self._groups(encoded, beside, spans)
        longest = int(encoded.layout.segment_lengths.max())
        if beside.windows is not None:
            # A window ends with the segment in which its last token lies.
            longest += self.config.window
        prepared = self.scorer.prepare(encoded.states, spans, longest)
        for first, last in _cut(groups):
            pairs = make_pairs(groups[first:last], first)
            scores = self.scorer(prepared, pairs.first, pairs.second)
            types = spans.types[pairs.first], spans.types[pairs.second]
            scores = self.rules.enforce(scores, pairs.reverse, pairs.first - first, types)
            # With a threshold of 0, too, rules hold.
            hits = (scores >= cuts) & (scores > IMPOSSIBLE / 2)
            rows, labels = hits.nonzero(as_tuple=True)
            yield _Hits(pairs.first[rows], pairs.second[rows], labels, torch.sigmoid(scores[rows, labels]))


class _Hits(NamedTuple):
    """Relations of a block: rows of the arguments, labels, confidences, shape (P,) each."""

    first: Tensor
    second: Tensor
    labels: Tensor
    scores: Tensor


def _cut(groups: Tensor) -> Iterator[tuple[int, int]]:
    """Ranges of spans: whole groups, together at most `_BLOCK` pairs if one group has no more."""
    _, counts = groups.unique_consecutive(return_counts=True)
    first, last, n_pairs = 0, 0, 0
    for count in counts.tolist():
        if n_pairs and n_pairs + count**2 > _BLOCK:
            yield first, last
            first, n_pairs = last, 0
        last, n_pairs = last + count, n_pairs + count**2
    yield first, last


def _longest(spans: TypedSpans, pairs: Pairs) -> int:
    """Most tokens between the spans of a pair, at least 0."""
    gap = spans.starts[torch.maximum(pairs.first, pairs.second)] - spans.ends[torch.minimum(pairs.first, pairs.second)]
    return max(0, int(gap.max()))


def _rows_of(starts: Tensor, ends: Tensor, types: Tensor, spans: TypedSpans) -> Tensor:
    """Rows of the spans with these boundaries and types, -1 where there is none, shaped as `starts`."""
    if len(spans.starts) == 0 or len(starts) == 0:
        return torch.full_like(starts, -1)
    base, n_types = int(torch.maximum(spans.ends.max(), ends.max())) + 1, int(spans.types.max()) + 1
    keys = (spans.starts * base + spans.ends) * n_types + spans.types  # ascending, as the spans are
    wanted = (starts * base + ends) * n_types + types
    rows = torch.searchsorted(keys, wanted).clamp(max=len(keys) - 1)
    is_there = (keys[rows] == wanted) & (types >= 0) & (starts >= 0) & (types < n_types)
    return torch.where(is_there, rows, -1)


__all__: Sequence[str] = ["SpanPairHead"]
