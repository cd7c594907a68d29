"""Whether the ends of token spans are inclusive: proved by what a file holds, never assumed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ...errors import Errors
from ..faults import ConversionError

INCLUSIVE, EXCLUSIVE = "inclusive", "exclusive"
ENDS = (INCLUSIVE, EXCLUSIVE)
# Pronouns that are a whole mention, and never the first word of a longer one ("her house" is one, "she waved" is none).
_PRONOUNS = frozenset(
    "i he she we they him them himself herself itself themselves myself ourselves yourself me us".split()
)
# Where a file proves both readings, one must be proved N times as often as the other, whose proofs are then slips.
_CLEAR = 10


class TokenSpan(NamedTuple):
    """A span as its file gives it: in the tokens of a document, or of a sentence.

    words: the tokens that `start` and `end` count.
    covered: what the file says the span covers, or None.
    """

    words: Sequence[str]
    start: int
    end: int
    covered: str | None = None


def find_ends(spans: Iterable[TokenSpan], path: object, *, usual: str = "", given: str | None = None) -> str:
    """Find out what the ends of a file's spans mean.

    A span whose end is its start has an inclusive end; one that ends where the tokens do has an
    exclusive one. Where there is neither, a pronoun that would else be the first word of a phrase has one.

    spans (Iterable[TokenSpan]): All spans of the file.
    path (object): The file, for messages.
    usual (str): What files with these keys have, taken where nothing proves the opposite; "" if nothing is usual.
    given (str | None): What the user says, taken as it is.
    RETURNS (str): "inclusive" or "exclusive".
    RAISES (ConversionError): H130, if `given` is neither; H171, if the spans do not tell.
    """
    if given is not None:
        if given not in ENDS:
            raise ConversionError(Errors.H130.format(name="--ends", known=", ".join(ENDS), value=given))
        return given
    spans = list(spans)
    votes = [_vote(span) for span in spans]
    inclusive, exclusive = votes.count(INCLUSIVE), votes.count(EXCLUSIVE)
    if inclusive > _CLEAR * exclusive:
        return INCLUSIVE
    if exclusive > _CLEAR * inclusive or (not inclusive and any(map(_is_pronoun, spans))):
        return EXCLUSIVE
    if not spans or (usual and not inclusive and not exclusive):
        return usual or INCLUSIVE
    reason = f"{inclusive:,} spans can only be inclusive, {exclusive:,} only exclusive, of {len(spans):,}"
    raise ConversionError(Errors.H171.format(path=path, reason=reason))


def _vote(span: TokenSpan) -> str:
    words, start, end, covered = span
    if start == end:
        return INCLUSIVE
    if not 0 <= start < end <= len(words):
        return ""
    if end == len(words):
        return EXCLUSIVE
    if covered is not None:
        text = "".join(covered.split())
        readings = {INCLUSIVE: "".join(words[start : end + 1]), EXCLUSIVE: "".join(words[start:end])}
        return next((ends for ends, found in readings.items() if "".join(found.split()) == text), "")
    return ""


def _is_pronoun(span: TokenSpan) -> bool:
    """Whether a span is a pronoun if its end is exclusive, and would else go on after it."""
    words, start, end, _ = span
    return 0 <= start < end < len(words) and end == start + 1 and words[start].lower() in _PRONOUNS
