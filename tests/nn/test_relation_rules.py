"""What the schema of relations and the thresholds of labels make of the scores."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from nn.pair_heads import LABELS, THREE, TYPES, WIDTH, Span, found, make_head, rows_of, score, targets_of
from nn.strategies import close, random_encoded

from spacy_hmtl.nn.heads.protocol import HeadLabels
from spacy_hmtl.nn.heads.span_pairs import RelationRule


def decoded(spans: list[Span], seed: int = 5, threshold: float = 0.0, **changed: Any) -> set[tuple[int, int, str]]:
    """First tokens of head and tail, and label, of what is found in one sentence."""
    docs = [[8]]
    torch.manual_seed(seed)
    head = make_head(seed, **changed)
    pairs = head.decode(random_encoded(docs, 4, WIDTH), {"relation_threshold": threshold}, found(spans))
    return {(one[0], other[0], LABELS[label]) for one, other, label, _ in rows_of(pairs, docs)}


def test_only_allowed_types_are_joined() -> None:
    rules = {"LIVES_IN": RelationRule(heads=("PER",), tails=("LOC",))}
    assert {row[:2] for row in decoded(THREE, schema=rules) if row[2] == "LIVES_IN"} == {(0, 3), (6, 3)}
    assert len([row for row in decoded(THREE, schema=rules) if row[2] == "NEAR"]) == 6
    seen = HeadLabels(LABELS, {"emd": TYPES}, TYPES, [("PER", "LIVES_IN", "LOC")])
    assert decoded(THREE, labels=seen, seen_types=True) == decoded(THREE, schema=rules)
    assert decoded(THREE, labels=seen, seen_types=False) == decoded(THREE)


def test_a_symmetric_relation_is_written_once_with_the_mean_score() -> None:
    rules = {"NEAR": RelationRule(symmetric=True)}
    assert {row[:2] for row in decoded(THREE, schema=rules) if row[2] == "NEAR"} == {(0, 3), (0, 6), (3, 6)}
    docs, torch_seed = [[8]], 5
    torch.manual_seed(torch_seed)
    head = make_head(torch_seed, schema=rules)
    encoded = random_encoded(docs, 4, WIDTH)
    pairs = head.decode(encoded, {"relation_threshold": 0.0}, found(THREE))
    scores = {row[:3]: row[3] for row in rows_of(pairs, docs)}
    both = [score(head, encoded.states, *order)[2] for order in ((THREE[0], THREE[1]), (THREE[1], THREE[0]))]
    assert scores[(THREE[0], THREE[1], 2)] == pytest.approx(float(torch.sigmoid(torch.stack(both).mean())), abs=1e-3)


@pytest.mark.parametrize(("label", "inverse"), [("KNOWS", "LIVES_IN"), ("LIVES_IN", "KNOWS")])
def test_of_inverse_relations_both_hold_or_none(label: str, inverse: str) -> None:
    rules = {label: RelationRule(inverse=inverse)}
    for seed in range(5):
        rows = decoded(THREE, seed, threshold=0.5, schema=rules)
        known = {row[:2] for row in rows if row[2] == "KNOWS"}
        assert known == {(b, a) for a, b, name in rows if name == "LIVES_IN"}


def test_a_head_has_one_tail_where_it_may_have_one_only() -> None:
    rules = {"LIVES_IN": RelationRule(one_per_head=True)}
    rows = [row[:2] for row in decoded(THREE, schema=rules) if row[2] == "LIVES_IN"]
    assert len(rows) == 3
    assert {head for head, _ in rows} == {0, 3, 6}
    assert set(rows) <= {row[:2] for row in decoded(THREE) if row[2] == "LIVES_IN"}


def test_rules_add_what_follows_to_the_gold_relations() -> None:
    docs, spans = [[8]], THREE
    rules = {"NEAR": RelationRule(symmetric=True), "KNOWS": RelationRule(inverse="LIVES_IN")}
    torch.manual_seed(0)
    head, encoded = make_head(2, schema=rules), random_encoded(docs, 4, WIDTH)
    said = head.loss(encoded, targets_of(spans, [(0, 1, 2), (0, 2, 0)]), found(spans))
    implied = [(0, 1, 2), (1, 0, 2), (0, 2, 0), (2, 0, 1)]
    plain = make_head(2).loss(encoded, targets_of(spans, sorted(implied)), found(spans))
    assert close(said, plain.item())


def test_each_label_has_its_threshold() -> None:
    docs = [[8]]
    torch.manual_seed(0)
    head, encoded = make_head(0), random_encoded(docs, 4, WIDTH)
    rows = rows_of(head.decode(encoded, {"relation_threshold": 0.0}, found(THREE)), docs)
    cut = sorted(s for *_, label, s in rows if label == 1)[3]
    wanted = {"relation_threshold": 1.0, "relation_thresholds": {"LIVES_IN": cut - 1e-4}}
    kept = rows_of(head.decode(encoded, wanted, found(THREE)), docs)
    assert kept == {row for row in rows if row[2] == 1 and row[3] >= cut}
