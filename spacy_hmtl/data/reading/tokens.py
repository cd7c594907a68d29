"""Running text to tokens, for the formats that annotate characters."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

import spacy
from spacy.language import Language

from ...errors import Errors
from ..faults import ConversionError

WHITESPACE = "whitespace"
PIECE = 200_000  # characters of a long text that are split into tokens at once
_SPACE = re.compile(r"\s")


class Tokens(NamedTuple):
    """The tokens of a text: their characters, whether a space follows, and which ones begin a sentence (if known)."""

    starts: list[int]
    ends: list[int]
    spaces: list[bool]
    sent_starts: list[int] | None = None


def tokenize(text: str, tokenizer: str, *, by_line: bool = False) -> Tokens:
    """Split a text into tokens. White space is no token.

    text (str): The text.
    tokenizer (str): A language of spaCy, such as "en", or "whitespace".
    by_line (bool): Begin a sentence with each line.
    RETURNS (Tokens): The tokens.
    RAISES (ConversionError): H140, if there is no such tokenizer.
    """
    if tokenizer == WHITESPACE:
        boundaries = [match.span() for match in re.finditer(r"\S+", text)]
    else:
        boundaries = list(_language_tokens(text, tokenizer))
    starts, ends = [start for start, _ in boundaries], [end for _, end in boundaries]
    spaces = [text[end : end + 1].isspace() for end in ends]
    sent_starts = None
    if by_line:
        pairs = zip([0, *ends], starts)
        sent_starts = [i for i, (end, start) in enumerate(pairs) if i == 0 or "\n" in text[end:start]]
    return Tokens(starts, ends, spaces, sent_starts)


def _language_tokens(text: str, tokenizer: str) -> Iterator[tuple[int, int]]:
    """The tokens of a language, piece by piece: a Language takes no text of more than a million characters."""
    split = language(tokenizer).tokenizer
    start = 0
    while start < len(text):
        # No token goes over white space, so that is where a piece may end.
        space = _SPACE.search(text, start + PIECE)
        end = space.start() if space else len(text)
        yield from (
            (start + token.idx, start + token.idx + len(token))
            for token in split(text[start:end])
            if not token.is_space
        )
        start = end


@cache
def language(tokenizer: str) -> Language:
    """A language of spaCy without components.

    tokenizer (str): Its code, such as "en".
    RETURNS (Language): The language; its tokenizer is what is wanted.
    RAISES (ConversionError): H140, if there is no such language.
    """
    # A wrong code is found by importing the language: spaCy has no list of them. Some need a package of their own.
    try:
        return spacy.blank(tokenizer)
    except ImportError as error:
        raise ConversionError(Errors.H140.format(tokenizer=tokenizer, reason=error)) from error
