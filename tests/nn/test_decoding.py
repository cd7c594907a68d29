"""Decoding part by part, with antecedents carried over, against decoding at once."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nn.coref_heads import index, random_clusters
from nn.strategies import INPUT, Documents, documents, four_tasks, layout_of, seeds

from spacy_hmtl.nn import decoding
from spacy_hmtl.nn.heads.protocol import DocContext, GivenMentions
from spacy_hmtl.nn.hierarchy import Hierarchy
from spacy_hmtl.nn.layout import Layout

quick = settings(deadline=None, max_examples=25)


def run(hierarchy: Hierarchy, layout: Layout, seed: int, size: int, given: GivenMentions | None) -> dict[str, Any]:
    generator = torch.Generator().manual_seed(seed)
    embeddings = torch.randn(layout.n_tokens, INPUT, generator=generator)
    speakers = torch.randint(-1, 3, (layout.n_tokens,), generator=generator)
    genres = torch.randint(0, 3, (len(layout.doc_lengths),), generator=generator)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(decoding, "_CHUNK", size)
        return decoding.decode(
            hierarchy,
            embeddings,
            layout,
            {"relation_threshold": 0.3, "singleton_threshold": 0.3},
            given=given,
            context=DocContext(speakers, genres),
        )


def assert_same(found: dict[str, Any], expected: dict[str, Any]) -> None:
    assert list(found) == list(expected) == ["ner", "emd", "relation", "coref"]
    for task, columns in found.items():
        rows, wanted = _rows(columns), _rows(expected[task])
        assert [row[:-1] for row in rows] == [row[:-1] for row in wanted]
        assert [row[-1] for row in rows] == pytest.approx([row[-1] for row in wanted], abs=1e-4)


def _rows(columns: Any) -> list[tuple[float, ...]]:
    flat = [c for column in columns for c in (column if isinstance(column, tuple) else (column,))]
    return sorted(zip(*(column.tolist() for column in flat)))


@pytest.mark.parametrize("top", [0, 2])
@pytest.mark.parametrize("candidates", ["spans", "mentions"])
@quick
@given(docs=documents(), seed=seeds, size=st.integers(1, 12))
@example(docs=[[4, 2, 5, 1, 3, 6, 2, 5], [3, 3, 4, 5]], seed=0, size=5)
def test_parts_give_what_the_whole_gives(candidates: str, top: int, docs: Documents, seed: int, size: int) -> None:
    torch.manual_seed(seed)
    hierarchy, layout = four_tasks(candidates, top, window=5), layout_of(docs)
    assert_same(run(hierarchy, layout, seed, size, None), run(hierarchy, layout, seed, 10_000, None))


@pytest.mark.parametrize("candidates", ["spans", "mentions"])
@quick
@given(docs=documents(), seed=seeds, size=st.integers(1, 12), marks=st.lists(st.booleans(), min_size=3, max_size=3))
def test_given_mentions_are_never_cut(
    candidates: str, docs: Documents, seed: int, size: int, marks: list[bool]
) -> None:
    torch.manual_seed(seed)
    hierarchy, layout = four_tasks(candidates, 0, window=5), layout_of(docs)
    known = given_mentions(docs, marks[: len(docs)], seed)
    assert_same(run(hierarchy, layout, seed, size, known), run(hierarchy, layout, seed, 10_000, known))


def given_mentions(docs: Documents, marks: list[bool], seed: int) -> GivenMentions:
    """Random mentions for the marked documents."""
    flat, first = [], 0
    for doc, clusters, is_given in zip(docs, random_clusters(docs, seed), marks):
        flat += [(start + first, end + first) for cluster in clusters for start, end in cluster if is_given]
        first += sum(doc)
    return GivenMentions(index(sorted(flat)), tuple(marks))


@quick
@given(docs=documents(), seed=seeds, marks=st.lists(st.booleans(), min_size=3, max_size=3))
def test_a_document_with_given_mentions_leaves_its_neighbours_alone(
    docs: Documents, seed: int, marks: list[bool]
) -> None:
    torch.manual_seed(seed)
    hierarchy, layout = four_tasks("spans", 0, window=5), layout_of(docs)
    marks = marks[: len(docs)]
    mixed = run(hierarchy, layout, seed, 10_000, given_mentions(docs, marks, seed))["coref"]
    everywhere = run(hierarchy, layout, seed, 10_000, given_mentions(docs, [True] * len(docs), seed))["coref"]
    nowhere = run(hierarchy, layout, seed, 10_000, None)["coref"]
    offset = 0
    for doc, is_given in zip(docs, marks):
        own, expected = (
            [row[:2] + row[3:] for row in _rows(found) if offset <= row[0] < offset + sum(doc)]
            for found in (mixed, everywhere if is_given else nowhere)
        )
        assert [row[:2] for row in own] == [row[:2] for row in expected]
        assert [row[2] for row in own] == pytest.approx([row[2] for row in expected], abs=1e-4)
        offset += sum(doc)


@quick
@given(docs=documents(), window=st.integers(1, 9), size=st.integers(1, 20))
def test_parts_are_whole_windows_and_together_the_batch(docs: Documents, window: int, size: int) -> None:
    layout = layout_of(docs)
    chunks = list(layout.chunks(size, window))
    assert [c.start for c in chunks[1:]] == [c.end for c in chunks[:-1]]
    assert sum(c.end - c.start for c in chunks) == layout.n_tokens
    docs_of, segments_of = layout.token_docs().tolist(), []
    for chunk in chunks:
        own = chunk.layout
        assert own.n_tokens == int(own.segment_lengths.sum()) == chunk.end - chunk.start
        assert [n + chunk.first_doc for n in own.token_docs().tolist()] == docs_of[chunk.start : chunk.end]
        segments_of += own.segment_lengths.tolist()
        if len(set(chunk.windows(window).tolist())) > 1:
            assert chunk.end - chunk.start <= size
    assert segments_of == layout.segment_lengths.tolist()
    # A window holds the segments of a document that begin in the same `window` tokens.
    numbers = layout.segment_windows(window).tolist()
    keys, first = [], 0
    for number, doc in enumerate(docs):
        start = 0
        for length in doc:
            keys.append((number, start // window))
            start += length
        first += start
    distinct = sorted(set(keys))
    assert numbers == [distinct.index(key) for key in keys]
