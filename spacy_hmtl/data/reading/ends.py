"""What token offsets mean: whether ends are inclusive, and what they count from. Proved by the file, never assumed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from ...errors import Errors
from ..faults import ConversionError

INCLUSIVE, EXCLUSIVE = "inclusive", "exclusive"
ENDS = (INCLUSIVE, EXCLUSIVE)
FROM_ONE = "documents whose offsets count tokens from 1, converted"
# Pronouns that are a whole mention, and never the first word of a longer one ("her house" is one, "she waved" is none).
_PRONOUNS = frozenset(
    "i he she we they him them himself herself itself themselves myself ourselves yourself me us".split()
)
# Where a file proves both readings, one must be proved N times as often as the other, whose proofs are then slips.
CLEAR = 10
# Of so many spans some have one token. Where no end equals its start, and a good part of the ends is the next one,
# ends are exclusive.
_MANY, _PART = 10, 0.3
# Pronouns that would be mentions if tokens counted from 1: one may be chance.
_HINTS = 2


class TokenSpan(NamedTuple):
    """A span as its file gives it: in the tokens of a document, or of a sentence.

    words: the tokens that `start` and `end` count.
    covered: what the file says the span covers, or None.
    """

    words: Sequence[str]
    start: int
    end: int
    covered: str | None = None

    def at(self, start: int, end: int) -> str:
        """Some tokens without white space."""
        return "".join("".join(self.words[max(start, 0) : max(end, 0)]).split())


class TokenOffsets(NamedTuple):
    """What the token offsets of a file mean. ends: "inclusive" or "exclusive"; base: the number of the first token."""

    ends: str = INCLUSIVE
    base: int = 0

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Where a span stands: counted from 0, end exclusive."""
        return start - self.base, end - self.base + (self.ends == INCLUSIVE)


def find_offsets(
    spans: Iterable[TokenSpan], path: object, *, usual: str = "", given: str | None = None
) -> TokenOffsets:
    """Find out what the offsets of a file's spans mean.

    spans (Iterable[TokenSpan]): All spans of the file.
    path (object): The file, for messages.
    usual (str): See `find_ends`.
    given (str | None): What the user says of the ends; tokens then count from 0.
    RETURNS (TokenOffsets): Ends and base.
    RAISES (ConversionError): H130 and H171, as `find_ends`; H700, if tokens seem to count from 1 without proof.
    """
    spans = list(spans)
    base = 0 if given is not None else _base(spans, path)
    moved = (span._replace(start=span.start - base, end=span.end - base) for span in spans)
    return TokenOffsets(find_ends(moved, path, usual=usual, given=given), base)


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
    if inclusive > CLEAR * exclusive:
        return INCLUSIVE
    if exclusive > CLEAR * inclusive or (
        not inclusive and (any(map(_is_pronoun, spans)) or _has_no_token_alone(spans))
    ):
        return EXCLUSIVE
    if not spans or (usual and not inclusive and not exclusive):
        return usual or INCLUSIVE
    reason = f"{inclusive:,} spans can only be inclusive, {exclusive:,} only exclusive, of {len(spans):,}"
    raise ConversionError(Errors.H171.format(path=path, reason=reason))


def shows_ends(spans: Iterable[TokenSpan]) -> bool:
    """Whether a span of a file can only be inclusive, or only exclusive."""
    return any(map(_vote, spans))


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
        readings = {INCLUSIVE: span.at(start, end + 1), EXCLUSIVE: span.at(start, end)}
        return next((ends for ends, found in readings.items() if found == text), "")
    return ""


def _is_pronoun(span: TokenSpan) -> bool:
    """Whether a span is a pronoun if its end is exclusive, and would else go on after it."""
    words, start, end, _ = span
    return 0 <= start < end < len(words) and end == start + 1 and words[start].lower() in _PRONOUNS


def _has_no_token_alone(spans: Sequence[TokenSpan]) -> bool:
    """Whether none of many spans has one token if ends are inclusive, and a good part of them if exclusive."""
    lengths = {(id(span.words), span.start, span.end): span.end - span.start for span in spans}
    return len(lengths) >= _MANY and list(lengths.values()).count(1) >= _PART * len(lengths)


def _base(spans: Sequence[TokenSpan], path: object) -> int:
    """The number of the first token: 0, or 1 where the file proves it."""
    if not spans or any(span.start < 1 or span.end > len(span.words) for span in spans):
        return 0
    covered = [(span, "".join(span.covered.split())) for span in spans if span.covered and span.covered.strip()]
    from_one = sum(text in (span.at(span.start - 1, end) for end in _ends(span.end, 1)) for span, text in covered)
    from_zero = sum(text in (span.at(span.start, end) for end in _ends(span.end, 0)) for span, text in covered)
    if covered:
        return int(from_one > CLEAR * from_zero)
    if any(span.start == len(span.words) for span in spans):
        return 1  # the last token, which has no such number if the first has 0
    if any(s.start == s.end for s in spans) and any(s.end == len(s.words) for s in spans):
        return 1  # inclusive ends, and the last token
    for_one = sum(map(_is_pronoun_from_one, spans))
    if for_one >= _HINTS and not any(map(_is_pronoun_from_zero, spans)):
        reason = f"no span begins with token 0, and {for_one:,} of {len(spans):,} would be a pronoun"
        raise ConversionError(Errors.H700.format(path=path, reason=reason))
    return 0


def _ends(end: int, base: int) -> tuple[int, int]:
    """The end of a span, counted from 0 and exclusive, in both readings."""
    return end - base + 1, end - base


def _is_pronoun_from_one(span: TokenSpan) -> bool:
    """Whether a span with an inclusive end, of one token, is a pronoun if tokens count from 1."""
    return span.start == span.end and span.words[span.start - 1].lower() in _PRONOUNS


def _is_pronoun_from_zero(span: TokenSpan) -> bool:
    """Whether a span is a pronoun and no more if tokens count from 0, whatever its end means."""
    is_short = span.end - span.start <= 1 and span.start < len(span.words)
    return is_short and span.words[span.start].lower() in _PRONOUNS
