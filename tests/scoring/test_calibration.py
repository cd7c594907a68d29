"""Calibration: errors counted by hand, temperatures that are known, and what counts as right."""

import math

import numpy as np
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.tokens import Doc
from spacy.training import Example

from spacy_hmtl.annotations.layers import Layers, write
from spacy_hmtl.bridge.calibration import moved_thresholds, tempered
from spacy_hmtl.scoring.calibration import Judged, calibration_error, fit_temperature, judge, reliability
from spacy_hmtl.types import LabeledSpan, Triple

NLP = spacy.blank("en")


def judged(*rows):
    confidences, right = zip(*rows)
    return Judged(np.array(confidences, dtype=float), np.array(right, dtype=bool))


def example(gold, found, n_tokens=10):
    docs = []
    for layers in (found, gold):
        doc = Doc(NLP.vocab, words=[f"w{i}" for i in range(n_tokens)])
        write(doc, layers)
        docs.append(doc)
    return Example(*docs)


def test_the_error_is_the_mean_distance_of_confidence_and_accuracy():
    # Two bins of ten: 0.95 and 0.85 (mean 0.9, half right) and 0.15 (wrong).
    rows = judged((0.95, True), (0.92, False), (0.15, False))
    # (2 * |0.935 - 0.5| + 1 * |0.15 - 0|) / 3
    assert calibration_error(rows, n_bins=10) == pytest.approx((2 * 0.435 + 0.15) / 3)
    assert [(one.n, one.low, one.high) for one in reliability(rows, n_bins=10)] == [(1, 0.1, 0.2), (2, 0.9, 1.0)]


def test_bounds_of_bins_belong_to_the_lower_one():
    assert [one.high for one in reliability(judged((0.0, False), (0.5, True), (1.0, True)), n_bins=2)] == [0.5, 1.0]
    assert reliability(judged((0.0, False), (0.5, True), (1.0, True)), n_bins=2)[0].n == 2


@pytest.mark.parametrize("temperature", [0.5, 1.0, 2.5])
def test_a_known_temperature_is_found(temperature):
    random = np.random.default_rng(0)
    odds = random.normal(1.0, 2.0, size=40_000)
    right = random.random(40_000) < 1 / (1 + np.exp(-odds))
    said = 1 / (1 + np.exp(-odds * temperature))  # surer than it should be by this factor
    rows = Judged(said, right)
    found = fit_temperature(rows)
    assert found == pytest.approx(temperature, rel=0.05)
    after = np.array([tempered(value, found or 0.0) for value in said.tolist()])
    assert calibration_error(Judged(after, right)) < 0.01


@pytest.mark.parametrize(
    "rows",
    [
        judged(*[(0.9, True), (0.8, False)] * 24),
        judged(*[(0.9, True)] * 80),
        judged(*[(0.9, False)] * 80),
    ],
)
def test_too_little_gives_no_temperature(rows):
    assert fit_temperature(rows) is None


def test_extreme_confidences_are_survived():
    rows = judged(*[(1.0, True), (1.0, False), (0.0, False)] * 30)
    assert math.isfinite(fit_temperature(rows) or math.nan)


@given(st.floats(0, 1), st.floats(0, 1), st.floats(0.05, 20))
def test_a_threshold_that_moves_along_separates_the_same(confidence, threshold, temperature):
    moved = moved_thresholds({"relation_threshold": threshold}, {"relation": temperature})["relation_threshold"]
    if abs(confidence - threshold) > 1e-6:
        assert (tempered(confidence, temperature) > moved) <= (confidence > threshold)
        assert (tempered(confidence, temperature) < moved) <= (confidence < threshold)
    assert tempered(0.5, temperature) == pytest.approx(0.5)


def test_names_and_relations_are_right_where_labels_agree():
    names = [LabeledSpan(0, 2, "PER", 0.9), LabeledSpan(3, 4, "ORG", 0.4)]
    gold = Layers(
        entities=[LabeledSpan(0, 2, "PER"), LabeledSpan(3, 4, "LOC")],
        relations=[Triple(LabeledSpan(0, 2, "PER"), "IN", LabeledSpan(3, 4, "LOC"))],
    )
    found = Layers(
        entities=names,
        relations=[
            Triple(names[0], "IN", names[1], 0.7),
            Triple(names[0], "IN", names[1]._replace(label="LOC"), 0.6),
        ],
    )
    result = judge([example(gold, found)])
    assert rows_of(result["ner"]) == [(0.4, False), (0.9, True)]
    assert rows_of(result["relation"]) == [(0.6, True), (0.7, False)]
    assert set(result) == {"ner", "relation"}  # nothing else is annotated


def rows_of(result):
    return sorted(zip(result.confidences.round(3).tolist(), result.right.tolist()))


def clusters(*rows):
    return [[LabeledSpan(start, start + 1, score=score) for start, score in row] for row in rows]


def rights(gold, found):
    """Whether each mention of the found clusters is right, in their order."""
    result = judge([example(Layers(clusters=gold), Layers(clusters=found))])["coref"]
    return dict(zip(result.confidences.round(3).tolist(), result.right.tolist()))


def test_links_are_right_where_gold_has_an_earlier_mention_of_the_cluster():
    gold = clusters([(0, 1.0), (2, 1.0), (4, 1.0)], [(1, 1.0), (3, 1.0)])
    found = clusters([(0, 0.1), (1, 0.2), (2, 0.3), (5, 0.4)], [(3, 0.5), (4, 0.6)])
    assert rights(gold, found) == {0.1: True, 0.2: False, 0.3: True, 0.4: False, 0.5: False, 0.6: False}


def test_a_first_mention_that_gold_lacks_is_wrong_only_where_gold_has_singletons():
    found = clusters([(7, 0.1), (8, 0.2)])
    assert rights(clusters([(0, 1.0), (2, 1.0)]), found)[0.1]
    assert not rights(clusters([(0, 1.0), (2, 1.0)], [(4, 1.0)]), found)[0.1]


@pytest.mark.parametrize(("n", "is_fitted"), [(49, False), (50, True)])
def test_fifty_confidences_are_enough_to_fit(n: int, is_fitted: bool) -> None:
    judged = Judged(np.full(n, 0.9), np.arange(n) % 2 == 0)
    assert (fit_temperature(judged) is not None) == is_fitted
