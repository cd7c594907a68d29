"""What encoders and heads read of Docs: their tokens without white space, so that line breaks change nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy
import torch
from spacy.tokens import Doc

from ..annotations.whitespace import RealTokens, real_tokens, space_tokens
from ..nn.layout import Layout
from .segments import make_layout, sentence_starts

# What embeddings may read of a token beside its word; sentence starts are set apart.
_ATTRS: list[int | str] = ["NORM", "LEMMA", "TAG", "POS", "MORPH", "ENT_TYPE"]
# Characters that end a line, and how many lines; two in a row make a blank one.
_LINE_ENDS = {"\n": 1, "\r": 1, "\v": 1, "\f": 1, "\x85": 1, "\u2028": 1, "\u2029": 2}


@dataclass(frozen=True)
class Reading:
    """A batch as it is read.

    docs (Sequence): The Docs.
    read (list): The same without white-space tokens; a Doc that has none stands for itself.
    real (list): For each Doc which of its tokens are read; None where all are.
    layout (Layout): Of what is read.
    """

    docs: Sequence[Doc]
    read: list[Doc]
    real: list[RealTokens | None]
    layout: Layout

    @cached_property
    def kept(self) -> torch.Tensor | None:
        """Flat offsets, in the batch of whole Docs, of the tokens that are read, Int64, shape (T,); None: all are."""
        if all(own is None for own in self.real):
            return None
        rows, first = [], 0
        for doc, own in zip(self.docs, self.real):
            rows.append(first + (numpy.arange(len(doc)) if own is None else own.kept))
            first += len(doc)
        return torch.as_tensor(numpy.concatenate(rows), device=self.layout.doc_lengths.device)

    def of_docs(self, rows: Sequence[int], max_segment: int) -> Reading:
        """What is read of some of the Docs.

        rows (Sequence): Their numbers in the batch.
        max_segment (int): Most tokens of a segment.
        """
        if len(rows) == len(self.docs):
            return self
        docs, read = [self.docs[row] for row in rows], [self.read[row] for row in rows]
        layout = make_layout(read, max_segment, self.layout.doc_lengths.device)
        return Reading(docs, read, [self.real[row] for row in rows], layout)


def read_batch(docs: Sequence[Doc], max_segment: int, device: torch.device | None = None) -> Reading:
    """Leave white space out of a batch and cut it into segments.

    docs (Sequence): Docs, which are not changed.
    max_segment (int): Most tokens of a segment.
    device (device, optional): Of the layout's tensors; the CPU by default.
    RETURNS (Reading): What is read, and how it lies.
    """
    read: list[Doc] = []
    real: list[RealTokens | None] = []
    for doc in docs:
        kept = real_tokens(doc)
        read.append(doc if kept is None else _without_space(doc, kept))
        real.append(None if kept is None else RealTokens(kept, len(doc)))
    return Reading(docs, read, real, make_layout(read, max_segment, device))


def _without_space(doc: Doc, kept: numpy.ndarray) -> Doc:
    """The real tokens of a Doc as a Doc, such as its text would make if a space stood for all white space in a row."""
    words, spaces = doc.to_array(["ORTH", "SPACY"]).T
    follows = numpy.append(numpy.diff(kept) > 1, False)  # white space between this token and the next
    spaces = (spaces[kept] != 0) | follows
    if len(kept) and kept[-1] + 1 < len(doc):
        spaces[-1] = False
    strings = doc.vocab.strings
    new = Doc(doc.vocab, words=[strings[word] for word in words[kept].tolist()], spaces=spaces.tolist())
    if len(kept) == 0:
        return new
    new.from_array(_ATTRS, doc.to_array(_ATTRS)[kept])
    starts = _starts(doc, kept, new)
    if starts is not None:
        # As spaCy has it: 1 and -1, in an array of unsigned integers.
        column: Any = numpy.where(starts, 1, -1).astype("int64").astype("uint64").reshape(-1, 1)
        new.from_array(["SENT_START"], column)
    return new


def _starts(doc: Doc, kept: numpy.ndarray, new: Doc) -> numpy.ndarray | None:
    """Tokens that begin a sentence or stand below a blank line, Bool; None where nothing says so."""
    after_blank = numpy.diff(_lines_before(doc)[kept], prepend=0) > 1
    if doc.has_annotation("SENT_START"):
        # A sentence that begins with white space begins with the next real token.
        begun = (doc.to_array("SENT_START").astype("int64") == 1).cumsum()
        result: numpy.ndarray | None = after_blank | (numpy.diff(begun[kept], prepend=0) > 0)
        return result
    return after_blank | sentence_starts(new) if after_blank.any() else None


def _lines_before(doc: Doc) -> numpy.ndarray:
    """How many lines have ended before each token of a Doc, or in it."""
    is_space = space_tokens(doc)
    words, which = numpy.unique(doc.to_array("ORTH")[is_space], return_inverse=True)
    ended = [sum(_LINE_ENDS.get(c, 0) for c in doc.vocab.strings[int(word)].replace("\r\n", "\n")) for word in words]
    lines = numpy.zeros(len(doc), dtype="int64")
    lines[is_space] = numpy.asarray(ended, dtype="int64")[which]
    return lines.cumsum()
