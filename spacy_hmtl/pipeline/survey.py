"""What training examples hold: labels, types of relation arguments, nesting."""

from __future__ import annotations

import warnings
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

from spacy.attrs import ORTH
from spacy.tokens import Doc

from ..annotations.groups import get_arguments, get_tasks
from ..annotations.layers import LAYERS, group_keys, keys_on, read
from ..annotations.nesting import peel
from ..errors import Errors, Warnings

# How often relations must have had arguments of some types for these to be preferred.
_MIN_SIGNATURE = 3


def add_words(words: dict[int, str], doc: Doc) -> None:
    """Add the words of a Doc, by their hashes."""
    found: set[int] = set(map(int, doc.to_array(ORTH).reshape(-1)))
    for word in found - words.keys():
        words[word] = doc.vocab.strings[word]


def check_tag(gold: Doc, levels: Sequence[Sequence[str]], pipes: Iterable[object]) -> None:
    """Fail where a corpus block teaches a task that no component of the pipeline has.

    gold (Doc): A Doc of the corpus.
    levels (list): Those of the component that asks, for the message.
    pipes (list): Components, of which those with `tasks` count.
    RAISES (ValueError): H206.
    """
    known = {task for pipe in pipes for task in getattr(pipe, "tasks", [])}
    for task in get_tasks(gold) or ():
        if task not in known:
            what = f"the block {task!r} of [corpora.train]"
            raise ValueError(Errors.H206.format(task=task, levels=levels, what=what))


class Survey:
    """Counts over the gold Docs of all tasks, made while they are read once.

    nesting (str): level of nested mentions that a tagger's first layer learns.
    layers (int): layers of the tagger of EMD.
    """

    def __init__(self, levels: Sequence[Sequence[str]], nesting: str, layers: int) -> None:
        self.levels = [list(level) for level in levels]
        self.nesting, self.layers = nesting, layers
        self._labels: dict[str, Counter[str]] = {task: Counter() for level in levels for task in level}
        self.n_docs = 0
        self._seen = dict.fromkeys(self._labels, 0)
        self._signatures: Counter[tuple[str, str, str]] = Counter()
        self._arguments: set[str] = set()
        self._mentions = self._kept = 0

    def add(self, gold: Doc, tasks: Iterable[str], keys: Mapping[str, str] | None = None) -> None:
        """Count what a Doc teaches these tasks.

        keys (Mapping, optional): By task, the span groups of the gold annotation; see `keys_on`.
        """
        keys = keys_on(gold, keys or group_keys())
        self.n_docs += 1
        for task in tasks:
            self._seen[task] += 1
            rows = read(gold, keys, [task]).of(task) or []
            if LAYERS[task].is_labelled:
                self._labels[task].update(row.label for row in rows)
            if task == "emd":
                self._mentions += len(rows)
                self._kept += sum(map(len, peel(rows, self.nesting, self.layers)))
            if LAYERS[task].kind == "relations":
                self._arguments.update(span.label for span in get_arguments(gold, keys))
                self._signatures.update((row.head.label, row.label, row.tail.label) for row in rows)

    @property
    def found(self) -> dict[str, list[str]]:
        """Labels of each task that were found, sorted."""
        return {task: sorted(found) for task, found in self._labels.items()}

    def labels(
        self, given: dict[str, list[str]] | None, known: Mapping[str, Sequence[str]] | None = None
    ) -> dict[str, list[str]]:
        """Labels of each task: known ones, then the given ones in their order, else those found, sorted.

        known (Mapping, optional): Labels of tasks that need no data, since they were added or come with weights.
        RAISES (ValueError): H302 for a task without any; without given labels also for one
            that no Doc is annotated for and that is not known.
        """
        known = known or {}
        names = {
            task: list(dict.fromkeys([*known.get(task, ()), *(found if given is None else given.get(task, []))]))
            for task, found in self.found.items()
        }
        for task, own in names.items():
            if task in known:
                continue
            if (LAYERS[task].is_labelled and not own) or (given is None and not self._seen[task]):
                counts = ", ".join(f"{name} {n} of {self.n_docs}" for name, n in self._seen.items())
                has = "has a label for" if self._seen[task] else "is annotated for"
                raise ValueError(Errors.H302.format(has=has, task=task, levels=self.levels, counts=counts))
        return names

    @property
    def arguments(self) -> list[str]:
        """Types of what relations may join, in the Docs that teach relations; sorted."""
        return sorted(self._arguments)

    @property
    def schema(self) -> list[list[str]]:
        """Types of arguments, [head type, label, tail type]; rare ones are more often slips than relations."""
        return [list(types) for types, n in sorted(self._signatures.items()) if n >= _MIN_SIGNATURE]

    def warn_of_nesting(self) -> None:
        """Report how many nested mentions the tagger's layers cannot hold (W105)."""
        if self._mentions > self._kept:
            message = Warnings.W105.format(
                task="emd",
                layers=self.layers,
                keep=self.nesting,
                kept=self._kept,
                total=self._mentions,
                percent=100 * self._kept / self._mentions,
            )
            warnings.warn(message, stacklevel=3)
