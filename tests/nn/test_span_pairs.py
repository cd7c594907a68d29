"""The relation head that reads spans, against loops over documents, groups, pairs and labels."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest
import torch
from hypothesis import given, settings
from nn.pair_heads import (
    LABELS,
    THREE,
    TYPES,
    WIDTH,
    Span,
    found,
    groups_of,
    make_head,
    random_gold,
    random_spans,
    rows_of,
    score,
    targets_of,
)
from nn.strategies import Documents, close, documents, part_of, random_encoded, seeds

from spacy_hmtl.nn.encoder import Encoded
from spacy_hmtl.nn.heads.protocol import GivenMentions, HeadLabels
from spacy_hmtl.nn.heads.span_pairs import RelationRule
from spacy_hmtl.nn.heads.span_pairs import head as head_module
from spacy_hmtl.nn.heads.span_pairs import scorer as scorer_module
from spacy_hmtl.nn.heads.span_pairs.scorer import RangeMax, make_pairs
from spacy_hmtl.nn.heads.tensors import RelationTargets
from spacy_hmtl.nn.spans import SpanIndex

quick = settings(deadline=None, max_examples=25)


@pytest.mark.parametrize("context", [True, False])
@quick
@given(docs=documents(max_segment=7), seed=seeds)
def test_every_ordered_pair_of_a_segment_is_scored(context: bool, docs: Documents, seed: int) -> None:
    head, encoded, spans = make_head(seed, context=context), random_encoded(docs, 4, WIDTH), random_spans(docs, seed)
    group = groups_of(docs)
    expected = set()
    for one in spans:
        for other in spans:
            if one != other and group[one[0]] == group[other[0]]:
                for label, value in enumerate(torch.sigmoid(score(head, encoded.states, one, other)).tolist()):
                    if value >= 0.5:
                        expected.add((one, other, label, round(value, 4)))
    assert rows_of(head.decode(encoded, {"relation_threshold": 0.5}, found(spans)), docs) == expected


@quick
@given(docs=documents(max_segment=7), seed=seeds)
def test_loss_is_the_cross_entropy_of_all_pairs_of_gold_and_found_arguments(docs: Documents, seed: int) -> None:
    head, encoded = make_head(seed), random_encoded(docs, 4, WIDTH)
    spans, group = random_spans(docs, seed), groups_of(docs)
    n_gold = random.Random(seed).randint(0, len(spans))
    own, wrong = spans[:n_gold], spans[n_gold:]
    gold = random_gold(own, group, seed)
    # What is found where a gold argument stands is that argument, whatever its type.
    beside = found(sorted([*wrong, *((start, end, 1 - kind) for start, end, kind in own[:1])]))
    expected = 0.0
    for i, one in enumerate(spans):
        for j, other in enumerate(spans):
            if i != j and group[one[0]] == group[other[0]]:
                z = score(head, encoded.states, one, other)
                cells = torch.tensor([float((i, j, r) in gold) for r in range(3)])
                expected += float(torch.nn.functional.binary_cross_entropy_with_logits(z, cells, reduction="sum"))
    assert close(head.loss(encoded, targets_of(own, gold), beside), expected)


def test_wrong_arguments_are_negative_examples_after_the_warm_up() -> None:
    docs = [[6]]
    head, encoded = make_head(1, warmup_updates=2).train(), random_encoded(docs, 4, WIDTH)
    spans: list[Span] = [(0, 1, 0), (2, 3, 1)]
    targets, beside = targets_of(spans, [(0, 1, 0)]), found([*spans, (4, 6, 1)])
    losses = [head.loss(encoded, targets, beside).item() for _ in range(3)]
    without = make_head(1, warmup_updates=9).train().loss(encoded, targets, beside).item()
    assert losses[:2] == pytest.approx([without, without], abs=1e-5)
    assert losses[2] > without


@quick
@given(docs=documents(max_segment=6), seed=seeds)
def test_a_document_alone_says_what_it_says_in_a_batch(docs: Documents, seed: int) -> None:
    head = make_head(seed, arguments="own", labels=HeadLabels(LABELS, {}, TYPES), layers=2)
    encoded = random_encoded(docs, 4, WIDTH)
    together = rows_of(head.decode(encoded, {"relation_threshold": 0.4}), docs)
    apart = set()
    for number, start in enumerate(encoded.layout.doc_starts().tolist()):
        part = head.decode(part_of(encoded, docs, number), {"relation_threshold": 0.4})
        apart |= rows_of(part.shifted(start), docs)
    assert {row[:3] for row in together} == {row[:3] for row in apart}


@quick
@given(docs=documents(max_segment=6, max_segments=4), seed=seeds)
def test_memory_bounds_change_nothing(docs: Documents, seed: int) -> None:
    head, encoded, beside = make_head(seed), random_encoded(docs, 4, WIDTH), found(random_spans(docs, seed))
    whole = head.decode(encoded, {"relation_threshold": 0.3}, beside)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(head_module, "_BLOCK", 2)
        patch.setattr(scorer_module, "_PAIRS", 3)
        parts = head.decode(encoded, {"relation_threshold": 0.3}, beside)
    assert rows_of(whole, docs) == rows_of(parts, docs)


def test_a_window_joins_arguments_of_several_sentences() -> None:
    docs = [[3, 3, 3]]
    encoded, spans = random_encoded(docs, 4, WIDTH), [(0, 1, 0), (4, 5, 1), (7, 8, 0)]
    beside = found(spans)._replace(windows=torch.tensor([0, 0, 1]))
    within, across = make_head(3), make_head(3, window=6)
    assert len(within.decode(encoded, {"relation_threshold": 0.0}, found(spans)).labels) == 0
    pairs = across.decode(encoded, {"relation_threshold": 0.0}, beside)
    assert {(a[0], b[0]) for a, b, _, _ in rows_of(pairs, docs)} == {(0, 4), (4, 0)}
    loss = across.loss(encoded, targets_of(spans, [(0, 1, 2), (0, 2, 2)]), beside)
    expected = 0.0
    for i, j in ((0, 1), (1, 0)):
        z = score(across, encoded.states, spans[i], spans[j])
        gold = torch.tensor([0.0, 0.0, float((i, j) == (0, 1))])
        expected += float(torch.nn.functional.binary_cross_entropy_with_logits(z, gold, reduction="sum"))
    assert close(loss, expected)


def test_given_arguments_are_taken_where_their_types_are_known() -> None:
    docs = [[6], [6]]
    encoded = random_encoded(docs, 4, WIDTH)
    own: list[Span] = [(0, 1, 0), (2, 3, 1), (7, 8, 0), (9, 10, 1)]
    spans = SpanIndex(torch.tensor([3, 4, 7]), torch.tensor([4, 6, 8]))
    given_mentions = GivenMentions(spans, (True, True), ("PER", "LOC", "Other"))
    pairs = make_head(0).decode(encoded, {"relation_threshold": 0.0}, found(own)._replace(given=given_mentions))
    joined = {(one, other) for one, other, _, _ in rows_of(pairs, docs)}
    assert joined == {((3, 4, 1), (4, 6, 0)), ((4, 6, 0), (3, 4, 1)), ((7, 8, 0), (9, 10, 1)), ((9, 10, 1), (7, 8, 0))}


@pytest.mark.parametrize("docs", [[[]], [[], []], [[1]], [[2], [], [1]]])
def test_the_empty_and_the_single_have_no_relations(docs: Documents) -> None:
    own = make_head(0, arguments="own", labels=HeadLabels(LABELS, {}, TYPES))
    encoded = random_encoded(docs, 4, WIDTH)
    assert len(own.decode(encoded, {"relation_threshold": 0.0}).labels) == 0 or sum(map(sum, docs)) > 1
    targets = targets_of([], [])
    assert own.loss(encoded, targets).item() >= 0.0
    assert make_head(0).loss(encoded, targets, found([])).item() == 0.0
    assert len(make_head(0).decode(encoded, {"relation_threshold": 0.0}, found([])).labels) == 0


def test_a_label_set_without_the_arguments_types_stops_at_once() -> None:
    with pytest.raises(ValueError, match=r"from emd, whose labels \(LOC\) lack the types PER"):
        make_head(0, labels=HeadLabels(LABELS, {"emd": ["LOC"]}, TYPES))
    with pytest.raises(ValueError, match="names the label 'HATES', which the training data lack"):
        make_head(0, schema={"HATES": RelationRule()})
    with pytest.raises(ValueError, match="names the label 'HATES', which the training data lack"):
        make_head(0, schema={"KNOWS": RelationRule(inverse="HATES")})
    with pytest.raises(ValueError, match="lets 'KNOWS' have arguments of the type 'ORG', which"):
        make_head(0, schema={"KNOWS": RelationRule(heads=("ORG",))})


def test_types_of_another_heads_label_set_are_translated() -> None:
    docs, spans = [[8]], THREE
    torch.manual_seed(0)
    encoded = random_encoded(docs, 4, WIDTH)
    gold = [(0, 1, 0)]
    plain = make_head(7).loss(encoded, targets_of(spans, gold), found(spans))
    # The other task knows the same types in another order, with one more.
    head = make_head(7, labels=HeadLabels(LABELS, {"emd": ["LOC", "PER"]}, ["PER", "LOC"]))
    renamed = targets_of([(start, end, 1 - kind) for start, end, kind in spans], gold)
    assert close(head.loss(encoded, renamed, found(spans)), plain.item())


@quick
@given(seed=seeds)
def test_maxima_over_ranges(seed: int) -> None:
    rng = random.Random(seed)
    torch.manual_seed(seed)
    values = torch.randn(rng.randint(1, 20), 3)
    bounds = sorted(rng.randint(0, len(values)) for _ in range(6))
    ranges = [*pairwise(bounds), (len(values), 0), (0, len(values))]
    starts, ends = torch.tensor(ranges).unbind(1)
    got = RangeMax(values, len(values))(starts, ends)
    for row, (start, end) in zip(got, ranges):
        assert torch.equal(row, values[start:end].amax(0) if end > start else torch.zeros(3))


def test_pairs_know_their_reverse() -> None:
    pairs = make_pairs(torch.tensor([4, 4, 7, 9, 9, 9]), 10)
    rows = list(zip(pairs.first.tolist(), pairs.second.tolist()))
    assert rows == [(i + 10, j + 10) for group in ((0, 1), (2,), (3, 4, 5)) for i in group for j in group]
    assert [rows[r] for r in pairs.reverse.tolist()] == [(j, i) for i, j in rows]


def test_gradients_reach_states_types_and_the_words_between() -> None:
    docs = [[8]]
    encoded = random_encoded(docs, 4, WIDTH)
    states = encoded.states.clone().requires_grad_()
    for seed in range(8):  # of random weights, some units are dead
        head = make_head(seed)
        targets = targets_of(THREE, [(0, 1, 0)])
        head.loss(Encoded(encoded.inputs, states, encoded.layout), targets, found(THREE)).backward()
        assert all(p.grad is not None for p in head.scorer.parameters())
    assert states.grad is not None
    assert (states.grad.abs().sum(1) > 0).tolist() == [True] * 7 + [False]


def test_labels_that_a_document_was_not_annotated_for_teach_nothing_but_what_is_annotated() -> None:
    head, encoded = make_head(0), random_encoded([[6], [4]], WIDTH, WIDTH)
    spans = [(0, 1, 0), (3, 5, 1), (6, 7, 1), (8, 9, 0)]
    one, other = SpanIndex(torch.tensor([0]), torch.tensor([1])), SpanIndex(torch.tensor([3]), torch.tensor([5]))
    types, labels = (torch.tensor([0]), torch.tensor([1])), torch.tensor([2])

    def loss(unknown: list[list[bool]] | None) -> float:
        rows = None if unknown is None else torch.tensor(unknown)
        targets = RelationTargets(one, other, *types, labels, None, rows)
        return float(head.loss(encoded, targets, found(spans)).detach())

    every, none = [True] * 3, [False] * 3
    assert loss([none, none]) == pytest.approx(loss(None))
    # Of what is unknown, the annotated relation itself is left.
    assert 0 < loss([every, every]) < loss([none, every]) < loss(None)
