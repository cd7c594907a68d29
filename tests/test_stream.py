"""Streams: memory does not grow with the documents that pass, and each is annotated as if it were alone."""

from __future__ import annotations

import ctypes
import gc
import os
import random
from collections.abc import Iterator
from itertools import islice
from pathlib import Path

import pytest
from spacy.language import Language
from spacy.tokens import Doc
from tiny import assert_alike

# Pages in use, as Linux tells; a peak, which other systems tell, cannot show that memory came back.
STATM = Path("/proc/self/statm")
needs_statm = pytest.mark.skipif(not STATM.exists(), reason="only Linux says how much memory a process holds")
N_DOCS = 20_000
# By then allocators and buffers have the size that the stream needs.
N_WARM = 4_000
# Less than 200 bytes for each document that comes after the first: half of what the smallest NumPy array
# and its list entry take, and far less than an annotated Doc.
MAX_GROWTH = 3 * 2**20


def resident() -> int:
    """Bytes of memory that this process holds, without what is free and kept for later."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # of glibc only
    if trim is not None:
        trim(0)
    return int(STATM.read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE")


def drain(docs: Iterator[Doc]) -> int:
    """Bytes by which memory grows while all but the first Docs of a stream pass."""
    n_found = 0
    held = {}
    for n_docs, doc in enumerate(docs, 1):
        n_found += len(doc.spans["mentions"]) + len(doc.spans["coref"])
        # Both at the end of a batch, which the stream still holds.
        if n_docs in (N_WARM, N_DOCS):
            held[n_docs] = resident()
    assert n_found > N_DOCS  # else the stream would say nothing of mentions and clusters
    return held[N_DOCS] - held[N_WARM]


def short_docs(nlp: Language, words: list[str], *, new_words: bool) -> Iterator[Doc]:
    """Short documents of known words; with `new_words`, each has one that no other has."""
    rng = random.Random(0)
    for number in range(N_DOCS):
        own = rng.choices(words, k=rng.randint(3, 8))
        yield Doc(nlp.vocab, words=[*own, f"word{number}"] if new_words else own)


@pytest.fixture(scope="module")
def known_words(texts: list[str]) -> list[str]:
    return sorted({word for text in texts for word in text.split()})


@pytest.mark.slow
@needs_statm
def test_memory_is_flat_over_twenty_thousand_documents(trained_nlp: Language, known_words: list[str]) -> None:
    assert drain(trained_nlp.pipe(short_docs(trained_nlp, known_words, new_words=False))) < MAX_GROWTH


@pytest.mark.slow
@needs_statm
def test_memory_zones_forget_ever_new_words(trained_nlp: Language, known_words: list[str]) -> None:
    def annotated() -> Iterator[Doc]:
        docs = short_docs(trained_nlp, known_words, new_words=True)
        for _ in range(0, N_DOCS, 1000):
            with trained_nlp.memory_zone():
                yield from trained_nlp.pipe(islice(docs, 1000))

    n_strings = len(trained_nlp.vocab.strings)
    assert drain(annotated()) < MAX_GROWTH
    assert len(trained_nlp.vocab.strings) - n_strings < N_DOCS / 100


@pytest.mark.parametrize("batch_size", [3, 1000])
def test_short_and_long_documents_of_one_stream_are_annotated_as_if_alone(
    trained_nlp: Language, known_words: list[str], batch_size: int
) -> None:
    # Over 8,192 tokens in all, so that a part of a batch ends within a document.
    rng = random.Random(1)
    lengths = [0, 1, 5, 3000, 0, 40, 700, 2, 5000, 64, 65, 300, 1]
    stream = [rng.choices(known_words, k=length) for length in lengths]
    batched = trained_nlp.pipe((Doc(trained_nlp.vocab, words=words) for words in stream), batch_size=batch_size)
    n_docs = 0
    for doc, words in zip(batched, stream):
        assert_alike(doc, trained_nlp(Doc(trained_nlp.vocab, words=words)))
        n_docs += 1
    assert n_docs == len(stream)
