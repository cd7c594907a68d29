"""Enumeration, pruning, matching and pairing of spans against plain loops."""

from __future__ import annotations

import math

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nn.strategies import Documents, documents, layout_of, seeds, segments_of

from spacy_hmtl.nn.heads.coref.pairs import distance_bucket
from spacy_hmtl.nn.spans import SpanIndex, antecedent_pairs, enumerate_spans, match, prune, repeats, window

quick = settings(deadline=None, max_examples=50)
doc_sizes = st.lists(st.integers(0, 6), min_size=1, max_size=4)
pairs = st.tuples(st.integers(0, 5), st.integers(1, 4)).map(lambda p: (p[0], p[0] + p[1]))


def index(spans: list[tuple[int, int]]) -> SpanIndex:
    table = torch.tensor(spans, dtype=torch.int64).reshape(-1, 2)
    return SpanIndex(table[:, 0], table[:, 1])


def listed(spans: SpanIndex) -> list[tuple[int, int]]:
    return list(zip(spans.starts.tolist(), spans.ends.tolist()))


@quick
@given(documents(), st.integers(1, 6))
@example([[]], 3)
def test_spans_are_all_those_within_a_segment_up_to_the_width(docs: Documents, max_width: int) -> None:
    expected = [
        (first, last)
        for own in segments_of(docs)
        for start, end in own
        for first in range(start, end)
        for last in range(first + 1, min(end, first + max_width) + 1)
    ]
    assert listed(enumerate_spans(layout_of(docs), max_width)) == expected


@quick
@given(st.lists(pairs, max_size=5))
def test_window_lists_the_tokens_of_each_span(spans: list[tuple[int, int]]) -> None:
    offsets, mask = window(index(spans))
    assert [row[real].tolist() for row, real in zip(offsets, mask)] == [list(range(*span)) for span in spans]
    assert offsets[~mask].sum() == 0


@quick
@given(doc_sizes, st.integers(1, 5), seeds)
def test_prune_keeps_the_best_of_each_document_in_order(sizes: list[int], most: int, seed: int) -> None:
    torch.manual_seed(seed)
    docs = torch.arange(len(sizes)).repeat_interleave(torch.tensor(sizes))
    scores = torch.randperm(len(docs)).float()  # no ties
    keep = torch.randint(1, most + 1, (len(sizes),))
    expected = []
    for doc in range(len(sizes)):
        rows = [row for row in range(len(docs)) if docs[row] == doc]
        expected += sorted(sorted(rows, key=lambda row: -float(scores[row]))[: int(keep[doc])])
    assert prune(scores, docs, keep).tolist() == expected


@quick
@given(st.lists(pairs, max_size=8), st.lists(pairs, max_size=8, unique=True))
def test_match_finds_gold_spans_with_the_same_boundaries(
    spans: list[tuple[int, int]], gold: list[tuple[int, int]]
) -> None:
    numbers = [7 + 3 * n for n in range(len(gold))]
    found = match(index(spans), index(gold), torch.tensor(numbers, dtype=torch.int64))
    assert found.tolist() == [dict(zip(gold, numbers)).get(span, -1) for span in spans]


@quick
@given(doc_sizes, st.integers(1, 8))
def test_antecedents_are_the_nearest_earlier_mentions_of_the_document(sizes: list[int], most: int) -> None:
    docs = [n for n, size in enumerate(sizes) for _ in range(size)]
    expected = [
        (mention, mention - distance, distance - 1)
        for mention in range(len(docs))
        for distance in range(1, most + 1)
        if mention - distance >= 0 and docs[mention - distance] == docs[mention]
    ]
    found = antecedent_pairs(torch.tensor(docs, dtype=torch.int64), most)
    assert list(zip(*(column.tolist() for column in found))) == expected


@pytest.mark.parametrize("distance", [*range(20), 31, 32, 63, 64, 65, 1000])
def test_distances_are_bucketed_semi_logarithmically(distance: int) -> None:
    # Lee et al. (2017), section 4: [1, 2, 3, 4, 5-7, 8-15, 16-31, 32-63, 64+], and here 0.
    expected = distance if distance <= 4 else min(9, math.floor(math.log2(distance)) + 3)
    assert distance_bucket(torch.tensor([distance])).tolist() == [expected]


@quick
@given(st.lists(st.integers(-1, 3), max_size=9))
def test_a_value_repeats_where_it_stands_earlier(values: list[int]) -> None:
    expected = [value in values[:place] for place, value in enumerate(values)]
    assert repeats(torch.tensor(values, dtype=torch.int64)).tolist() == expected


def test_repeats_are_found_among_many_values_without_a_table_of_pairs() -> None:
    # All against all would be 40 GB.
    assert int(repeats(torch.arange(200_000) % 1000).sum()) == 199_000
