"""DyGIE++ and its kin: whether rows that are listed by sentence count tokens of the document or of their sentence."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from ...errors import Errors
from ..faults import ConversionError
from .ends import CLEAR, TokenOffsets, TokenSpan, find_offsets
from .json_records import JsonObject

DOCUMENT, SENTENCE = "document", "sentence"
FRAMES = (DOCUMENT, SENTENCE)
IN_SENTENCE = "documents whose offsets count tokens in the sentence, converted"
OTHER_ENDS = "documents whose ends are exclusive, converted"
_PAIRS = {"ner": 1, "relations": 2}  # spans of a row


class Listed(NamedTuple):
    """A span and the sentence it is listed with: its first token, and its tokens."""

    first: int
    words: Sequence[str]
    start: int
    end: int

    @property
    def in_document(self) -> bool:
        """Whether it lies in its sentence if it counts in the document; an end may be exclusive, or count from 1."""
        return self.first <= self.start <= self.end <= self.first + len(self.words)

    @property
    def in_sentence(self) -> bool:
        """Whether it lies in its sentence if it counts there."""
        return 0 <= self.start <= self.end <= len(self.words)


class Meaning(NamedTuple):
    """What the offsets of a file mean: the tokens of what they count, and how."""

    frame: str = DOCUMENT
    offsets: TokenOffsets = TokenOffsets()


def find_frame(spans: Sequence[Listed], path: object, given: str | None = None) -> str:
    """Find out whether offsets count in the document or in the sentence.

    A span in a later sentence lies in it under one reading, and in front of it, or past its end, under the other.

    spans (Sequence[Listed]): All spans of a file that are listed with a sentence.
    path (object): The file, for messages.
    given (str | None): What the user says, taken as it is.
    RETURNS (str): "document" or "sentence".
    RAISES (ConversionError): H130, if `given` is neither; H701, if the spans contradict each other.
    """
    if given is not None:
        if given not in FRAMES:
            raise ConversionError(Errors.H130.format(name="--offsets", known=", ".join(FRAMES), value=given))
        return given
    later = [span for span in spans if span.first]
    document = sum(span.in_document and not span.in_sentence for span in later)
    sentence = sum(span.in_sentence and not span.in_document for span in later)
    if sentence > CLEAR * document:
        return SENTENCE
    if document > CLEAR * sentence or not sentence:
        return DOCUMENT
    reason = f"{document:,} lie in their sentence if they count in the document, {sentence:,} if in the sentence"
    raise ConversionError(Errors.H701.format(path=path, reason=f"{reason}, of {len(later):,} beyond the first"))


def find_meaning(
    documents: Sequence[JsonObject], path: object, ends: str | None = None, offsets: str | None = None
) -> Meaning:
    """Find out what the offsets of a file mean.

    documents (Sequence): Its objects with well-formed `sentences`; rows that cannot be read do not count.
    path (object): The file, for messages.
    ends, offsets (str | None): What the user says.
    RETURNS (Meaning): What they mean; clusters always count in the document.
    RAISES (ConversionError): H130, H171, H700, H701.
    """
    listed = [span for fields in documents for span in _listed(fields)]
    frame = find_frame(listed, path, offsets)
    spans: list[TokenSpan] = []
    for span in listed:
        first = span.first if frame == DOCUMENT else 0
        spans.append(TokenSpan(span.words, span.start - first, span.end - first))
    for fields in documents:
        words = [word for sentence in fields["sentences"] for word in sentence]
        spans += [TokenSpan(words, row[k], row[k + 1]) for row, k in _unlisted(fields)]
    return Meaning(frame, find_offsets(spans, path, usual="inclusive", given=ends))


def in_tokens(fields: JsonObject, meaning: Meaning) -> JsonObject:
    """A document whose offsets count tokens of the document from 0, with inclusive ends.

    fields (JsonObject): The document, with well-formed `sentences`.
    meaning (Meaning): What its offsets mean.
    """
    if meaning == Meaning():
        return fields
    firsts = sentence_firsts(fields)
    made = dict(fields)
    for key, n_spans in _PAIRS.items():
        rows = fields.get(key)
        if isinstance(rows, list):
            at = [0] * len(rows) if _is_flat(rows) or meaning.frame == DOCUMENT else firsts
            made[key] = (
                [_moved(row, n_spans, 0, meaning) for row in rows]
                if _is_flat(rows)
                else [[_moved(row, n_spans, first, meaning) for row in part] for part, first in zip(rows, at)]
            )
    if isinstance(fields.get("clusters"), list):
        made["clusters"] = [
            [_moved(mention, 1, 0, meaning) for mention in cluster] if isinstance(cluster, list) else cluster
            for cluster in fields["clusters"]
        ]
    return made


def sentence_firsts(fields: JsonObject) -> list[int]:
    """The offset of the first token of each sentence."""
    return [0, *accumulate(map(len, fields["sentences"]))][:-1]


def _listed(fields: JsonObject) -> Iterator[Listed]:
    """The spans that are listed with a sentence and have offsets."""
    firsts = sentence_firsts(fields)
    for key, n_spans in _PAIRS.items():
        rows = fields.get(key)
        if not isinstance(rows, list) or _is_flat(rows) or len(rows) != len(firsts):
            continue
        for part, first, words in zip(rows, firsts, fields["sentences"]):
            for row in part if isinstance(part, list) else ():
                if _has_offsets(row, n_spans):
                    yield from (Listed(first, words, row[2 * k], row[2 * k + 1]) for k in range(n_spans))


def _unlisted(fields: JsonObject) -> Iterator[tuple[Any, int]]:
    """The rows with offsets in the document, whatever the others count, and where in them a span begins."""
    for key, n_spans in _PAIRS.items():
        rows = fields.get(key)
        if isinstance(rows, list) and _is_flat(rows):
            yield from ((row, 2 * k) for row in rows if _has_offsets(row, n_spans) for k in range(n_spans))
    for cluster in fields.get("clusters") or ():
        yield from (
            ((mention, 0) for mention in cluster if _has_offsets(mention, 1)) if isinstance(cluster, list) else ()
        )


def _has_offsets(row: Any, n_spans: int) -> bool:
    return isinstance(row, list) and len(row) >= 2 * n_spans and all(type(item) is int for item in row[: 2 * n_spans])


def _moved(row: Any, n_spans: int, first: int, meaning: Meaning) -> Any:
    if not _has_offsets(row, n_spans):
        return row
    places = [meaning.offsets.place(row[2 * k], row[2 * k + 1]) for k in range(n_spans)]
    return [*(place for start, end in places for place in (start + first, end - 1 + first)), *row[2 * n_spans :]]


def _is_flat(rows: list[Any]) -> bool:
    """Whether a list holds rows themselves, not a list of rows for each sentence."""
    return any(isinstance(row, list) and row and not isinstance(row[0], list) for row in rows)
