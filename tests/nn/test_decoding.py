"""Decoding part by part, with antecedents carried over, against decoding at once."""

from __future__ import annotations

from typing import Any

import pytest
import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from strategies import INPUT, Documents, documents, four_tasks, layout_of, seeds
from test_coref import index, random_clusters

from spacy_hmtl.nn import decoding
from spacy_hmtl.nn.decoding import Decoded
from spacy_hmtl.nn.heads.coref import CorefContext
from spacy_hmtl.nn.hierarchy import Hierarchy
from spacy_hmtl.nn.layout import Layout
from spacy_hmtl.nn.spans import SpanIndex

quick = settings(deadline=None, max_examples=25)


def run(hierarchy: Hierarchy, layout: Layout, seed: int, size: int, given_spans: SpanIndex | None) -> Decoded:
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
            relation_threshold=0.3,
            singleton_threshold=0.3,
            given=given_spans,
            context=CorefContext(speakers, genres),
        )


def assert_same(found: Decoded, expected: Decoded) -> None:
    for one, other in zip(found, expected):
        assert one is not None
        assert other is not None
        rows, wanted = _rows(one), _rows(other)
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


@quick
@given(docs=documents(), seed=seeds, size=st.integers(1, 12))
def test_given_mentions_are_never_cut(docs: Documents, seed: int, size: int) -> None:
    torch.manual_seed(seed)
    hierarchy, layout = four_tasks("spans", 0, window=5), layout_of(docs)
    flat, first = [], 0
    for doc, clusters in zip(docs, random_clusters(docs, seed)):
        flat += [(start + first, end + first) for cluster in clusters for start, end in cluster]
        first += sum(doc)
    spans = index(sorted(flat))
    assert_same(run(hierarchy, layout, seed, size, spans), run(hierarchy, layout, seed, 10_000, spans))


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
        if len(set(chunk.windows.tolist())) > 1:
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
