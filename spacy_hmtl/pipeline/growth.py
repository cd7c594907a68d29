"""The part of the component that goes on with a trained model: more labels, levels of another pipeline."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import spacy
from spacy.language import Language
from spacy.training import Example
from spacy.util import logger

from ..annotations.layers import LAYERS
from ..bridge.growth import joined, levels_of, take, unknown
from ..errors import Errors, Warnings
from .learning import Learner
from .loading import load_folder
from .survey import Survey

if TYPE_CHECKING:
    from .component import HMTL

_KEYS = ("source", "component", "levels", "embeddings")


class Growing(Learner):
    """Labels of a hierarchy, and how it gets more of them."""

    def __init__(self) -> None:
        super().__init__()
        # Labels that were added before there are weights.
        self._added: dict[str, list[str]] = {}

    @property
    def _shim(self) -> Any:
        return self.model.shims[0]

    @property
    def label_data(self) -> dict[str, list[str]]:
        """Labels of each task; what `spacy init labels` saves and `initialize` reads back."""
        return self._shim.hierarchy.labels if self._shim.is_built else {}

    @property
    def labels(self) -> tuple[str, ...]:
        """Labels of all tasks, each once."""
        return tuple(dict.fromkeys(label for labels in self.label_data.values() for label in labels))

    def add_label(self, label: str, task: str | None = None) -> int:
        """Add a label to a task. What is learnt is kept: a model with weights finds nothing new until it is trained on.

        label (str): The label.
        task (str, optional): May be left out where one task of the hierarchy has labels.
        RETURNS (int): 1 if it was added, 0 if it is known.
        RAISES (ValueError): H310.
        """
        labelled = [own for own in self.tasks if LAYERS[own].is_labelled]
        if task is None and len(labelled) == 1:
            task = labelled[0]
        if task not in labelled or not isinstance(label, str) or not label:
            example = f'add_label("LABEL", "{labelled[0] if labelled else "ner"}")'
            raise ValueError(
                Errors.H310.format(label=label, task=task, tasks=", ".join(labelled) or "none", example=example)
            )
        if not self._shim.is_built:
            own = self._added.setdefault(task, [])
            if label in own:
                return 0
            own.append(label)
            return 1
        return int(bool(self._grow({task: [label]})))

    def add_labels_of(self, examples: Iterable[Example]) -> dict[str, list[str]]:
        """Add all labels of examples that are not known, and types of relation arguments; see `add_label`.

        Frozen levels stay as they are. When training of a loaded pipeline begins, `spacy_hmtl.MultiTaskCorpus.v1`
        does it.

        examples (Iterable): Tagged with tasks or, untagged, for all they are annotated for.
        RETURNS (dict): New labels of each task that has some.
        """
        survey = self._survey()
        for number, eg in enumerate(examples, start=1):
            self._check_gold(eg, f"example {number}")
            tasks = [task for task in self._tasks_of(eg) if task not in self.cfg["frozen"]]
            survey.add(eg.reference, tasks, self._keys())
        return self._grow(survey.found, survey.arguments, survey.schema)

    @property
    def waits_for_labels(self) -> bool:
        """Whether it was loaded and has learnt nothing since: when a training begins, its data may have new labels."""
        return self._goes_on and not self._has_learnt and self._shim.is_built

    def transfer(
        self, source: HMTL | Language | str | Path, levels: Iterable[str] | None = None, *, embeddings: bool = True
    ) -> list[str]:
        """Take trained levels of another pipeline: encoders, heads and labels, bit for bit.

        A level brings those that it reads. Levels that are not taken keep their weights; where they
        were trained, they were trained on other embeddings.

        source (HMTL, Language, str or Path): A component, or a pipeline with one named `hmtl`, or its name or folder.
        levels (Iterable, optional): Tasks; left out, all that read the same levels in both.
        embeddings (bool): Take the embeddings, too, which the levels have learnt on.
        RETURNS (list): The tasks that were taken.
        RAISES (ValueError): H208 where one has no weights; H347 or H348 where something does not fit; H349.
        """
        other = source if isinstance(source, Growing) else _component(source, "hmtl")
        tasks = levels_of(other.model, self.model, levels)
        take(self.model, other.model, tasks, embeddings)
        self._know_labels()
        return tasks

    def _known_of(self, source: Any, tasks: Iterable[str] | None) -> dict[str, list[str]]:
        """Labels of tasks before data are read: those that were added, and those that are taken from a pipeline."""
        known = {task: list(own) for task, own in self._added.items()}
        if source is None:
            return known
        theirs = source.model.shims[0].hierarchy.labels
        taken = levels_of(source.model, self.model, tasks)
        return known | {task: [*theirs[task], *known.get(task, ())] for task in taken}

    def _survey(self) -> Survey:
        attrs = self.model.attrs
        emd = attrs["heads"].get("emd")
        return Survey(attrs["levels"], self.cfg["nesting"], 1 if emd is None else emd.tag_layers)

    def _grow(
        self, labels: Mapping[str, Iterable[str]], arguments: Iterable[str] = (), schema: Iterable[list[str]] = ()
    ) -> dict[str, list[str]]:
        """Make the network larger where something is new. RETURNS (dict): New labels of each task that has some."""
        known = self._shim.hierarchy.label_sets
        found = type(known)({task: list(own) for task, own in labels.items()}, list(arguments), list(schema))
        larger = joined(known, found)
        if larger == known:
            return {}
        self._shim.grow(larger)
        self._know_labels()
        new = unknown(known, larger)
        logger.info("%s: added to what is known: %s", self.name, new or larger.arguments[len(known.arguments) :])
        return new

    def _know_labels(self) -> None:
        """Make labels known to the vocabulary: one first seen in a memory zone is lost with it."""
        for label in self.labels:
            self.vocab.strings.add(label)
        self._targets = None

    def _keep_weights(
        self, get_examples: Callable[[], Iterable[Example]], labels: Mapping[str, list[str]] | None
    ) -> None:
        """Initialize what has weights: they are kept, and new labels are added (W173)."""
        new = self._grow(labels) if labels else {}
        for task, own in self.add_labels_of(get_examples()).items():
            new.setdefault(task, []).extend(own)
        self._warn_once("W173", Warnings.W173.format(name=self.name, new=new or "none"))


def read_source(settings: Mapping[str, Any], name: str) -> tuple[Any, list[str] | None, bool]:
    """What `[initialize.components.NAME.transfer]` asks for.

    settings (Mapping): `source`, a pipeline's name or folder; `component`, `levels` and `embeddings` may be left out.
    name (str): Of the component that takes it.
    RETURNS (tuple): The component, tasks (None: all that fit), whether the embeddings are taken, too.
    RAISES (ValueError): H205, H349.
    """
    section = f"[initialize.components.{name}.transfer]"
    for key in settings:
        if key not in _KEYS:
            expected = "one of " + ", ".join(_KEYS)
            raise ValueError(Errors.H205.format(key=key, expected=expected, value=settings[key], section=section))
    if not settings.get("source"):
        raise ValueError(
            Errors.H205.format(key="source", expected="the name or folder of a pipeline", value=None, section=section)
        )
    pipe = _component(settings["source"], settings.get("component", "hmtl"))
    return pipe, settings.get("levels"), settings.get("embeddings", True)


def _component(source: Any, name: str) -> Any:
    """A component of a pipeline. RAISES (ValueError): H349."""
    nlp = source
    if not isinstance(source, Language):
        nlp = load_folder(source) if Path(source).is_dir() else spacy.load(source)
    pipe = nlp.get_pipe(name) if name in nlp.component_names else None
    if not isinstance(pipe, Growing):
        raise ValueError(Errors.H349.format(source=source, name=name, known=", ".join(nlp.component_names)))
    return pipe
