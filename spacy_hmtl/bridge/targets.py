"""Gold annotation of a batch as the tensors that the heads' losses read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from spacy.training import Example
from torch import Tensor

from ..annotations.groups import (
    get_arguments,
    get_clusters,
    get_mentions,
    get_meta,
    get_relations,
)
from ..annotations.layers import LAYERS
from ..annotations.nesting import peel
from ..errors import Errors
from ..nn.heads.protocol import HeadConfig
from ..nn.heads.tensors import ClusterTargets, RelationTargets, SpanTargets
from ..nn.hierarchy import LabelSets
from ..nn.layout import Layout
from ..nn.spans import SpanIndex
from ..types import LabeledSpan, Triple

# Maps a gold span to the predicted tokens, or to None where boundaries disagree.
Aligner = Callable[[int, int], "tuple[int, int] | None"]


def aligner(eg: Example) -> Aligner:
    """How gold token offsets of an Example translate to offsets in its predicted Doc.

    RETURNS (Callable): From start and end of a gold span to those in the predicted Doc, or None.
    """
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


class _Places:
    """Flat offsets of an Example's gold spans in the batch, counted.

    align: see `aligner`.
    first (int): Flat offset of the Doc.
    segments, windows (list): Number of the segment and of the window of each token of the
        batch; a span lies within one segment, a relation within one window.
    count (Callable): Called with whether a gold span could be placed.
    """

    def __init__(
        self, align: Aligner, first: int, segments: list[int], windows: list[int], count: Callable[[bool], None]
    ) -> None:
        self.align, self.first = align, first
        self.segments, self.windows, self.count = segments, windows, count

    def find(self, start: int, end: int) -> tuple[int, int] | None:
        """Where a gold span is, if it aligns and lies within one segment; not counted."""
        return self._within(self.segments, start, end)

    def span(self, start: int, end: int) -> tuple[int, int] | None:
        """The same, counted."""
        at = self.find(start, end)
        self.count(at is not None)
        return at

    def reach(self, start: int, end: int) -> bool:
        """Whether all between two gold tokens lies within one window, counted."""
        at = self._within(self.windows, start, end)
        self.count(at is not None)
        return at is not None

    def _within(self, groups: list[int], start: int, end: int) -> tuple[int, int] | None:
        aligned = self.align(start, end)
        if aligned is None or groups[aligned[0] + self.first] != groups[aligned[1] - 1 + self.first]:
            return None
        return aligned[0] + self.first, aligned[1] + self.first


# Examples of a batch and where their spans are.
_Placed = Iterable[tuple[Example, _Places]]


class TargetBuilder:
    """Makes targets for one batch, by the kinds of the heads; counts in `missed` what could not be used.

    labels (LabelSets): Those that the heads were built for.
    nesting (str): Level of nested spans that a tagger's first layer learns.
    configs (Mapping): Settings of each task's head.

    missed (Counter): By task, spans that do not align or that cross segments.
    total (Counter): By task, gold spans.
    """

    def __init__(self, labels: LabelSets, nesting: str, configs: Mapping[str, HeadConfig]) -> None:
        self.numbers = {task: _numbers(names) for task, names in labels.tasks.items()}
        self.types = _numbers(labels.arguments)
        self.nesting, self.configs = nesting, configs
        self.missed: Counter[str] = Counter()
        self.total: Counter[str] = Counter()

    def build(self, examples: Sequence[Example], task: str, layout: Layout) -> Any:
        """Targets of one task for the whole batch.

        examples (Sequence): Of the batch, annotated for the task.
        task (str): One of the hierarchy.
        layout (Layout): Of the Examples' predicted Docs.
        RETURNS (NamedTuple): Of the kind of the task's head, see `spacy_hmtl.nn.heads.tensors`.
        RAISES (ValueError): H309 for a label that the head was not built for.
        """
        kinds: dict[str, Any] = {"spans": self._spans, "relations": self._relations, "clusters": self._clusters}
        config = self.configs[task]

        def count(is_placed: bool) -> None:
            self.total[task] += 1
            self.missed[task] += not is_placed

        tokens = layout.token_segments()
        segments = windows = tokens.tolist()
        if config.kind == "relations" and config.reach:
            windows = layout.segment_windows(config.reach)[tokens].tolist()
        starts = layout.doc_starts().tolist()
        places = [_Places(aligner(eg), first, segments, windows, count) for eg, first in zip(examples, starts)]
        return kinds[config.kind](list(zip(examples, places)), task, layout.doc_lengths.device)

    def _number(self, task: str, numbers: Mapping[str, int], label: str) -> int:
        if label not in numbers:
            raise ValueError(Errors.H309.format(label=label, task=task, known=", ".join(numbers)))
        return numbers[label]

    # --- kinds of targets ---

    def _spans(self, placed: _Placed, task: str, device: torch.device) -> SpanTargets:
        layer = LAYERS[task]
        rows: list[tuple[int, ...]] = []
        for eg, places in placed:
            gold = layer.read(eg.reference, layer.group) or []
            rows.extend(self._rows(gold, places, task, self.numbers[task]))
        starts, ends, labels, layers = _table(rows, 4, device)
        return SpanTargets(starts, ends, labels, layers, self._possible(placed, task, device))

    def _possible(self, placed: _Placed, task: str, device: torch.device) -> Tensor | None:
        """Labels that the Docs were not annotated with, bool, shape (T, labels); None where there are none.

        A label map says so (`annotated`), and the Doc's metadata keep it.
        """
        parts = []
        for eg, _ in placed:
            annotated = (get_meta(eg.reference).get("annotated_labels") or {}).get(task)
            row = [annotated is not None and label not in annotated for label in self.numbers[task]]
            parts.append(torch.tensor(row, dtype=torch.bool).expand(len(eg.x), -1))
        possible = torch.cat(parts) if parts else torch.zeros((0, len(self.numbers[task])), dtype=torch.bool)
        return possible.to(device) if bool(possible.any()) else None

    def _rows(
        self, spans: Sequence[LabeledSpan], places: _Places, task: str, numbers: Mapping[str, int]
    ) -> list[tuple[int, ...]]:
        """Start, end, label and layer of nesting of spans."""
        return [
            (*at, self._number(task, numbers, span.label), layer)
            for layer, own in enumerate(peel(spans, self.nesting, self.configs[task].tag_layers))
            for span in own
            if (at := places.span(span.start, span.end)) is not None
        ]

    def _relations(self, placed: _Placed, task: str, device: torch.device) -> RelationTargets:
        rows: list[tuple[int, ...]] = []
        arguments: list[tuple[int, ...]] = []
        for eg, places in placed:
            for relation in get_relations(eg.reference) or []:
                rows.extend(self._relation(relation, task, places))
            if self.configs[task].tag_layers:
                arguments.extend(self._rows(get_arguments(eg.reference), places, task, self.types))
        start1, end1, start2, end2, types1, types2, labels = _table(rows, 7, device)
        spans = SpanTargets(*_table(arguments, 4, device)) if self.configs[task].tag_layers else None
        return RelationTargets(SpanIndex(start1, end1), SpanIndex(start2, end2), types1, types2, labels, spans)

    def _relation(self, relation: Triple, task: str, places: _Places) -> list[tuple[int, ...]]:
        """The row of a relation, or none: starts and ends of its arguments, their types, its label."""
        ends = sorted([relation.head.end, relation.tail.end])
        # From last token to last token, so that a pair out of reach is counted and left out.
        if not places.reach(ends[0] - 1, ends[1]):
            return []
        lasts = [places.span(a.end - 1, a.end) for a in (relation.head, relation.tail)]
        row: list[int] = []
        for argument, last in zip((relation.head, relation.tail), lasts):
            if last is None:
                return []
            whole = places.find(argument.start, argument.end)
            row += [-1 if whole is None else whole[0], last[1]]
        types = [self.types.get(argument.label, -1) for argument in (relation.head, relation.tail)]
        return [(*row, *types, self._number(task, self.numbers[task], relation.label))]

    def _clusters(self, placed: _Placed, task: str, device: torch.device) -> ClusterTargets:
        rows: list[tuple[int, ...]] = []
        for number, (eg, places) in enumerate(placed):
            # Cluster numbers are unique in the batch, so that documents cannot corefer.
            own = [
                (*at, (number << 32) + i)
                for i, cluster in enumerate(get_clusters(eg.reference) or [])
                for mention in cluster
                if (at := places.span(mention.start, mention.end)) is not None
            ]
            rows += own + _unclustered(eg, places, own)
        starts, ends, clusters = _table(rows, 3, device)
        candidates, inside = SpanIndex(starts, ends), clusters >= 0
        return ClusterTargets(candidates.select(inside), clusters[inside], candidates)


def _numbers(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _unclustered(eg: Example, places: _Places, rows: Sequence[tuple[int, ...]]) -> list[tuple[int, ...]]:
    """Mentions outside all clusters: they teach a head that ranks gold mentions what to leave alone."""
    inside = {row[:2] for row in rows}
    spans = [(mention.start, mention.end) for mention in get_mentions(eg.reference) or []]
    return [(*at, -1) for at in {places.find(*span) for span in spans} if at is not None and at not in inside]


def _table(rows: Sequence[tuple[int, ...]], width: int, device: torch.device) -> tuple[Tensor, ...]:
    """Sorted rows as columns, Int64, shape (rows,) each."""
    return torch.tensor(sorted(rows), dtype=torch.int64, device=device).reshape(-1, width).unbind(dim=1)
