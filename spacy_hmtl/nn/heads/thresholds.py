"""Thresholds of relations as scores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor


def least_scores(settings: Mapping[str, Any], labels: Sequence[str]) -> Tensor:
    """What a relation has to score to be found.

    settings (Mapping): `relation_threshold`, a probability, and others by label in `relation_thresholds`.
    labels (Sequence): R labels.
    RETURNS (Tensor): Float64, shape (R,), before the sigmoid; on the CPU.
    """
    by_label = settings.get("relation_thresholds") or {}
    values = [by_label.get(label, settings["relation_threshold"]) for label in labels]
    return torch.logit(torch.tensor(values, dtype=torch.float64))  # (R,)
