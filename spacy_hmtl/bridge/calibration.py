"""Temperatures of confidences: what is found stays what it was, how sure of it we are is said better.

A temperature divides the log-odds of a confidence: above 1 it takes certainty away, below 1 it adds some.
One half stays one half, and the order of confidences stays what it was.

Source: Guo, Pleiss, Sun and Weinberger (2017), "On Calibration of Modern Neural Networks", section 4.2, for a
confidence that is a single number.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import torch

# The setting of a threshold, and the task whose confidences it is compared with.
THRESHOLDS = {"relation_threshold": "relation", "coref_threshold": "coref", "singleton_threshold": "coref"}


def before_tempering(settings: Mapping[str, Any]) -> dict[str, Any]:
    """Settings for decoders, whose confidences no temperature has changed yet.

    settings (Mapping): Of the component; thresholds are for confidences as users see them.
    RETURNS (dict): With the thresholds moved.
    """
    temperatures = settings.get("temperatures") or {}
    return {**settings, **moved_thresholds(settings, {task: 1.0 / value for task, value in temperatures.items()})}


def tempered_findings(found: Mapping[str, Any], settings: Mapping[str, Any]) -> dict[str, Any]:
    """What heads found, with the confidences that users see.

    found (Mapping): By task, each with a field `scores`, a tensor of confidences in [0, 1].
    settings (Mapping): Of the component; `temperatures` by task, above 0.
    RETURNS (dict): By task, of the same types.
    """
    result = dict(found)
    for task, temperature in (settings.get("temperatures") or {}).items():
        if task in found:
            scores = found[task].scores
            # In double precision: 1 - 1e-7 has no log-odds worth dividing in single precision.
            odds = torch.logit(scores.double()) / temperature
            result[task] = found[task]._replace(scores=torch.sigmoid(odds).to(scores.dtype))
    return result


def tempered(confidence: float, temperature: float) -> float:
    """One confidence at a temperature.

    confidence (float): In [0, 1].
    temperature (float): Above 0.
    RETURNS (float): In [0, 1].
    """
    if temperature == 1.0 or confidence in (0.0, 1.0):
        return confidence
    odds = (math.log(confidence) - math.log1p(-confidence)) / temperature
    return 1.0 / (1.0 + math.exp(-odds)) if odds >= 0 else math.exp(odds) / (1.0 + math.exp(odds))


def moved_thresholds(settings: Mapping[str, Any], factors: Mapping[str, float]) -> dict[str, Any]:
    """Thresholds that separate tempered confidences as the given ones separate those before.

    settings (Mapping): Of the component.
    factors (Mapping): By task, the temperature that confidences are given.
    RETURNS (dict): The settings that are thresholds, moved.
    """
    moved: dict[str, Any] = {}
    for key, task in THRESHOLDS.items():
        if settings.get(key) is not None:
            moved[key] = tempered(settings[key], factors.get(task, 1.0))
    by_label = settings.get("relation_thresholds") or {}
    if by_label:
        factor = factors.get("relation", 1.0)
        moved["relation_thresholds"] = {label: tempered(value, factor) for label, value in by_label.items()}
    return moved
