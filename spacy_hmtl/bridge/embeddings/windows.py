"""The windows of a Doc that an encoder reads, and their word pieces."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import Any, NamedTuple

import numpy
from spacy.tokens import Doc

from ..segments import segment_starts
from .cache import text_key

# Longest input of encoders that do not say how much they take.
_MAX_PIECES = 512


class Window(NamedTuple):
    """Tokens of a Doc that are encoded together.

    doc (int): number of the Doc.
    start, end (int): tokens that are read.
    keep_start, keep_end (int): tokens, among these, whose vectors are taken from here.
    text (str): what they say.
    boundaries (ndarray): Int64, shape (tokens, 2), character boundaries of each token in `text`.
    """

    doc: int
    start: int
    end: int
    keep_start: int
    keep_end: int
    text: str
    boundaries: numpy.ndarray

    @property
    def key(self) -> bytes:
        """Equal for windows that the encoder cannot tell apart."""
        kept = numpy.asarray([self.keep_start - self.start, self.keep_end - self.start])
        return text_key(self.text, self.boundaries.tobytes(), kept.tobytes())


def make_windows(docs: Sequence[Doc], size: int, stride: int) -> list[Window]:
    """Windows in document order; each token is kept in one of them.

    docs (Sequence): Of the batch.
    size (int): Most tokens of a window.
    stride (int): With 0, whole segments are packed into windows that do not overlap. Otherwise
        a window begins every `stride` tokens, and a token's vector is taken from the window
        in which it is farthest from the ends.
    RETURNS (list): Of all Docs.
    """
    windows = []
    for number, doc in enumerate(docs):
        for start, end, keep_start, keep_end in _strided(len(doc), size, stride) if stride else _packed(doc, size):
            windows.append(_window(doc, number, start, end, keep_start, keep_end))
    return windows


def _packed(doc: Doc, size: int) -> list[tuple[int, int, int, int]]:
    starts = segment_starts(doc, size).tolist()
    spans, first = [], 0
    for start, end in zip(starts, [*starts[1:], len(doc)]):
        if end - first > size and start > first:
            spans.append((first, start, first, start))
            first = start
    if len(doc):
        spans.append((first, len(doc), first, len(doc)))
    return spans


def _strided(length: int, size: int, stride: int) -> list[tuple[int, int, int, int]]:
    # A window that would only repeat the end of the one before is left out.
    starts = list(range(0, max(1, length - size + stride), stride)) if length else []
    ends = [min(start + size, length) for start in starts]
    cuts = [0, *((end + start) // 2 for end, start in zip(ends, starts[1:])), length]
    return [(start, end, a, b) for start, end, (a, b) in zip(starts, ends, pairwise(cuts))]


def _window(doc: Doc, number: int, start: int, end: int, keep_start: int, keep_end: int) -> Window:
    boundaries = doc.to_array(["IDX", "LENGTH"])[start:end].astype("int64")
    boundaries[:, 0] -= boundaries[0, 0]
    boundaries[:, 1] += boundaries[:, 0]
    return Window(number, start, end, keep_start, keep_end, doc[start:end].text, boundaries)


def _halves(window: Window, doc: Doc) -> list[Window]:
    """A window cut in two; a half that nothing is kept of is left out."""
    middle = (window.start + window.end) // 2
    halves = []
    for start, end in ((window.start, middle), (middle, window.end)):
        keep_start, keep_end = max(start, window.keep_start), min(end, window.keep_end)
        if keep_start < keep_end:
            halves.append(_window(doc, window.doc, start, end, keep_start, keep_end))
    return halves


class Pieces(NamedTuple):
    """A tokenized window.

    number (int): which of the windows asked for it belongs to, in whole or as a part.
    inputs (dict): What the encoder reads, by name: Int64 arrays, shape (pieces,).
    columns (ndarray): Int64, shape (pieces,): pieces that make token vectors.
    tokens (ndarray): Int64, shape (pieces,): the token of each, counted in the window.
    """

    number: int
    window: Window
    inputs: dict[str, numpy.ndarray]
    columns: numpy.ndarray
    tokens: numpy.ndarray


def make_pieces(
    windows: Sequence[Window], docs: Sequence[Doc], tokenizer: Any, pooling: str, numbers: Sequence[int] | None = None
) -> list[Pieces]:
    """Word pieces of windows; one with more than the encoder takes is halved, so that nothing is cut off.

    windows (Sequence): Of the Docs.
    docs (Sequence): Of the batch.
    tokenizer (PreTrainedTokenizerFast): The encoder's.
    pooling (str): Pieces that make a token's vector: all ("mean"), the "first" or the "last".
    numbers (Sequence, optional): What to call the windows; 0, 1 ... by default.
    RETURNS (list): At least one for each window.
    """
    limit = min(int(tokenizer.model_max_length), _MAX_PIECES)
    encoded = tokenizer(
        [window.text for window in windows],
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        verbose=False,
    )
    offsets, special = encoded.pop("offset_mapping"), encoded.pop("special_tokens_mask")
    result: list[Pieces] = []
    for i, (number, window) in enumerate(zip(numbers or range(len(windows)), windows)):
        if len(offsets[i]) > limit and window.end - window.start > 1:
            halves = _halves(window, docs[window.doc])
            result += make_pieces(halves, docs, tokenizer, pooling, [number] * len(halves))
            continue
        span = numpy.asarray(offsets[i], dtype="int64")[:limit]
        real = (numpy.asarray(special[i])[:limit] == 0) & (span[:, 1] > span[:, 0])
        columns = real.nonzero()[0]
        # A piece belongs to the token that its first character stands in.
        tokens = (numpy.searchsorted(window.boundaries[:, 0], span[columns, 0], side="right") - 1).clip(min=0)
        if pooling == "first":
            tokens, chosen = numpy.unique(tokens, return_index=True)
            columns = columns[chosen]
        elif pooling == "last":
            tokens, chosen = numpy.unique(tokens[::-1], return_index=True)
            columns = columns[::-1][chosen]
        inputs = {key: numpy.asarray(values[i], dtype="int64")[:limit] for key, values in encoded.items()}
        result.append(Pieces(number, window, inputs, columns, tokens))
    return result
