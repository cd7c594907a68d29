"""The half of the component that learns: what a batch teaches, updates, steps."""

from __future__ import annotations

import math
import warnings
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from spacy.pipeline import TrainablePipe
from spacy.tokens import Doc
from spacy.training import Example, validate_examples
from thinc.api import Optimizer, get_torch_default_device

from ..annotations import groups
from ..annotations.gold import check_gold, place_of
from ..annotations.layers import LAYERS, Layers, group_keys, keys_on, read
from ..bridge.clip import clip_global_norm, drop_gradients
from ..bridge.dropout import set_dropout
from ..bridge.growth import EMBEDDINGS, below
from ..bridge.lessons import Lesson
from ..bridge.model import Batch
from ..bridge.reading import Reading, read_batch
from ..bridge.targets import ARGUMENTS, TargetBuilder
from ..errors import Errors, Warnings
from .bare import BareDocs
from .progress import Progress
from .replay import Replay
from .stepping import step_schedules

# What W101 counts, by the kind of a layer, and beside relations.
_ARGUMENTS_ARE = "names and mentions that relations may join"
_UNITS = {"spans": "spans", "clusters": "mentions in clusters", "relations": "relations"}


class Learner(TrainablePipe):
    """Updates a hierarchy.

    replay (Replay, optional): Set by `spacy_hmtl.Checkpoint.v1`, while a training is brought to where it was stopped.
    latest_losses (dict): By task, the loss of the update before, in nats per document; only of tasks that it taught.
    progress (Progress): What its updates were like, for loggers.
    """

    def __init__(self) -> None:
        self.replay: Replay | None = None
        self.latest_losses: dict[str, float] = {}
        self.progress = Progress()
        self._targets: TargetBuilder | None = None
        self._warned: set[str] = set()
        self._bare = BareDocs()
        # Examples whose gradients wait for a step.
        self._batch: Sequence[Example] = []
        # Whether its weights were loaded, so that training goes on with them, and whether it has learnt since.
        self._goes_on = self._has_learnt = False

    def _keys(self) -> dict[str, str]:
        """By task, the span groups that are written. RAISES (ValueError): H344."""
        return group_keys(self.cfg["spans_keys"])

    def _of_others(self, doc: Doc, cfg: Mapping[str, Any]) -> Layers:
        """Names that stay, whoever wrote them, and mentions, where no level of ours finds any."""
        keys, tasks = self._keys(), self.tasks
        wanted = ["ner"] if "ner" not in tasks or not cfg["overwrite_ents"] else []
        return read(doc, keys, wanted if "emd" in tasks else [*wanted, "emd"])

    @property
    def tasks(self) -> list[str]:
        """Tasks of the hierarchy, from the bottom."""
        return [task for level in self.model.attrs["levels"] for task in level]

    def update(
        self,
        examples: Iterable[Example],
        *,
        drop: float = 0.0,
        sgd: Optimizer | None = None,
        losses: dict[str, float] | None = None,
    ) -> dict[str, float]:
        """Learn from a batch of one task or, untagged, each task from the Docs that are annotated for it.

        drop (float): Dropout of layers without a rate of their own. Those with one keep it, but at 0
            nothing is dropped anywhere, in a transformer neither.
        losses (dict): Grows by the component's loss and by one entry per task,
            "NAME_TASK", in nats per document that teaches it.
        RAISES (ValueError): H301 if the batch mixes tasks; H309 for an unknown label; H320 if nothing can be learnt.
        """
        losses = losses if losses is not None else {}
        losses.setdefault(self.name, 0.0)
        for task in self.tasks:
            losses.setdefault(f"{self.name}_{task}", 0.0)
        examples = list(examples)
        validate_examples(examples, "HMTL.update")
        self._warn_of_drift()
        for number, eg in enumerate(examples, start=1):
            self._check_gold(eg, f"example {number} of the batch")
        docs = [eg.predicted for eg in examples]
        reading = read_batch(docs, self.model.attrs["max_segment"], get_torch_default_device())
        lessons = self._lessons(examples, reading)
        if not lessons or (self.replay is not None and self.replay.is_running):
            self.progress.pass_over(task for lesson in lessons for task in lesson.targets)
            return losses
        set_dropout(self.model, drop)
        beside = [self._of_others(doc, self.cfg) for doc in docs]
        batch_losses, backprop = self.model.begin_update(
            Batch(docs, lessons=lessons, settings=self.cfg, reading=reading, beside=beside)
        )
        self._check_numbers("loss", batch_losses, examples)
        backprop(None)
        self.latest_losses = dict(batch_losses)
        self._batch = [*self._batch, *examples]
        for task, loss in batch_losses.items():
            losses[self.name] += loss
            losses[f"{self.name}_{task}"] += loss
        self.progress.learn(batch_losses)
        if sgd is not None:
            self.finish_update(sgd)
        return losses

    def _check_gold(self, eg: Example, where: str) -> None:
        """Refuse gold that cannot be read. What is tagged with a task was checked by the corpus reader."""
        if groups.get_tasks(eg.reference) is None:
            check_gold(eg.reference, where, self._keys())

    def rehearse(self, examples: Iterable[Example], **kwargs: Any) -> dict[str, float]:
        """Not supported: learns nothing, and says so once (W161)."""
        self._warn_once("W161", Warnings.W161.format(name=self.name))
        losses: dict[str, float] = kwargs.get("losses") or {}
        return losses

    def get_loss(self, examples: Iterable[Example], scores: Any) -> tuple[float, float]:
        """Not used: the loss is computed inside the network, where the heads are."""
        raise NotImplementedError

    def finish_update(self, sgd: Optimizer) -> None:
        """Scale the gradients to the global norm, then step what took part in the update.

        Schedules of the optimizer are stepped too, where the training loop does not do it.
        """
        if self.replay is not None:
            self.replay.optimizer = sgd
            if self.replay.is_running:
                return
        if isinstance(sgd, Optimizer) and step_schedules(sgd, self.name, goes_on=self._goes_on):
            self._warn_once("W160", Warnings.W160.format(name=self.name))
        norm = clip_global_norm(self.model, self.cfg["max_grad_norm"])
        self._check_numbers("gradient", dict.fromkeys(self.tasks, norm), self._batch)
        self.progress.step(norm, sgd.learn_rate)
        self.model.finish_update(sgd)
        self._has_learnt, self._batch = True, []

    def _check_numbers(self, what: str, values: Mapping[str, float], examples: Sequence[Example]) -> None:
        """Stop before what is no number reaches the weights.

        what (str): What messages call it.
        values (Mapping): By task.
        examples (Sequence): What it was made of.
        RAISES (ValueError): H646.
        """
        wrong = {task: value for task, value in values.items() if not math.isfinite(value)}
        if not wrong:
            return
        drop_gradients(self.model)
        documents = [place_of(eg.reference, f"example {number}") for number, eg in enumerate(examples, start=1)]
        value, tasks = next(iter(wrong.values())), ", ".join(wrong)
        raise ValueError(Errors.H646.format(what=what, tasks=tasks, value=value, documents="; ".join(documents)))

    def _target_builder(self) -> TargetBuilder:
        if self._targets is None:
            shim: Any = self.model.shims[0]
            self._targets = TargetBuilder(
                shim.hierarchy.label_sets, self.cfg["nesting"], self.model.attrs["heads"], self._keys()
            )
        return self._targets

    def _tasks_of(self, eg: Example) -> list[str]:
        """Tasks that an example teaches: those it is tagged with, else those it is annotated for."""
        tagged = groups.get_tasks(eg.reference)
        candidates = self.tasks if tagged is None else [task for task in tagged if task in self.tasks]
        keys = keys_on(eg.reference, self._keys())
        return [task for task in candidates if groups.is_annotated(eg.reference, task, keys[task])]

    def _lessons(self, examples: Sequence[Example], reading: Reading) -> list[Lesson]:
        """What a batch teaches: tasks that the same Docs teach together."""
        kinds = {groups.get_tasks(eg.reference) for eg in examples}
        if len(kinds) > 1:
            tasks = sorted(str(kind) for kind in kinds)
            raise ValueError(Errors.H301.format(n=len(examples), tasks=", ".join(tasks)))
        teaches = [self._tasks_of(eg) for eg in examples]
        tasks_of_rows: dict[tuple[int, ...], list[str]] = {}
        for task in self.tasks:
            rows = tuple(row for row, own in enumerate(teaches) if task in own)
            if rows:
                tasks_of_rows.setdefault(rows, []).append(task)
        if kinds == {None}:
            self._bare.count(examples, len(tasks_of_rows) > 0, self.name, self.tasks)
        builder, most = self._target_builder(), self.model.attrs["max_segment"]
        lessons = []
        for rows, annotated in tasks_of_rows.items():
            tasks = [task for task in annotated if task not in self.cfg["frozen"]]
            if not tasks:
                continue
            own, read = [examples[row] for row in rows], reading.of_docs(rows, most)
            lessons.append(Lesson(rows, read, {task: builder.build(own, task, read) for task in tasks}))
        self._warn_missed(builder)
        return lessons

    def _warn_once(self, code: str, message: str) -> None:
        if code not in self._warned:
            self._warned.add(code)
            warnings.warn(message, stacklevel=3)

    def _warn_of_drift(self) -> None:
        """Say where a frozen level reads what still learns (W174)."""
        frozen, levels = self.cfg["frozen"], self.model.attrs["levels"]
        for task in [task for task in frozen if task != EMBEDDINGS]:
            if moving := [part for part in below(levels, task) if part not in frozen]:
                self._warn_once("W174", Warnings.W174.format(name=self.name, task=task, below=", ".join(moving)))

    def _warn_missed(self, builder: TargetBuilder) -> None:
        for key, missed in builder.missed.items():
            if missed and key not in self._warned:
                self._warned.add(key)
                what = _ARGUMENTS_ARE if key == ARGUMENTS else f"{_UNITS[LAYERS[key].kind]} for the task {key!r}"
                warnings.warn(Warnings.W101.format(n=missed, total=builder.total[key], what=what), stacklevel=3)
        for task, trimmed in builder.trimmed.items():
            if trimmed and f"{task} space" not in self._warned:
                self._warned.add(f"{task} space")
                warnings.warn(Warnings.W171.format(n=trimmed, total=builder.spans[task], task=task), stacklevel=3)
