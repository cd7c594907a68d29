"""Fits the temperatures of confidences and stores them in the component, which then finds what it found before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example

from ..annotations.documents import copy_tokens
from ..bridge.calibration import moved_thresholds, tempered
from ..scoring.calibration import Judged, fit_temperature, judge

if TYPE_CHECKING:
    from .component import HMTL


class Fit(NamedTuple):
    """What was fitted for one task.

    before, after (Judged): Confidences at temperature 1, and at the fitted one.
    temperature (float, optional): None where there was too little to tell; then it is 1.
    """

    before: Judged
    after: Judged
    temperature: float | None


def set_temperatures(pipe: HMTL, temperatures: Mapping[str, float]) -> None:
    """Give confidences other temperatures. Thresholds are moved along, so that the same is found as before.

    pipe (HMTL): Changed in place.
    temperatures (Mapping): By task; 1 for the others.
    """
    old = pipe.cfg["temperatures"]
    tasks = {*old, *temperatures}
    factors = {task: temperatures.get(task, 1.0) / old.get(task, 1.0) for task in tasks}
    pipe.cfg.update(moved_thresholds(pipe.cfg, factors))
    pipe.cfg["temperatures"] = dict(temperatures)


def calibrate(
    nlp: Language, pipes: Sequence[HMTL], references: Sequence[Doc], *, batch_size: int = 32
) -> dict[tuple[str, str], Fit]:
    """Fit the temperature of each task on gold documents that the pipeline has not learnt from.

    nlp (Language): The pipeline.
    pipes (Sequence[HMTL]): Those of its components to calibrate, changed in place.
    references (Sequence[Doc]): With gold annotation; a document counts for the layers that it is annotated for.
    batch_size (int): Documents per batch.
    RETURNS (dict): By name of the component and task, where a reference is annotated for it and something was found.
    """
    for pipe in pipes:
        set_temperatures(pipe, {})
    docs = nlp.pipe((copy_tokens(doc, nlp.vocab) for doc in references), batch_size=batch_size)
    examples = [Example(doc, reference) for doc, reference in zip(docs, references)]
    fits: dict[tuple[str, str], Fit] = {}
    for pipe in pipes:
        found = judge(examples, pipe.cfg["spans_keys"])
        own = {task: _fit(judged) for task, judged in found.items() if task in pipe.tasks}
        set_temperatures(pipe, {task: fit.temperature for task, fit in own.items() if fit.temperature is not None})
        fits |= {(pipe.name, task): fit for task, fit in own.items()}
    return fits


def _fit(judged: Judged) -> Fit:
    temperature = fit_temperature(judged)
    factor = 1.0 if temperature is None else temperature
    confidences = np.array([tempered(value, factor) for value in judged.confidences.tolist()])
    after = judged._replace(confidences=confidences)
    return Fit(judged, after, temperature)
