"""Coreference scores on hand-made clusters, with values worked out by hand."""

from __future__ import annotations

import pytest

from spacy_hmtl.scoring import coref_scores

MEASURES = ("muc", "b3", "ceafe", "ceafm", "lea", "blanc", "mentions")
GOLD = [["a"], ["b", "c"], ["d", "e", "f"]]
# Cases TC-A of the official scorer's tests; `x`, `y` and `z` are not in gold. LEA and mentions by hand.
HAND_CASES = [
    (
        [["a"], ["d", "e"]],  # b, c and f are not found
        {
            "muc": (1 / 3, 1),
            "b3": (7 / 18, 1),
            "ceafe": (0.6, 0.9),
            "ceafm": (1 / 2, 1),
            "blanc": (19 / 88, 1),
            "lea": (2 / 6, 1),  # (1 * 1 + 2 * 0 + 3 * 1/3) / 6
            "mentions": (1 / 2, 1),
        },
    ),
    (
        [["a"], ["b", "c", "x"], ["d", "e", "f", "y", "z"]],  # three mentions too many
        {
            "muc": (1, 3 / 6),
            "b3": (1, (1 + 4 / 3 + 9 / 5) / 9),
            "ceafe": (2.55 / 3, 2.55 / 3),
            "ceafm": (1, 6 / 9),
            "blanc": (1, (4 / 13 + 11 / 23) / 2),
            "lea": (1, (1 + 3 * 1 / 3 + 5 * 3 / 10) / 9),
            "mentions": (1, 6 / 9),
        },
    ),
    (
        [["a", "b"], ["c"], ["x", "y"]],  # nothing right but three mentions
        {
            "muc": (0, 0),
            "b3": ((1 + 1 / 2 + 1 / 2) / 6, (1 / 2 + 1 / 2 + 1) / 5),
            "ceafe": (4 / 9, 4 / 9),
            "ceafm": (2 / 6, 2 / 5),
            "blanc": ((0 + 1 / 11) / 2, (0 + 1 / 8) / 2),
            "lea": (0, 0),
            "mentions": (3 / 6, 3 / 5),
        },
    ),
]


@pytest.mark.parametrize(("predicted", "expected"), HAND_CASES)
def test_scores_equal_those_worked_out_by_hand(
    predicted: list[list[str]], expected: dict[str, tuple[float, float]]
) -> None:
    scores = coref_scores([(GOLD, predicted)])
    for name, (recall, precision) in expected.items():
        assert scores[f"coref_{name}_r"] == pytest.approx(recall), name
        assert scores[f"coref_{name}_p"] == pytest.approx(precision), name
        if name != "blanc":
            f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0.0
            assert scores[f"coref_{name}_f"] == pytest.approx(f1), name


def test_f_of_blanc_is_the_mean_of_both_kinds_of_links() -> None:
    scores = coref_scores([(GOLD, [["a"], ["d", "e"]])])
    coreferent, other = 2 * (1 / 4) / (5 / 4), 2 * (2 / 11) / (13 / 11)
    assert scores["coref_blanc_f"] == pytest.approx((coreferent + other) / 2)


def test_keys_are_those_of_the_contract() -> None:
    keys = {f"coref_{name}_{suffix}" for name in MEASURES for suffix in "prf"}
    assert set(coref_scores([])) == keys | {"coref_p", "coref_r", "coref_f"}


def test_headline_is_the_mean_of_muc_b3_and_ceafe() -> None:
    scores = coref_scores([(GOLD, [["a", "b"], ["c", "d", "e"]])])
    for suffix in "prf":
        mean = sum(scores[f"coref_{name}_{suffix}"] for name in ("muc", "b3", "ceafe")) / 3
        assert scores[f"coref_{suffix}"] == pytest.approx(mean)


def test_perfect_prediction_scores_one() -> None:
    assert set(coref_scores([(GOLD, GOLD), (GOLD, GOLD)]).values()) == {1.0}


@pytest.mark.parametrize("documents", [[], [([], [])], [(GOLD, [])], [([], GOLD)], [([[]], [[], []])]])
def test_empty_sides_score_zero(documents: list[tuple[list[list[str]], list[list[str]]]]) -> None:
    assert set(coref_scores(documents).values()) == {0.0}


def test_counts_add_up_over_documents() -> None:
    # Official scorer: numerators and denominators of both documents; here 1 of 1 and 0 of 2 links.
    scores = coref_scores([([["a", "b"]], [["a", "b"]]), ([["a", "b", "c"]], [["x", "y"]])])
    assert scores["coref_muc_r"] == pytest.approx(1 / 3)
    assert scores["coref_muc_p"] == pytest.approx(1 / 2)
    assert scores["coref_ceafe_r"] == pytest.approx(1 / 2)


def test_mentions_of_different_documents_are_different() -> None:
    scores = coref_scores([([["a", "b"]], []), ([], [["a", "b"]])])
    assert scores["coref_mentions_f"] == 0.0


def test_blanc_counts_one_kind_of_links_where_gold_has_only_one() -> None:
    one_entity = coref_scores([([["a", "b", "c"]], [["a", "b"], ["c"]])])
    assert (one_entity["coref_blanc_r"], one_entity["coref_blanc_p"]) == pytest.approx((1 / 3, 1))
    singletons = coref_scores([([["a"], ["b"], ["c"]], [["a", "b"], ["c"]])])
    assert (singletons["coref_blanc_r"], singletons["coref_blanc_p"]) == pytest.approx((2 / 3, 1))


def test_lea_counts_a_singleton_found_as_a_singleton() -> None:
    found = coref_scores([([["a"], ["b", "c"]], [["a"], ["b"], ["c"]])])
    assert (found["coref_lea_r"], found["coref_lea_p"]) == pytest.approx((1 / 3, 1 / 3))
    joined = coref_scores([([["a"], ["b", "c"]], [["a", "b", "c"]])])
    assert (joined["coref_lea_r"], joined["coref_lea_p"]) == pytest.approx((2 / 3, 1 / 3))


def test_singletons_are_dropped_on_both_sides_when_asked() -> None:
    gold, predicted = [["a"], ["b", "c"], ["d"]], [["b", "c"], ["a", "x"], ["y"]]
    expected = coref_scores([([["b", "c"]], [["b", "c"], ["a", "x"]])])
    assert coref_scores([(gold, predicted)], keep_singletons=False) == expected
    assert coref_scores([(gold, predicted)]) != expected


@pytest.mark.parametrize("clusters", [[["a", "b"], ["c", "a"]], [["a", "a"]], [["a"], ["a"]]])
@pytest.mark.parametrize("keep_singletons", [True, False])
def test_a_repeated_mention_is_refused(clusters: list[list[str]], keep_singletons: bool) -> None:
    with pytest.raises(ValueError, match="Document 1: the mention 'a' occurs twice in the gold clusters"):
        coref_scores([(GOLD, GOLD), (clusters, GOLD)], keep_singletons=keep_singletons)
    with pytest.raises(ValueError, match=r"Document 0.*predicted"):
        coref_scores([(GOLD, clusters)], keep_singletons=keep_singletons)


def test_any_iterable_of_hashable_mentions_will_do() -> None:
    gold = (((0, 1), (3, 5)), ((2, 3),))
    assert coref_scores(iter([(gold, (frozenset(c) for c in gold))]))["coref_f"] == 1.0


def test_thousands_of_clusters_are_scored_in_little_memory() -> None:
    # A dense table would hold 400 million cells.
    gold = [[3 * i, 3 * i + 1, 3 * i + 2] for i in range(20_000)]
    predicted = [[3 * i, 3 * i + 1, -i] for i in range(1, 20_001)]
    scores = coref_scores([(gold, predicted)])
    assert scores["coref_ceafe_r"] == pytest.approx(19_999 * 2 / 3 / 20_000)
