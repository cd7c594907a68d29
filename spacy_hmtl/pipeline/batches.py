"""Batches of a stream of Docs, cut by their tokens as well as by their number."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from spacy.tokens import Doc


def batches(stream: Iterable[Doc], most_docs: int, most_tokens: int) -> Iterator[list[Doc]]:
    """Docs in order; a batch ends before it has more Docs, or more tokens, than it may.

    Nothing is read ahead but the Doc that begins the next batch. A Doc of more tokens is a batch of its own.
    """
    batch: list[Doc] = []
    n_tokens = 0
    for doc in stream:
        if batch and n_tokens + len(doc) > most_tokens:
            yield batch
            batch, n_tokens = [], 0
        batch.append(doc)
        n_tokens += len(doc)
        if len(batch) >= most_docs:
            yield batch
            batch, n_tokens = [], 0
    if batch:
        yield batch
