"""White-space tokens are no part of names, mentions and arguments, as spaCy has it for names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
from spacy.attrs import IS_SPACE, ORTH
from spacy.tokens import Doc

from ..types import MentionSpan


def space_tokens(doc: Doc) -> numpy.ndarray:
    """Whether each token of a Doc is white space, Bool."""
    vocab: Any = doc.vocab
    if IS_SPACE in vocab.lex_attr_getters:
        flags: numpy.ndarray = doc.to_array(IS_SPACE).astype(bool)
        return flags
    # The vocabulary of no language, such as some Docs are loaded with, knows nothing of its words.
    words, which = numpy.unique(doc.to_array(ORTH), return_inverse=True)
    return numpy.asarray([vocab.strings[int(word)].isspace() for word in words], dtype=bool)[which]


def real_tokens(doc: Doc) -> numpy.ndarray | None:
    """Numbers of the tokens that are no white space, ascending; None where all are."""
    if len(doc) == 0:
        return None
    is_space = space_tokens(doc)
    return numpy.flatnonzero(~is_space) if is_space.any() else None


class RealTokens:
    """Between the tokens of a Doc and those of them that are no white space.

    kept (array): Int64, numbers of the latter, ascending; see `real_tokens`.
    n_tokens (int): Of the Doc.
    """

    def __init__(self, kept: numpy.ndarray, n_tokens: int) -> None:
        self.kept = kept
        is_real = numpy.zeros(n_tokens + 1, dtype="int64")
        is_real[kept + 1] = 1
        # How many real tokens stand before each token, and at the end.
        self._before = is_real.cumsum()

    def inward(self, start: int, end: int) -> MentionSpan | None:
        """Where a span of the Doc stands among its real tokens; None if it holds none of them."""
        first, last = int(self._before[start]), int(self._before[end])
        return (first, last) if first < last else None

    def outward(self, start: int, end: int) -> MentionSpan:
        """Where a span of real tokens stands in the Doc, with the white space inside it."""
        return int(self.kept[start]), int(self.kept[end - 1]) + 1

    def trimmed(self, start: int, end: int) -> MentionSpan | None:
        """A span of the Doc without the white space at its ends; None if nothing is left."""
        inward = self.inward(start, end)
        return None if inward is None else self.outward(*inward)


def trimmer(doc: Doc) -> Callable[[int, int], MentionSpan | None] | None:
    """How spans of a Doc lose white space at their ends; None for a Doc that has none."""
    kept = real_tokens(doc)
    return None if kept is None else RealTokens(kept, len(doc)).trimmed
