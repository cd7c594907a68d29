"""Gold annotation of a batch as the tensors that the heads' losses read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from typing import Any

import torch
from spacy.training import Example

from ..annotations.groups import get_clusters, get_entities, get_mentions, get_relations
from ..annotations.nesting import peel
from ..errors import Errors
from ..nn.heads.coref import CorefContext, MentionTensors
from ..nn.heads.relation import TokenPairs
from ..nn.heads.tagger import TagTargets
from ..nn.layout import Layout
from ..nn.spans import SpanIndex
from .context import make_context

# Maps a gold span to the predicted tokens, or to None where borders disagree.
Aligner = Callable[[int, int], "tuple[int, int] | None"]


def aligner(eg: Example) -> Aligner:
    """How gold token offsets of an Example translate to offsets in its predicted Doc."""
    if len(eg.x) == len(eg.y) and [t.text for t in eg.x] == [t.text for t in eg.y]:
        return lambda start, end: (start, end)
    y2x, x2y = eg.alignment.y2x, eg.alignment.x2y

    def align(start: int, end: int) -> tuple[int, int] | None:
        tokens = y2x[start:end]
        if len(tokens) == 0:
            return None
        first, last = int(tokens.min()), int(tokens.max()) + 1
        back = x2y[first:last]
        return (first, last) if int(back.min()) == start and int(back.max()) + 1 == end else None

    return align


class TargetBuilder:
    """Makes targets for one batch; counts in `missed` what could not be used.

    missed (Counter): spans by layer that do not align or that cross segments.
    total (Counter): gold spans by layer.
    """

    def __init__(
        self, labels: dict[str, list[str]], nesting: str, layers: dict[str, int], features: Sequence[str] = ()
    ) -> None:
        self.features = features
        self.numbers = {task: {label: i for i, label in enumerate(names)} for task, names in labels.items()}
        self.nesting = nesting
        self.layers = layers
        self.missed: Counter[str] = Counter()
        self.total: Counter[str] = Counter()

    def build(self, examples: Sequence[Example], task: str, layout: Layout) -> Any:
        """Targets of one task for the whole batch."""
        kinds: dict[str, Any] = {
            "ner": self._tags,
            "emd": self._tags,
            "relation": self._pairs,
            "coref": self._clusters,
        }
        segments = layout.token_segments().tolist()
        rows: list[tuple[int, ...]] = []
        for number, (eg, offset) in enumerate(zip(examples, layout.doc_starts().tolist())):
            align = aligner(eg)

            def find(start: int, end: int, align: Aligner = align, offset: int = offset) -> tuple[int, int] | None:
                """Flat offsets of a gold span that lies within one segment."""
                aligned = align(start, end)
                if aligned is None or segments[aligned[0] + offset] != segments[aligned[1] - 1 + offset]:
                    return None
                return aligned[0] + offset, aligned[1] + offset

            def place(start: int, end: int, find: Aligner = find) -> tuple[int, int] | None:
                """The same, counted."""
                at = find(start, end)
                self.total[task] += 1
                self.missed[task] += at is None
                return at

            rows.extend(kinds[task](eg, task, place, number))
            if task == "coref":
                rows.extend(_unclustered(eg, find, rows))
        device = layout.doc_lengths.device
        if task == "coref":
            context = make_context([eg.predicted for eg in examples], self.features, device)
            return _mention_tensors(rows, context, device)
        return _tensors(task, rows, device)

    def _number(self, task: str, label: str) -> int:
        try:
            return self.numbers[task][label]
        except KeyError:
            known = ", ".join(self.numbers[task])
            raise ValueError(Errors.H309.format(label=label, task=task, known=known)) from None

    def _tags(self, eg: Example, task: str, place: Aligner, number: int) -> list[tuple[int, int, int, int]]:
        gold = (get_entities if task == "ner" else get_mentions)(eg.reference) or []
        return [
            (*at, self._number(task, span.label), layer)
            for layer, spans in enumerate(peel(gold, self.nesting, self.layers[task]))
            for span in spans
            if (at := place(span.start, span.end)) is not None
        ]

    def _pairs(self, eg: Example, task: str, place: Aligner, number: int) -> list[tuple[int, int, int]]:
        rows = []
        for relation in get_relations(eg.reference) or []:
            # One span from token to token, so that a pair across segments is counted and left out.
            ends = sorted([relation.head.end, relation.tail.end])
            if place(ends[0] - 1, ends[1]) is None:
                continue
            head, tail = (place(a.end - 1, a.end) for a in (relation.head, relation.tail))
            if head is not None and tail is not None:
                rows.append((head[0], tail[0], self._number(task, relation.label)))
        return rows

    def _clusters(self, eg: Example, task: str, place: Aligner, number: int) -> list[tuple[int, int, int]]:
        # Cluster numbers are unique in the batch, so that documents cannot corefer.
        return [
            (*at, (number << 32) + i)
            for i, cluster in enumerate(get_clusters(eg.reference) or [])
            for mention in cluster
            if (at := place(mention.start, mention.end)) is not None
        ]


def _unclustered(eg: Example, find: Aligner, rows: Sequence[tuple[int, ...]]) -> list[tuple[int, int, int]]:
    """Mentions outside all clusters: they teach a head that ranks gold mentions what to leave alone."""
    inside = {row[:2] for row in rows}
    spans = [(mention.start, mention.end) for mention in get_mentions(eg.reference) or []]
    return [(*at, -1) for at in {find(*span) for span in spans} if at is not None and at not in inside]


def _tensors(task: str, rows: list[tuple[int, ...]], device: torch.device) -> Any:
    width = 3 if task == "relation" else 4
    table = torch.tensor(sorted(rows), dtype=torch.int64, device=device).reshape(-1, width)
    a, b, c, *rest = table.unbind(dim=1)
    if task == "relation":
        return TokenPairs(a, b, c, torch.ones(len(a), device=device))
    return TagTargets(a, b, c, rest[0])


def _mention_tensors(rows: list[tuple[int, ...]], context: CorefContext | None, device: torch.device) -> MentionTensors:
    starts, ends, clusters = torch.tensor(sorted(rows), dtype=torch.int64, device=device).reshape(-1, 3).unbind(dim=1)
    candidates, inside = SpanIndex(starts, ends), clusters >= 0
    return MentionTensors(candidates.select(inside), clusters[inside], candidates, context)
