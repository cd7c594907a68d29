"""Gold annotation of a batch as the tensors that the heads' losses read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

import numpy
import torch
from numpy.typing import NDArray
from spacy.training import Example
from torch import Tensor

from ..annotations.entities import missing_runs
from ..annotations.groups import get_arguments, get_meta, is_partial
from ..annotations.layers import Layers, group_keys, keys_on, read
from ..annotations.nesting import peel
from ..annotations.whitespace import trimmer
from ..errors import Errors
from ..nn.heads.protocol import HeadConfig
from ..nn.heads.tensors import ClusterTargets, RelationTargets, SpanTargets
from ..nn.hierarchy import LabelSets
from ..nn.spans import SpanIndex
from ..types import LabeledSpan, Triple
from .places import Places
from .reading import Reading

# What relations may join, in the counts.
ARGUMENTS = "arguments"
BoolArray = NDArray[numpy.bool_]

# Examples of a batch and where their spans are.
_Placed = Sequence[tuple[Example, Places]]


class TargetBuilder:
    """Makes targets for one batch, by the kinds of the heads; counts in `missed` what could not be used.

    labels (LabelSets): Those that the heads were built for.
    nesting (str): Level of nested spans that a tagger's first layer learns.
    configs (Mapping): Settings of each task's head.
    keys (Mapping, optional): By task, the span groups of gold annotation, see `keys_on`.

    missed (Counter): By task, what does not align or crosses segments: spans, mentions of clusters or relations, each
        once. What relations may join is counted apart, under `ARGUMENTS`.
    total (Counter): By the same keys, all that gold has.
    trimmed (Counter): By task, gold spans that began or ended with white space.
    spans (Counter): By task, all gold spans, arguments of relations among them.
    """

    def __init__(
        self,
        labels: LabelSets,
        nesting: str,
        configs: Mapping[str, HeadConfig],
        keys: Mapping[str, str] | None = None,
    ) -> None:
        self.numbers = {task: _numbers(names) for task, names in labels.tasks.items()}
        self.types = _numbers(labels.arguments)
        self.nesting, self.configs = nesting, configs
        self._keys = group_keys() if keys is None else keys
        self.missed: Counter[str] = Counter()
        self.total: Counter[str] = Counter()
        self.trimmed: Counter[str] = Counter()
        self.spans: Counter[str] = Counter()

    def build(self, examples: Sequence[Example], task: str, reading: Reading) -> Any:
        """Targets of one task for the whole batch.

        examples (Sequence): Of the batch, annotated for the task.
        task (str): One of the hierarchy.
        reading (Reading): Of the Examples' predicted Docs.
        RETURNS (NamedTuple): Of the kind of the task's head, see `spacy_hmtl.nn.heads.tensors`.
        RAISES (ValueError): H309 for a label that the head was not built for.
        """
        kinds: dict[str, Any] = {"spans": self._spans, "relations": self._relations, "clusters": self._clusters}
        config = self.configs[task]
        layout = reading.layout
        tokens = layout.token_segments()
        segments = windows = tokens.tolist()
        if config.kind == "relations" and config.reach:
            windows = layout.segment_windows(config.reach)[tokens].tolist()
        starts = layout.doc_starts().tolist()
        places = [Places(eg, real, first, segments, windows) for eg, real, first in zip(examples, reading.real, starts)]
        return kinds[config.kind](list(zip(examples, places)), task, layout.doc_lengths.device)

    def _count(self, key: str, is_placed: bool) -> None:
        self.total[key] += 1
        self.missed[key] += not is_placed

    def _place(self, places: Places, span: LabeledSpan, key: str) -> tuple[int, int] | None:
        """Where a gold span is in the batch, if it is there; counted."""
        at = places.find(span.start, span.end)
        self._count(key, at is not None)
        return at

    def _number(self, task: str, numbers: Mapping[str, int], label: str) -> int:
        if label not in numbers:
            raise ValueError(Errors.H309.format(label=label, task=task, known=", ".join(numbers)))
        return numbers[label]

    def _gold(self, eg: Example, task: str) -> list[Any]:
        """What an Example's reference is annotated with for a task, without white space at the ends of spans."""
        gold = read(eg.reference, keys_on(eg.reference, self._keys), [task])
        place = trimmer(eg.reference)
        self.spans[task] += sum(1 for _ in gold.spans())
        if place is None:
            return gold.of(task) or []
        self.trimmed[task] += sum(place(span.start, span.end) != span[:2] for span in gold.spans())
        return gold.moved(place).of(task) or []

    def _arguments(self, eg: Example) -> list[LabeledSpan]:
        """What relations of an Example's reference may join, without white space at the ends."""
        spans = get_arguments(eg.reference, keys_on(eg.reference, self._keys))
        place = trimmer(eg.reference)
        return spans if place is None else Layers(mentions=spans).moved(place).mentions or []

    # --- kinds of targets ---

    def _spans(self, placed: _Placed, task: str, device: torch.device) -> SpanTargets:
        gold = [self._gold(eg, task) for eg, _ in placed]
        rows = [
            row
            for (_, places), own in zip(placed, gold)
            for row in self._rows(own, places, task, self.numbers[task], task)
        ]
        possible = [self._possible(eg, places, task, own) for (eg, places), own in zip(placed, gold)]
        unknown = None
        if any(own is not None for own in possible):
            none = [numpy.zeros((places.n_tokens, len(self.numbers[task])), dtype=bool) for _, places in placed]
            rows_of = [empty if own is None else own for empty, own in zip(none, possible)]
            unknown = torch.from_numpy(numpy.concatenate(rows_of)).to(device)
        starts, ends, labels, layers = _table(rows, 4, device)
        return SpanTargets(starts, ends, labels, layers, unknown)

    def _possible(self, eg: Example, places: Places, task: str, gold: Sequence[LabeledSpan]) -> BoolArray | None:
        """Labels that tokens may have though they are not annotated so, Bool, shape (tokens, labels); None for none.

        All labels at tokens of which nobody has said anything; those that the Doc was not
        annotated with (`annotated_labels` of its metadata, which a label map keeps there); and
        that of a gold span which cannot stand where it is, at the tokens that it touches.
        """
        numbers = self.numbers[task]
        # In NumPy: whether any is set must not be asked of a device.
        possible = numpy.zeros((places.n_tokens, len(numbers)), dtype=bool)
        annotated = (get_meta(eg.reference).get("annotated_labels") or {}).get(task)
        if annotated is not None:
            possible[:, [number for label, number in numbers.items() if label not in annotated]] = True
        for start, end in missing_runs(eg.reference) if task == "ner" else ():
            possible[places.touched(start, end)] = True
        for span in gold:
            if span.label in numbers and places.find(span.start, span.end) is None:
                possible[places.touched(span.start, span.end), numbers[span.label]] = True
        return possible if possible.any() else None

    def _rows(
        self, spans: Sequence[LabeledSpan], places: Places, task: str, numbers: Mapping[str, int], key: str
    ) -> list[tuple[int, ...]]:
        """Start, end, label and layer of nesting of spans, which are counted under a key."""
        return [
            (*at, self._number(task, numbers, span.label), layer)
            for layer, own in enumerate(peel(spans, self.nesting, self.configs[task].tag_layers))
            for span in own
            if (at := self._place(places, span, key)) is not None
        ]

    def _relations(self, placed: _Placed, task: str, device: torch.device) -> RelationTargets:
        rows: list[tuple[int, ...]] = []
        arguments: list[tuple[int, ...]] = []
        for eg, places in placed:
            for relation in self._gold(eg, task):
                row = self._relation(relation, task, places)
                self._count(task, row is not None)
                rows += [] if row is None else [row]
            if self.configs[task].tag_layers:
                arguments.extend(self._rows(self._arguments(eg), places, task, self.types, ARGUMENTS))
        start1, end1, start2, end2, types1, types2, labels = _table(rows, 7, device)
        typed = None
        if self.configs[task].tag_layers:
            starts, ends, kinds, tag_layers = _table(arguments, 4, device)
            typed = SpanTargets(starts, ends, kinds, tag_layers, self._possible_types(placed, device))
        unknown = self._unknown_relations(placed, task, device)
        return RelationTargets(SpanIndex(start1, end1), SpanIndex(start2, end2), types1, types2, labels, typed, unknown)

    def _possible_types(self, placed: _Placed, device: torch.device) -> torch.Tensor | None:
        """Types that tokens may have though no argument has them, Bool, shape (T, types); None where there are none.

        Those that neither the names nor the mentions of a Doc were annotated with.
        """
        rows = []
        for eg, places in placed:
            row = numpy.zeros((places.n_tokens, len(self.types)), dtype=bool)
            layers = read(eg.reference, keys_on(eg.reference, self._keys), ["ner", "emd"])
            meta = get_meta(eg.reference).get("annotated_labels") or {}
            lists = [meta.get(task) for task in ("ner", "emd") if layers.of(task) is not None]
            known = {label for own in lists for label in own or ()}
            if lists and None not in lists:
                row[:, [number for label, number in self.types.items() if label not in known]] = True
            rows.append(row)
        return torch.from_numpy(numpy.concatenate(rows)).to(device) if any(row.any() for row in rows) else None

    def _unknown_relations(self, placed: _Placed, task: str, device: torch.device) -> torch.Tensor | None:
        """Labels that the Docs were not annotated for, Bool, shape (B, R); None where there are none."""
        numbers = self.numbers[task]
        rows = numpy.zeros((len(placed), len(numbers)), dtype=bool)
        for row, (eg, _) in zip(rows, placed):
            annotated = (get_meta(eg.reference).get("annotated_labels") or {}).get(task)
            if annotated is not None:
                row[[number for label, number in numbers.items() if label not in annotated]] = True
        return torch.from_numpy(rows).to(device) if rows.any() else None

    def _relation(self, relation: Triple, task: str, places: Places) -> tuple[int, ...] | None:
        """The row of a relation, or None: starts and ends of its arguments, their types, its label."""
        ends = sorted([relation.head.end, relation.tail.end])
        # From last token to last token.
        if not places.reach(ends[0] - 1, ends[1]):
            return None
        lasts = [places.find(a.end - 1, a.end) for a in (relation.head, relation.tail)]
        row: list[int] = []
        for argument, last in zip((relation.head, relation.tail), lasts):
            if last is None:
                return None
            whole = places.find(argument.start, argument.end)
            row += [-1 if whole is None else whole[0], last[1]]
        types = [self.types.get(argument.label, -1) for argument in (relation.head, relation.tail)]
        return (*row, *types, self._number(task, self.numbers[task], relation.label))

    def _clusters(self, placed: _Placed, task: str, device: torch.device) -> ClusterTargets:
        rows: list[tuple[int, ...]] = []
        for number, (eg, places) in enumerate(placed):
            # Cluster numbers are unique in the batch, so that documents cannot corefer.
            own = [
                (*at, (number << 32) + i)
                for i, cluster in enumerate(self._gold(eg, task))
                for mention in cluster
                if (at := self._place(places, mention, task)) is not None
            ]
            rows += own + _unclustered(self._gold(eg, "emd"), places, own)
        starts, ends, clusters = _table(rows, 3, device)
        candidates, inside = SpanIndex(starts, ends), clusters >= 0
        partial = [is_partial(eg.reference, task) for eg, _ in placed]
        known_only = torch.tensor(partial, device=device) if any(partial) else None
        return ClusterTargets(candidates.select(inside), clusters[inside], candidates, known_only)


def _numbers(names: Sequence[str]) -> dict[str, int]:
    return {name: number for number, name in enumerate(names)}


def _unclustered(
    mentions: Sequence[LabeledSpan], places: Places, rows: Sequence[tuple[int, ...]]
) -> list[tuple[int, ...]]:
    """Mentions outside all clusters: they teach a head that ranks gold mentions what to leave alone."""
    inside = {row[:2] for row in rows}
    found = {places.find(mention.start, mention.end) for mention in mentions}
    return [(*at, -1) for at in found if at is not None and at not in inside]


def _table(rows: Sequence[tuple[int, ...]], width: int, device: torch.device) -> tuple[Tensor, ...]:
    """Sorted rows as columns, Int64, shape (rows,) each."""
    return torch.tensor(sorted(rows), dtype=torch.int64, device=device).reshape(-1, width).unbind(dim=1)
