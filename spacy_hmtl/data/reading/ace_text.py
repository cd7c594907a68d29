"""The source text of an ACE document: offsets as ACE counts them, tokens and sentences by spaCy.

ACE deletes every tag, from `<` to the next `>`, and counts what is left in characters:
line ends included, entity references (`&amp;`) undecoded. Tokens are made of the decoded
text, in which any run of white space is one blank, and keep the offsets of their source.
"""

from __future__ import annotations

import html
import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import spacy
from spacy.language import Language

_PARAGRAPH_END = re.compile(r"\n[ \t\r]*(?=\n)")
_PIECE = re.compile(r"\s+|&(?:[A-Za-z][A-Za-z0-9]*|#\d+|#[xX][0-9a-fA-F]+);|.", re.DOTALL)
_BODIES = ("BODY", "TEXT")

# Characters start to end (exclusive), counted as ACE counts them.
CharSpan = tuple[int, int]


class SourceText(NamedTuple):
    """The text of a `.sgm` file without its tags.

    text: what offsets count in.
    cuts: offsets at which no sentence goes on: where a tag stood, where a paragraph ends.
    body: the part that is not the document's id, type and date.
    """

    text: str
    cuts: list[int]
    body: CharSpan


class Tokens(NamedTuple):
    """The tokens of a document, and where each stands in its source."""

    words: list[str]
    spaces: list[bool]
    starts: list[int]
    ends: list[int]
    sent_starts: list[int]
    n_joined: int  # automatic sentence boundaries that lay inside a span and were removed

    def align(self, span: CharSpan) -> tuple[int, int]:
        """The tokens that a span touches: start to end (exclusive); none if start == end."""
        start = bisect_right(self.ends, span[0])
        return start, max(start, bisect_left(self.starts, span[1]))

    def is_exact(self, span: CharSpan) -> bool:
        """Whether both boundaries of a span are boundaries of tokens."""
        start, end = self.align(span)
        return start < end and (self.starts[start], self.ends[end - 1]) == span


def delete_tags(raw: str) -> SourceText:
    """Delete the tags of a `.sgm` file.

    raw (str): The file, decoded, with Unix line ends.
    RETURNS (SourceText): The text that offsets count in.
    """
    pieces: list[str] = []
    cuts: set[int] = set()
    bodies: dict[str, list[int]] = {name: [] for name in _BODIES}
    n_chars = position = 0
    while 0 <= (tag_start := raw.find("<", position)) < (tag_end := raw.find(">", tag_start)):
        pieces.append(raw[position:tag_start])
        n_chars += len(pieces[-1])
        cuts.add(n_chars)
        tag = raw[tag_start + 1 : tag_end].split(maxsplit=1)[:1]
        name = tag[0].lstrip("/").upper() if tag else ""
        if name in bodies:
            bodies[name].append(n_chars)
        position = tag_end + 1
    text = "".join([*pieces, raw[position:]])
    cuts.update(match.end() for match in _PARAGRAPH_END.finditer(text))
    body = next((offsets for offsets in bodies.values() if len(offsets) > 1), [0, len(text)])
    return SourceText(text, sorted(cuts), (body[0], body[-1]))


def same_text(first: str, second: str) -> bool:
    """Whether two texts are equal, with or without their entity references decoded; white space is one blank.

    A parser has decoded `&amp;` of the annotation already, so `&amp;lt;` of the source is
    `&lt;` there, which must not be decoded once more.

    first, second (str): The texts.
    RETURNS (bool): True if they are.
    """
    return not _readings(first).isdisjoint(_readings(second))


def _readings(text: str) -> set[str]:
    return {" ".join(reading.split()) for reading in (text, html.unescape(text))}


def trim(text: str, span: CharSpan) -> CharSpan:
    """Take the white space off the boundaries of a span.

    text (str): What the span counts in.
    span (CharSpan): The span.
    RETURNS (CharSpan): The span without it; empty if it is white space alone.
    """
    start, end = span
    inner = text[start:end]
    return start + len(inner) - len(inner.lstrip()), max(start, end - len(inner) + len(inner.rstrip()))


def tokenize(source: SourceText, spans: Sequence[CharSpan]) -> Tokens:
    """Split the text into sentences and tokens, with the tokenizer and sentencizer of `spacy.blank("en")`.

    No sentence boundary is left inside a span. What stands before or after the body
    (id, type, date) is left out unless a span lies there.

    source (SourceText): The text.
    spans (Sequence[CharSpan]): What is annotated.
    RETURNS (Tokens): The tokens.
    """
    tokens = Tokens([], [], [], [], [], 0)
    for start, end in _blocks(source, spans):
        in_body = start < source.body[1] and source.body[0] < end
        if in_body or any(span[0] < end and start < span[1] for span in spans):
            _add_block(tokens, source.text, start, end)
    starts = [token for token in tokens.sent_starts if not _is_inside(tokens.starts[token], spans)]
    if tokens.spaces:
        tokens.spaces[-1] = False
    return tokens._replace(sent_starts=starts, n_joined=len(tokens.sent_starts) - len(starts))


def _blocks(source: SourceText, spans: Sequence[CharSpan]) -> Iterator[CharSpan]:
    """Yield the parts between the cuts; a cut inside a span does not count."""
    cuts = [cut for cut in source.cuts if not _is_inside(cut, spans)]
    boundaries = [0, *cuts, len(source.text)]
    for start, end in pairwise(boundaries):
        if source.text[start:end].strip():
            yield start, end


def _is_inside(offset: int, spans: Sequence[CharSpan]) -> bool:
    return any(start < offset < end for start, end in spans)


def _add_block(tokens: Tokens, text: str, start: int, end: int) -> None:
    """Tokenize a part of the text."""
    start, end = trim(text, (start, end))
    clean: list[str] = []
    origins: list[CharSpan] = []
    for match in _PIECE.finditer(text, start, end):
        decoded = html.unescape(match.group())
        if decoded.isspace():  # also of &nbsp;
            decoded = " " if clean and clean[-1] != " " else ""
            if not decoded:
                continue
        clean.append(decoded)
        if decoded == match.group():  # also of what only looks like a reference, such as "Q&A;"
            origins += [(i, i + 1) for i in range(*match.span())]
        else:
            origins += [match.span()] * len(decoded)
    for token in _english()("".join(clean)):
        if token.is_sent_start:
            tokens.sent_starts.append(len(tokens.words))
        tokens.words.append(token.text)
        tokens.spaces.append(bool(token.whitespace_))
        tokens.starts.append(origins[token.idx][0])
        tokens.ends.append(origins[token.idx + len(token) - 1][1])
    if tokens.spaces:
        tokens.spaces[-1] = True


@cache
def _english() -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("sentencizer")
    return nlp
