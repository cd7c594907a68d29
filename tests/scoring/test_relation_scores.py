"""Relation scores on plain triples."""

from __future__ import annotations

from typing import Any

import pytest

from spacy_hmtl.scoring.relations import RelationPair, only_sentences_with_relations, relation_scores
from spacy_hmtl.types import LabeledSpan, Triple


def triple(head: tuple[Any, ...], label: str, tail: tuple[Any, ...]) -> Triple:
    return Triple(LabeledSpan(*head), label, LabeledSpan(*tail))


RIGHT = triple((0, 2, "PER"), "works_for", (5, 7, "ORG"))
WRONG_TYPE = triple((0, 2, "LOC"), "works_for", (5, 7, "ORG"))
WRONG_START = triple((1, 2, "PER"), "works_for", (5, 7, "ORG"))
WRONG_TAIL_START = triple((0, 2, "PER"), "works_for", (6, 7, "ORG"))
WRONG_END = triple((0, 2, "PER"), "works_for", (5, 6, "ORG"))
WRONG_LABEL = triple((0, 2, "PER"), "founded", (5, 7, "ORG"))
REVERSED = triple((5, 7, "ORG"), "works_for", (0, 2, "PER"))


@pytest.mark.parametrize(
    ("predicted", "strict", "boundaries", "last_token"),
    [
        (RIGHT, 1, 1, 1),
        (WRONG_TYPE, 0, 1, 1),
        (WRONG_START, 0, 0, 1),
        (WRONG_TAIL_START, 0, 0, 1),
        (WRONG_END, 0, 0, 0),
        (WRONG_LABEL, 0, 0, 0),
        (REVERSED, 0, 0, 0),
    ],
)
def test_each_measure_looks_at_what_it_should(
    predicted: Triple, strict: float, boundaries: float, last_token: float
) -> None:
    scores = relation_scores([RelationPair([RIGHT], [predicted])])
    for suffix in "prf":
        assert scores[f"relations_{suffix}"] == strict
        assert scores[f"relations_boundaries_{suffix}"] == boundaries
        assert scores[f"relations_last_token_{suffix}"] == last_token
        assert scores[f"relations_hmtl_{suffix}"] == last_token


def test_types_count_only_where_gold_has_them() -> None:
    gold = triple((0, 2, ""), "works_for", (5, 7, "ORG"))
    assert relation_scores([RelationPair([gold], [WRONG_TYPE])])["relations_f"] == 1.0
    wrong_tail = triple((0, 2, "PER"), "works_for", (5, 7, "LOC"))
    assert relation_scores([RelationPair([gold], [wrong_tail])])["relations_f"] == 0.0


def test_the_types_of_one_document_do_not_touch_another() -> None:
    untyped = triple((0, 2, ""), "works_for", (5, 7, ""))
    scores = relation_scores([RelationPair([untyped], [RIGHT]), RelationPair([RIGHT], [WRONG_TYPE])])
    assert scores["relations_f"] == pytest.approx(0.5)


def test_an_untyped_prediction_is_wrong_where_gold_has_types() -> None:
    untyped = triple((0, 2, ""), "works_for", (5, 7, ""))
    scores = relation_scores([RelationPair([RIGHT], [untyped])])
    assert (scores["relations_f"], scores["relations_boundaries_f"]) == (0.0, 1.0)


def test_counts_add_up_over_documents_and_types() -> None:
    other = triple((8, 9, "PER"), "lives_in", (10, 11, "LOC"))
    scores = relation_scores([RelationPair([RIGHT, other], [RIGHT, WRONG_LABEL]), RelationPair([RIGHT], [])])
    assert scores["relations_p"] == pytest.approx(1 / 2)
    assert scores["relations_r"] == pytest.approx(1 / 3)
    assert scores["relations_f"] == pytest.approx(2 / 5)
    assert set(scores["relations_per_type"]) == {"works_for", "lives_in", "founded"}
    assert scores["relations_per_type"]["works_for"] == pytest.approx({"p": 1.0, "r": 1 / 2, "f": 2 / 3})
    assert scores["relations_per_type"]["founded"] == {"p": 0.0, "r": 0.0, "f": 0.0}


def test_confidence_and_repetition_make_no_difference() -> None:
    scores = relation_scores([RelationPair([RIGHT, RIGHT], [RIGHT._replace(score=0.5), RIGHT._replace(score=0.7)])])
    assert (scores["relations_p"], scores["relations_r"]) == (1.0, 1.0)


def test_a_pair_may_stand_in_several_relations() -> None:
    scores = relation_scores([RelationPair([RIGHT, WRONG_LABEL], [RIGHT])])
    assert (scores["relations_p"], scores["relations_r"]) == (1.0, 0.5)


def test_sentences_without_gold_relations_are_left_out_of_the_papers_measure() -> None:
    # Sentences begin at 0, 10 and 20; gold has a relation in the first one only.
    in_second = triple((10, 11, "PER"), "works_for", (12, 13, "ORG"))
    at_end_of_first = triple((9, 10, "PER"), "works_for", (8, 9, "ORG"))
    predicted = [RIGHT, in_second, at_end_of_first]
    assert only_sentences_with_relations([RIGHT], predicted, [0, 10, 20]) == [RIGHT, at_end_of_first]
    scores = relation_scores([RelationPair([RIGHT], predicted, [0, 10, 20]), RelationPair([], [RIGHT], [0])])
    assert scores["relations_hmtl_p"] == pytest.approx(1 / 2)
    assert scores["relations_last_token_p"] == pytest.approx(1 / 4)
    assert scores["relations_hmtl_r"] == scores["relations_last_token_r"] == 1.0


def test_unknown_sentences_leave_nothing_out() -> None:
    scores = relation_scores([RelationPair([], [RIGHT]), RelationPair([RIGHT], [RIGHT])])
    assert scores["relations_hmtl_p"] == scores["relations_last_token_p"] == pytest.approx(0.5)


@pytest.mark.parametrize("documents", [[], [RelationPair([], [])], [RelationPair([RIGHT], [])]])
def test_nothing_right_scores_zero(documents: list[RelationPair]) -> None:
    scores = relation_scores(documents)
    assert {score for key, score in scores.items() if not key.endswith("per_type")} == {0.0}
