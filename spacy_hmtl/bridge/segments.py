"""Cuts Docs into the segments that encoders and heads run over."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy
import torch
from spacy.pipeline import Sentencizer
from spacy.tokens import Doc

from ..nn.layout import Layout


@lru_cache(maxsize=1)
def _sentencizer() -> Sentencizer:
    return Sentencizer()


def sentence_starts(doc: Doc) -> numpy.ndarray:
    """Whether each token begins a sentence, by the Doc or, where it does not say, by spaCy's Sentencizer; Bool.

    doc (Doc): With tokens.
    RETURNS (ndarray): Bool, shape (tokens,).
    """
    if doc.has_annotation("SENT_START"):
        starts: numpy.ndarray = doc.to_array("SENT_START").astype("int64") == 1
        return starts
    return numpy.asarray(_sentencizer().predict([doc])[0], dtype=bool)


def segment_starts(doc: Doc, max_length: int) -> numpy.ndarray:
    """Offsets of the tokens that begin a segment, ascending, the first one 0.

    Sentences where the Doc has them, else spans between sentence-final punctuation
    (spaCy's Sentencizer rule; the Doc is not changed); longer ones are cut every
    `max_length` tokens.

    doc (Doc): It may be empty.
    max_length (int): Most tokens of a segment.
    RETURNS (ndarray): Int64.
    """
    if len(doc) == 0:
        return numpy.zeros(0, dtype="int64")
    is_start = sentence_starts(doc)
    is_start[0] = True
    starts = is_start.nonzero()[0].astype("int64")
    lengths = numpy.diff(numpy.append(starts, len(doc)))
    if lengths.max() > max_length:
        starts = numpy.concatenate([numpy.arange(s, s + n, max_length) for s, n in zip(starts, lengths)])
    return starts


def make_layout(docs: Sequence[Doc], max_length: int, device: torch.device | None = None) -> Layout:
    """Segment and document lengths of a batch.

    docs (Sequence): Of the batch.
    max_length (int): Most tokens of a segment.
    device (device, optional): Of the tensors; the CPU by default.
    RETURNS (Layout): Of all tokens.
    """
    lengths = [numpy.diff(numpy.append(segment_starts(doc, max_length), len(doc))) for doc in docs if len(doc)]
    segments = numpy.concatenate(lengths) if lengths else numpy.zeros(0, dtype="int64")
    return Layout(
        torch.as_tensor(segments, dtype=torch.int64, device=device),
        torch.tensor([len(doc) for doc in docs], dtype=torch.int64, device=device),
    )
