"""Layouts against loops, and the biLSTM over a layout against each segment on its own."""

from __future__ import annotations

import torch
from hypothesis import example, given, settings
from hypothesis import strategies as st
from nn.strategies import Documents, close, documents, encoder_config, layout_of, randomize, seeds, segments_of
from torch.nn.utils.rnn import pack_sequence

from spacy_hmtl.nn.encoder import BiLSTM

quick = settings(deadline=None, max_examples=40)


@quick
@given(documents())
@example([[]])
@example([[], [1], []])
def test_numbers_of_tokens_segments_and_documents(docs: Documents) -> None:
    layout, segments = layout_of(docs), segments_of(docs)
    flat = [segment for own in segments for segment in own]
    assert layout.n_tokens == sum(map(sum, docs))
    assert layout.segment_starts.tolist() == [start for start, _ in flat]
    assert layout.token_segments().tolist() == [n for n, (start, end) in enumerate(flat) for _ in range(start, end)]
    assert layout.token_docs().tolist() == [n for n, doc in enumerate(docs) for _ in range(sum(doc))]
    assert layout.doc_starts().tolist() == [sum(map(sum, docs[:n])) for n in range(len(docs))]


@quick
@given(documents().filter(lambda docs: any(docs)))
def test_packing_is_that_of_packed_sequences_forwards_and_backwards(docs: Documents) -> None:
    flat = [torch.arange(start, end) for own in segments_of(docs) for start, end in own]
    packing = layout_of(docs).packing
    expected = pack_sequence(flat, enforce_sorted=False)
    assert torch.equal(packing.order, expected.data)
    assert torch.equal(packing.backward, pack_sequence([own.flip(0) for own in flat], enforce_sorted=False).data)
    assert torch.equal(packing.sizes, expected.batch_sizes)


@quick
@given(documents().filter(lambda docs: any(docs)), seeds)
def test_some_segments_are_packed_as_if_there_were_no_others(docs: Documents, seed: int) -> None:
    flat = [torch.arange(start, end) for own in segments_of(docs) for start, end in own]
    chosen = [number for number in range(len(flat)) if (seed + number) % 2] or [0]
    packing = layout_of(docs).pack(torch.tensor(chosen))
    expected = pack_sequence([flat[number] for number in chosen], enforce_sorted=False)
    assert torch.equal(packing.order, expected.data)
    assert torch.equal(packing.sizes, expected.batch_sizes)


@quick
@given(documents(max_segment=7), st.integers(1, 60), st.booleans())
def test_buckets_hold_each_segment_once_and_keep_their_bound(docs: Documents, max_cells: int, square: bool) -> None:
    layout = layout_of(docs)
    flat = [segment for own in segments_of(docs) for segment in own]
    tokens = torch.arange(layout.n_tokens).unsqueeze(1) * 10.0
    seen = []
    for bucket in layout.buckets(max_cells, square=square):
        n_segments, longest = bucket.mask.shape
        assert n_segments == 1 or n_segments * longest * (longest if square else 1) <= max_cells
        padded = bucket.pad(tokens)
        for row, segment in enumerate(bucket.segments.tolist()):
            start, end = flat[segment]
            seen.append(segment)
            assert bucket.index[row][bucket.mask[row]].tolist() == list(range(start, end))
            assert bucket.mask[row].tolist() == [step < end - start for step in range(longest)]
            assert padded[row][bucket.mask[row]].flatten().tolist() == [10.0 * token for token in range(start, end)]
        assert bucket.mask.any(dim=0).all()  # no column is padding only
    assert sorted(seen) == list(range(len(flat)))


@quick
@given(documents(), st.integers(1, 2), seeds)
@example([[]], 1, 0)
def test_bilstm_over_a_layout_runs_each_segment_on_its_own(docs: Documents, depth: int, seed: int) -> None:
    torch.manual_seed(seed)
    encoder = BiLSTM(4, encoder_config(3, depth))
    randomize(encoder)
    layout = layout_of(docs)
    inputs = torch.randn(layout.n_tokens, 4)
    encoded = encoder(inputs, layout)
    assert encoded.states.shape == (layout.n_tokens, 6)
    assert torch.equal(encoded.inputs, inputs)
    for own in segments_of(docs):
        for start, end in own:
            alone, _ = encoder.lstm(inputs[start:end].unsqueeze(1))
            assert close(encoded.states[start:end], alone.squeeze(1), 1e-5)
