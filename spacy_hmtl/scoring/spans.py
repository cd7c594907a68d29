"""Labelled spans: precision, recall and F1, over all and per type. For names and for nested mentions."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from spacy.scorer import PRFScore

from ..types import LabeledSpan

SpanPair = tuple[Iterable[LabeledSpan], Iterable[LabeledSpan]]


def span_scores(documents: Iterable[SpanPair], prefix: str) -> dict[str, Any]:
    """Score spans as sets of (start, end, label), micro-averaged: exact span and label.

    documents (Iterable): Pairs (gold spans, predicted spans), one per document.
    prefix (str): Begins the keys, such as "ents" or "mentions".
    RETURNS (dict): PREFIX_p, PREFIX_r, PREFIX_f, and PREFIX_per_type: label -> {"p", "r", "f"}.
    """
    total = PRFScore()
    per_type: dict[str, PRFScore] = {}
    for gold, predicted in documents:
        gold_set, predicted_set = {tuple(s[:3]) for s in gold}, {tuple(s[:3]) for s in predicted}
        score_sets(total, per_type, predicted_set, gold_set, label_at=2)
    return {**prf_keys(prefix, total), f"{prefix}_per_type": {k: v.to_dict() for k, v in sorted(per_type.items())}}


def score_sets(
    total: PRFScore, per_type: dict[str, PRFScore], predicted: set[Any], gold: set[Any], *, label_at: int
) -> None:
    """Add one document to the counts; `label_at` says which field of an item is its type."""
    total.score_set(predicted, gold)
    for label in {item[label_at] for item in predicted | gold}:
        per_type.setdefault(label, PRFScore()).score_set(
            {item for item in predicted if item[label_at] == label}, {item for item in gold if item[label_at] == label}
        )


def prf_keys(prefix: str, score: PRFScore) -> dict[str, Any]:
    """A score under its three keys."""
    return {f"{prefix}_p": score.precision, f"{prefix}_r": score.recall, f"{prefix}_f": score.fscore}
