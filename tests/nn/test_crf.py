"""The CRF against enumeration of all tag sequences; BILUO tags against the spans they spell.

Model: allenai/allennlp, tests/modules/conditional_random_field_test.py.
"""

from __future__ import annotations

import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from nn.crf_oracle import (
    best_tags,
    confidence,
    is_legal,
    layout_of_rows,
    log_sum,
    loss_of,
    make_crf,
    sequences,
    spans_of,
    spell,
)
from nn.strategies import close, randomize, seeds
from torch import Tensor

from spacy_hmtl.nn.crf.biluo import BiluoCRF, BiluoTags
from spacy_hmtl.nn.crf.decoding import both_ways, potentials
from spacy_hmtl.nn.crf.likelihood import negative_log_likelihood
from spacy_hmtl.nn.layout import Layout

# Sequences of 5 or 9 tags: up to 6,561 of each length.
lengths = st.lists(st.integers(1, 4), min_size=1, max_size=3)
quick = settings(deadline=None, max_examples=25)


@quick
@given(st.integers(1, 2), lengths, seeds)
def test_likelihood_counts_every_tag_sequence(n_labels: int, sizes: list[int], seed: int) -> None:
    crf, emissions, mask = make_crf(n_labels, sizes, seed)
    gold = torch.randint(0, crf.num_tags, mask.shape)
    expected = 0.0
    for row, size in enumerate(sizes):
        scores = sequences(crf, emissions[row, :size], legal=False)
        expected += log_sum(list(scores.values())) - scores[tuple(gold[row, :size].tolist())]
    assert close(loss_of(crf, emissions, gold, mask), expected)


@quick
@given(st.integers(1, 2), lengths, st.sampled_from([0.1, 0.5, 0.9]), seeds)
def test_likelihood_of_unknown_tags_counts_every_sequence_that_is_allowed(
    n_labels: int, sizes: list[int], share: float, seed: int
) -> None:
    crf, emissions, mask = make_crf(n_labels, sizes, seed)
    gold = torch.randint(0, crf.num_tags, mask.shape)
    allowed = (torch.rand(*mask.shape, crf.num_tags) < share).scatter_(2, gold.unsqueeze(2), True)
    expected = 0.0
    for row, size in enumerate(sizes):
        scores = sequences(crf, emissions[row, :size], legal=False)
        fits = [
            score for tags, score in scores.items() if all(allowed[row, step, tag] for step, tag in enumerate(tags))
        ]
        expected += log_sum(list(scores.values())) - log_sum(fits)
    own = emissions[mask].unsqueeze(0), gold[mask].unsqueeze(0)
    found = negative_log_likelihood(*own, [crf], layout_of_rows(mask), allowed[mask].unsqueeze(0))
    assert close(found, expected)


@quick
@given(st.integers(1, 2), lengths, seeds)
def test_one_allowed_tag_is_a_known_one_and_all_allowed_teach_nothing(
    n_labels: int, sizes: list[int], seed: int
) -> None:
    crf, emissions, mask = make_crf(n_labels, sizes, seed)
    gold = torch.randint(0, crf.num_tags, mask.shape)
    leaf = emissions[mask].unsqueeze(0).requires_grad_()
    tags, layout = gold[mask].unsqueeze(0), layout_of_rows(mask)
    single = torch.nn.functional.one_hot(tags, crf.num_tags).bool()
    known = negative_log_likelihood(leaf, tags, [crf], layout)
    alone = negative_log_likelihood(leaf, tags, [crf], layout, single)
    assert close(known, alone)
    gradients = [torch.autograd.grad(loss, [leaf, crf.start_transitions]) for loss in (known, alone)]
    assert all(close(a, b) for a, b in zip(*gradients))
    nothing = negative_log_likelihood(leaf, tags, [crf], layout, torch.ones_like(single))
    assert float(nothing.detach()) == 0.0
    assert all(not gradient.any() for gradient in torch.autograd.grad(nothing, [leaf, crf.start_transitions]))


def test_a_long_stretch_of_unknown_tags_keeps_its_digits() -> None:
    torch.manual_seed(0)
    crf = BiluoCRF(BiluoTags(["A", "B", "C"]))
    randomize(crf, 2.0)
    emissions = (8 * torch.randn(1, 3000, crf.num_tags)).requires_grad_()
    tags = torch.zeros(1, 3000, dtype=torch.int64)
    allowed = torch.nn.functional.one_hot(tags, crf.num_tags).bool()
    allowed[:, 1::2] = True
    layout = Layout(torch.tensor([3000]), torch.tensor([3000]))
    loss = negative_log_likelihood(emissions, tags, [crf], layout, allowed)
    loss.backward()
    # The same in double precision, by the recursion of the textbook.
    wide, transitions = emissions.detach().double()[0], crf.transitions.detach().double()
    start, end = crf.start_transitions.detach().double(), crf.end_transitions.detach().double()

    def partition(rows: Tensor) -> Tensor:
        total = start + rows[0]
        for row in rows[1:]:
            total = (total.unsqueeze(1) + transitions).logsumexp(0) + row
        return (total + end).logsumexp(0)

    expected = partition(wide) - partition(torch.where(allowed[0], wide, -torch.inf))
    assert float(loss.detach()) == pytest.approx(float(expected), rel=1e-4)
    assert emissions.grad is not None
    assert torch.isfinite(emissions.grad).all()


def test_allowed_tags_are_those_of_annotated_spans_and_of_what_may_be_there() -> None:
    tags = BiluoTags(["A", "B"])
    gold = torch.tensor([[0, 1, 3, 0], [0, 0, 0, 0]])  # O B-A L-A O, and a layer without a span
    possible = torch.tensor([[False, False], [False, True], [False, True], [True, True]])
    allowed = tags.allowed(gold, possible)
    rows = [[set(row.nonzero().squeeze(1).tolist()) for row in layer] for layer in allowed]
    of_b = {5, 6, 7, 8}
    assert rows == [[{0}, {1}, {3}, {0, 1, 2, 3, 4} | of_b], [{0}, {0} | of_b, {0} | of_b, {0, 1, 2, 3, 4} | of_b]]


@pytest.mark.parametrize("far", [80.0, 200.0, 5_000.0])
def test_a_tag_that_no_tag_leads_to_leaves_loss_and_gradients_finite(far: float) -> None:
    # All the share is with one tag, from which another is out of reach: its sum is 0 in float32.
    torch.manual_seed(0)
    crf = BiluoCRF(BiluoTags(["A"]))
    with torch.no_grad():
        crf.transitions[:, 2] = -far
    emissions = torch.zeros(1, 4, 5)
    emissions[:, :, 0] = far
    emissions.requires_grad_()
    gold, mask = torch.zeros(1, 4, dtype=torch.int64), torch.ones(1, 4, dtype=torch.bool)
    loss = loss_of(crf, emissions, gold, mask)
    expected = -crf(emissions, gold, mask)
    wanted = [emissions, *crf.parameters()]
    assert close(loss, expected)
    for ours, theirs in zip(torch.autograd.grad(loss, wanted), torch.autograd.grad(expected, wanted)):
        assert bool(ours.isfinite().all())
        assert torch.allclose(ours, theirs, atol=1e-4)


@quick
@given(st.integers(1, 3), st.lists(st.integers(1, 30), min_size=1, max_size=6), seeds)
def test_likelihood_and_gradient_of_several_are_those_of_pytorch_crf(
    n_labels: int, sizes: list[int], seed: int
) -> None:
    first, emissions, mask = make_crf(n_labels, sizes, seed)
    second, _, _ = make_crf(n_labels, sizes, seed + 1)
    crfs = [first, second]
    both = torch.stack([emissions, emissions.flip(0, 1)]).requires_grad_()
    gold = torch.randint(0, first.num_tags, (2, *mask.shape))
    expected = -torch.stack([crf(own, tags, mask) for crf, own, tags in zip(crfs, both, gold)]).sum()
    found = negative_log_likelihood(both[:, mask], gold[:, mask], crfs, layout_of_rows(mask))
    assert close(found, expected)
    wanted = [both, *(p for crf in crfs for p in crf.parameters())]
    gradients = (torch.autograd.grad(loss, wanted, materialize_grads=True) for loss in (found, expected))
    for ours, theirs in zip(*gradients):
        assert torch.allclose(ours, theirs, atol=1e-4)


@quick
@given(st.integers(1, 2), lengths, seeds)
def test_viterbi_finds_the_best_legal_sequence(n_labels: int, sizes: list[int], seed: int) -> None:
    crf, emissions, mask = make_crf(n_labels, sizes, seed)
    found = best_tags(crf, emissions, mask)
    for row, size in enumerate(sizes):
        scores = sequences(crf, emissions[row, :size], legal=True)
        assert tuple(found[row, :size].tolist()) == max(scores, key=scores.__getitem__)
        assert found[row, size:].tolist() == [0] * (len(found[row]) - size)


@quick
@given(st.integers(1, 2), lengths, seeds)
def test_confidence_is_the_share_of_all_legal_sequences_with_that_span(
    n_labels: int, sizes: list[int], seed: int
) -> None:
    crf, emissions, mask = make_crf(n_labels, sizes, seed)
    tags = torch.zeros(mask.shape, dtype=torch.int64)
    rows, expected = [], []
    for row, size in enumerate(sizes):
        scores = sequences(crf, emissions[row, :size], legal=True)
        # Any legal sequence will do, not only the best one.
        chosen = sorted(scores)[seed % len(scores)]
        tags[row, :size] = torch.tensor(chosen)
        total = log_sum(list(scores.values()))
        for span in spans_of(chosen):
            rows.append((row, *span[:2]))
            with_span = [score for other, score in scores.items() if span in spans_of(other)]
            expected.append(torch.tensor(log_sum(with_span) - total).exp())
    index = torch.tensor(rows, dtype=torch.int64).reshape(-1, 3)
    if rows:
        found = confidence(crf, emissions, mask, tags, *index.unbind(1))
        assert close(found, torch.stack(expected).float())


@quick
@given(st.integers(1, 2), lengths, seeds)
def test_both_ways_every_token_sees_all_legal_sequences(n_labels: int, sizes: list[int], seed: int) -> None:
    crf, emissions, mask = make_crf(n_labels, sizes, seed)
    flat, packing = emissions[mask], layout_of_rows(mask).packing
    before, behind = torch.empty_like(flat), torch.empty_like(flat)
    found = both_ways(flat.unsqueeze(0), potentials([crf]), packing)
    before[packing.order], behind[packing.backward] = found[0][0], found[1][0]
    through = (before + behind - flat).logsumexp(1)  # of all sequences, over the tags of one token
    total = [log_sum(list(sequences(crf, emissions[n, :size], legal=True).values())) for n, size in enumerate(sizes)]
    assert close(through, torch.tensor(total).repeat_interleave(torch.tensor(sizes)))


@quick
@given(st.integers(1, 3), st.lists(st.integers(1, 30), min_size=1, max_size=6), seeds)
def test_viterbi_without_penalties_is_that_of_pytorch_crf(n_labels: int, sizes: list[int], seed: int) -> None:
    crf, emissions, mask = make_crf(n_labels, sizes, seed)
    for name in ("transition_penalty", "start_penalty", "end_penalty"):
        getattr(crf, name).zero_()
    found = best_tags(crf, emissions, mask)
    assert [found[row][mask[row]].tolist() for row in range(len(sizes))] == crf.decode(emissions, mask)


@quick
@given(st.integers(1, 2), lengths, seeds)
def test_padding_changes_neither_loss_nor_tags_nor_confidence(n_labels: int, sizes: list[int], seed: int) -> None:
    crf, emissions, mask = make_crf(n_labels, sizes, seed)
    gold = torch.randint(0, crf.num_tags, mask.shape)
    emissions[~mask] = 100.0
    together = loss_of(crf, emissions, gold, mask)
    best = best_tags(crf, emissions, mask)
    alone = torch.tensor(0.0)
    for row, size in enumerate(sizes):
        own = (slice(row, row + 1), slice(0, size))
        alone = alone + loss_of(crf, emissions[own], gold[own], mask[own])
        assert torch.equal(best_tags(crf, emissions[own], mask[own]), best[own])
    assert close(together, alone)


@pytest.mark.parametrize("n_labels", [1, 2, 3])
def test_forbidden_transitions_are_those_a_reader_rejects(n_labels: int) -> None:
    tags = BiluoTags([f"L{i}" for i in range(n_labels)])
    transitions, first, last = tags.forbidden()

    def closed(tag: int) -> tuple[int, ...]:
        """The shortest legal end after a tag."""
        kind, label = spell(tag)
        return (1 + 4 * label + 2,) if kind in "BI" else ()

    def opened(tag: int) -> tuple[int, ...]:
        kind, label = spell(tag)
        return (1 + 4 * label,) if kind in "IL" else ()

    for tag in range(tags.n_tags):
        assert (first[tag] == 0) == is_legal((tag, *closed(tag)))
        assert (last[tag] == 0) == is_legal((*opened(tag), tag))
        for other in range(tags.n_tags):
            assert (transitions[tag, other] == 0) == is_legal((*opened(tag), tag, other, *closed(other)))


spans = st.lists(st.tuples(st.integers(0, 3), st.integers(1, 5), st.integers(0, 2)), max_size=6)


@settings(deadline=None)
@given(spans, st.integers(0, 3))
def test_encoding_and_decoding_spans_is_a_round_trip(gaps: list[tuple[int, int, int]], after: int) -> None:
    tags = BiluoTags(["A", "B", "C"])
    gold, position = [], 0
    for gap, width, label in gaps:
        gold.append((position + gap, position + gap + width, label))
        position += gap + width
    table = torch.tensor(gold, dtype=torch.int64).reshape(-1, 3)
    starts, ends, labels = table.unbind(1)
    encoded = tags.encode(starts, ends, labels, position + after)
    assert is_legal(tuple(encoded.tolist()))
    assert list(spans_of(tuple(encoded.tolist()))) == gold
    assert torch.equal(torch.stack(tags.decode(encoded), dim=1), table)


def test_no_labels_and_no_tokens() -> None:
    tags = BiluoTags([])
    none = torch.zeros(0, dtype=torch.int64)
    assert tags.n_tags == 1
    assert tags.encode(none, none, none, 3).tolist() == [0, 0, 0]
    assert [len(column) for column in tags.decode(none)] == [0, 0, 0]


def test_confidence_loses_no_digits_in_long_segments() -> None:
    crf, emissions, mask = make_crf(2, [300, 7], 0)
    emissions = 10.0 * emissions
    tags = best_tags(crf, emissions, mask)
    starts, ends, _ = BiluoTags(["A", "B"]).decode(tags[0])
    rows = torch.zeros_like(starts)
    found = confidence(crf, emissions, mask, tags, rows, starts, ends)
    exact = confidence(crf.double(), emissions.double(), mask, tags, rows, starts, ends)
    assert len(found) > 10
    assert close(found.double(), exact, 1e-5)
