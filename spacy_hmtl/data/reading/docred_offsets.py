"""What the numbers of DocRED's mentions count, found out by the names that they should cover."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import accumulate
from typing import Any, NamedTuple

from .ends import CLEAR
from .json_records import JsonObject, misfit

OTHER_NAME = "mentions whose `name` is not what their tokens say, kept"
_NUMBERS = {"sent_id": int, "pos": (int, int)}


class Reading(NamedTuple):
    """What the numbers mean. about: for a note, "" for what DocRED has.

    from_one: sentences count from 1.
    in_document: `pos` counts tokens of the document.
    inclusive: its end is the last token.
    """

    about: str = ""
    from_one: bool = False
    in_document: bool = False
    inclusive: bool = False

    def place(self, sentence: int, start: int, end: int, firsts: Sequence[int]) -> tuple[int, int, int]:
        """The sentence of a mention from 0, and its tokens in the sentence, end exclusive.

        sentence, start, end (int): `sent_id` and `pos`.
        firsts (Sequence[int]): The first token of each sentence in the document.
        """
        sentence -= self.from_one
        first = firsts[sentence] if self.in_document and 0 <= sentence < len(firsts) else 0
        return sentence, start - first, end - first + self.inclusive


DOCRED = Reading()
_READINGS = (
    DOCRED,
    Reading("documents whose `pos` has inclusive ends, converted", inclusive=True),
    Reading("documents whose `sent_id` counts from 1, converted", from_one=True),
    Reading("documents whose `pos` counts tokens of the document, converted", in_document=True),
    Reading("documents whose `pos` counts tokens of the document, to the last one, converted", False, True, True),
)


def find_reading(documents: Sequence[JsonObject]) -> Reading:
    """Find out what the numbers of a file mean: the names that mentions have, or else that they lie in a sentence.

    documents (Sequence): Its objects with well-formed `sents`; mentions that cannot be read do not count.
    RETURNS (Reading): That of DocRED, unless another one explains ten times as many of the mentions that
        the two explain differently.
    """
    n_better, n_worse = [0] * len(_READINGS), [0] * len(_READINGS)
    for fields in documents:
        firsts = [0, *accumulate(map(len, fields["sents"]))][:-1]
        for row in _mentions(fields):
            fitting = [_fits(row, fields["sents"], firsts, reading) for reading in _READINGS]
            for number, fits in enumerate(fitting):
                n_better[number] += fits and not fitting[0]
                n_worse[number] += fitting[0] and not fits
    best = max(range(len(_READINGS)), key=lambda number: n_better[number] - n_worse[number])
    return _READINGS[best] if n_better[best] > CLEAR * n_worse[best] else DOCRED


def fits_name(row: JsonObject, words: Sequence[str]) -> bool:
    """Whether some tokens are the name of a mention, but for white space; True if it has none."""
    name: Any = row.get("name")
    return not isinstance(name, str) or "".join(name.split()) == "".join("".join(words).split())


def _mentions(fields: JsonObject) -> Iterator[JsonObject]:
    for entity in fields["vertexSet"]:
        yield from (row for row in entity if not misfit(row, _NUMBERS))


def _fits(row: JsonObject, sentences: Sequence[Sequence[str]], firsts: Sequence[int], reading: Reading) -> bool:
    start, end = row["pos"]
    sentence, start, end = reading.place(row["sent_id"], start, end, firsts)
    if not 0 <= sentence < len(sentences) or not 0 <= start < end <= len(sentences[sentence]):
        return False
    return fits_name(row, sentences[sentence][start:end])
