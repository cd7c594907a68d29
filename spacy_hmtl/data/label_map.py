"""Label maps: labels renamed, merged and dropped, so that corpora with different label sets can teach one layer.

A map is JSON, by layer (`ner`, `emd`, `relation`): `{"ner": {"PERSON": "PER", "DATE": null}}`.
A label that maps to null is dropped; one that the map does not name stays, unless "*" says what
becomes of the others. What stands outside a layer is for all layers. Under "annotated" a layer
can list the labels (new names) that the corpus annotates; of others it then says nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..annotations.layers import LAYERS, Layers
from ..errors import Errors
from ..types import LabeledSpan, Triple

TASKS = ("ner", "emd", "relation")
ANNOTATED = "annotated"
META = "annotated_labels"
OTHERS = "*"
# What else a layer is called.
_NAMES = {name: task for task in TASKS for name in (task, LAYERS[task].field, LAYERS[task].scores, LAYERS[task].title)}

Rules = dict[str, str | None]


@dataclass
class Change:
    """What a map did to one document, by layer.

    dropped, unnamed: labels that were dropped, and labels that stayed though the map does not name them.
    n_relations: relations that lost an argument, whose mention was dropped.
    kept: for each relation that is left, its position among those of before.
    """

    dropped: dict[str, Counter[str]] = field(default_factory=lambda: {task: Counter() for task in TASKS})
    unnamed: dict[str, Counter[str]] = field(default_factory=lambda: {task: Counter() for task in TASKS})
    n_relations: int = 0
    kept: list[int] = field(default_factory=list)


class LabelMap:
    """Renames, merges and drops labels.

    rules (dict): By task, what becomes of each label.
    annotated (dict): By task, the labels that the corpus annotates, where the map says so.
    """

    def __init__(self, rules: Mapping[str, Rules], annotated: Mapping[str, list[str]]) -> None:
        self.rules = {task: dict(rules.get(task, {})) for task in TASKS}
        self.annotated = dict(annotated)
        self._met: dict[str, set[str]] = {task: set() for task in TASKS}

    def to_json(self) -> dict[str, Any]:
        """The map as JSON, by layer, to be kept with what it made."""
        made: dict[str, Any] = {task: dict(rules) for task, rules in self.rules.items() if rules}
        for task, labels in self.annotated.items():
            made.setdefault(task, {})[ANNOTATED] = list(labels)
        return made

    def apply(self, layers: Layers) -> tuple[Layers, Change]:
        """Map the labels of a document. Clusters have none and stay.

        layers (Layers): The layers.
        RETURNS (tuple): New layers, and what was done.
        """
        change = Change()
        entities = self._spans("ner", layers.entities, change)
        mentions = self._spans("emd", layers.mentions, change)
        new = Layers(entities=entities, mentions=mentions, clusters=layers.clusters, relations=layers.relations)
        if layers.relations is not None:
            new.relations = self._relations(layers, new, change)
        return new, change

    def apply_meta(self, meta: Mapping[str, Any], layers: Layers, change: Change) -> dict[str, Any]:
        """Keep what a document says about its labels in step.

        meta (Mapping): What is known about the document.
        layers (Layers): Its layers.
        change (Change): What `apply` did.
        RETURNS (dict): With `annotated_labels`: what the document says itself, mapped, else what the map says.
        """
        new = dict(meta)
        own = {task: self.map_labels(task, labels) for task, labels in (meta.get(META) or {}).items()}
        told = {task: labels for task, labels in self.annotated.items() if layers.of(task) is not None}
        if own or told:
            new[META] = {**told, **own}
        evidence = meta.get("evidence")  # one row per relation
        if layers.relations is not None and isinstance(evidence, list) and max(change.kept, default=-1) < len(evidence):
            new["evidence"] = [evidence[i] for i in change.kept]
        return new

    def map_labels(self, task: str, labels: Iterable[str]) -> list[str]:
        """The new names of labels, without those that are dropped."""
        new = (self._new(task, label) for label in labels) if task in TASKS else iter(labels)
        return sorted({label for label in new if label is not None})

    def unmet(self) -> dict[str, list[str]]:
        """By task, the labels of the map that no document had."""
        found = {task: sorted(rules.keys() - self._met[task] - {OTHERS}) for task, rules in self.rules.items()}
        # A rule for all layers is met if one of them has the label.
        shared = {label for labels in self._met.values() for label in labels}
        left = {task: [label for label in labels if label not in shared] for task, labels in found.items()}
        return {task: labels for task, labels in left.items() if labels}

    def _new(self, task: str, label: str) -> str | None:
        rules = self.rules[task]
        return rules.get(label, rules[OTHERS] if OTHERS in rules and label not in rules.values() else label)

    def _meet(self, task: str, label: str, change: Change) -> str | None:
        rules = self.rules[task]
        self._met[task].add(label)
        new = self._new(task, label)
        if new is None:
            change.dropped[task][label] += 1
        elif rules and OTHERS not in rules and label not in rules and label not in rules.values():
            change.unnamed[task][label] += 1
        return new

    def _spans(self, task: str, spans: list[LabeledSpan] | None, change: Change) -> list[LabeledSpan] | None:
        if spans is None:
            return None
        pairs = ((span, self._meet(task, span.label, change)) for span in spans)
        # Labels that became one may make two mentions the same.
        return list(dict.fromkeys(span._replace(label=new) for span, new in pairs if new is not None))

    def _relations(self, old: Layers, new: Layers, change: Change) -> list[Triple]:
        """Map relations, whose arguments bear the labels of mentions and names."""
        labels: dict[tuple[int, int], str] = {}
        for span in [*(new.mentions or []), *(new.entities or [])]:
            labels.setdefault((span.start, span.end), span.label)
        is_open = old.mentions is None and old.entities is None

        def argument(span: LabeledSpan) -> LabeledSpan | None:
            if not is_open and (span.start, span.end) not in labels:
                return None
            kinds = [task for task, spans in (("emd", old.mentions), ("ner", old.entities)) if _has(spans, span)]
            mapped = self._new((kinds or ["emd"])[0], span.label) if span.label else ""
            there = labels.get((span.start, span.end), "")
            return span._replace(label=there if mapped is None else mapped)

        rows: dict[Triple, int] = {}
        for number, relation in enumerate(old.relations or []):
            label = self._meet("relation", relation.label, change)
            if label is None:
                continue
            head, tail = argument(relation.head), argument(relation.tail)
            if head is None or tail is None:
                change.n_relations += 1
                continue
            rows.setdefault(Triple(head, label, tail, relation.score), number)
        ordered = sorted(rows, key=lambda r: (_order(r.head), _order(r.tail), r.label))  # as a Doc keeps them
        change.kept = [rows[triple] for triple in ordered]
        return ordered


def _has(spans: list[LabeledSpan] | None, span: LabeledSpan) -> bool:
    return any(one[:3] == span[:3] for one in spans or [])


def _order(span: LabeledSpan) -> tuple[int, int, str]:
    return span.start, -span.end, span.label


def read_label_map(source: str | Path | Mapping[str, Any]) -> LabelMap:
    """Read a label map.

    source (str | Path | Mapping): The JSON file, or what is in it.
    RETURNS (LabelMap): The map.
    RAISES (ValueError): H101, if there is no such file; H175, if it is no label map.
    """
    where = "The label map"
    value: Any = source
    if isinstance(source, (str, Path)):
        where, path = str(source), Path(source)
        if not path.is_file():
            raise ValueError(Errors.H101.format(path=path))
        try:
            value = json.loads(path.read_text(encoding="utf-8-sig"))
        except ValueError as error:  # no JSON, or no UTF-8
            raise ValueError(Errors.H175.format(where=where, reason=error)) from error
    if not isinstance(value, Mapping) or not value:
        raise ValueError(Errors.H175.format(where=where, reason=f"expected an object with labels, found {value!r:.60}"))
    rules: dict[str, Rules] = {task: {} for task in TASKS}
    annotated: dict[str, list[str]] = {}
    for name, entry in value.items():
        if isinstance(entry, Mapping):
            _read_layer(name, entry, rules, annotated, where)
            continue
        for task in TASKS:
            rules[task].setdefault(name, _checked(name, entry, where))
    return LabelMap(rules, annotated)


def _read_layer(
    name: str, entry: Mapping[str, Any], rules: dict[str, Rules], annotated: dict[str, list[str]], where: str
) -> None:
    """Read what a map says about one layer."""
    task = _NAMES.get(name)
    if task is None:
        reason = f"expected one of the layers {', '.join(TASKS)}, found {name!r}"
        raise ValueError(Errors.H175.format(where=where, reason=reason))
    for label, new in entry.items():
        if label == ANNOTATED and isinstance(new, list):
            annotated[task] = [str(_checked(ANNOTATED, one, where)) for one in new]
        else:
            rules[task][label] = _checked(label, new, where)


def _checked(label: str, new: Any, where: str) -> str | None:
    if new is None or (isinstance(new, str) and new):
        return new
    reason = f"expected a label or null for {label!r}, found {new!r:.60}"
    raise ValueError(Errors.H175.format(where=where, reason=reason))
