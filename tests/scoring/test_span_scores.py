"""Scores of names and mentions on plain spans."""

from __future__ import annotations

import pytest

from spacy_hmtl.scoring.spans import span_scores
from spacy_hmtl.types import LabeledSpan

GOLD = [LabeledSpan(0, 5, "PER"), LabeledSpan(1, 2, "GPE"), LabeledSpan(1, 2, "LOC")]


def test_nested_spans_and_two_labels_of_one_span_are_all_scored() -> None:
    predicted = [LabeledSpan(0, 5, "PER", 0.3), LabeledSpan(1, 2, "LOC"), LabeledSpan(3, 4, "LOC")]
    scores = span_scores([(GOLD, predicted), ([GOLD[1]], [])], "mentions")
    assert scores["mentions_p"] == pytest.approx(2 / 3)
    assert scores["mentions_r"] == pytest.approx(2 / 4)
    assert scores["mentions_f"] == pytest.approx(4 / 7)
    assert scores["mentions_per_type"] == {
        "GPE": {"p": 0.0, "r": 0.0, "f": 0.0},
        "LOC": pytest.approx({"p": 1 / 2, "r": 1.0, "f": 2 / 3}),
        "PER": pytest.approx({"p": 1.0, "r": 1.0, "f": 1.0}),
    }


@pytest.mark.parametrize("wrong", [LabeledSpan(0, 4, "PER"), LabeledSpan(1, 5, "PER"), LabeledSpan(0, 5, "ORG")])
def test_boundaries_and_label_must_be_exact(wrong: LabeledSpan) -> None:
    assert span_scores([(GOLD[:1], [wrong])], "ents")["ents_f"] == 0.0


def test_perfect_prediction_scores_one() -> None:
    scores = span_scores([(GOLD, list(reversed(GOLD)))], "ents")
    assert [scores[key] for key in ("ents_p", "ents_r", "ents_f")] == [1.0, 1.0, 1.0]


@pytest.mark.parametrize("documents", [[], [([], [])], [(GOLD, [])]])
def test_nothing_right_scores_zero(documents: list[tuple[list[LabeledSpan], list[LabeledSpan]]]) -> None:
    scores = span_scores(documents, "ents")
    assert [scores[key] for key in ("ents_p", "ents_r", "ents_f")] == [0.0, 0.0, 0.0]
