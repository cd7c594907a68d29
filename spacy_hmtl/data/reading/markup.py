"""The bracket markup of the demo format, without tokens: text in, character spans out."""

from __future__ import annotations

import re
from typing import NamedTuple

LABEL = r"[A-Z][A-Z0-9_]*"
_ATTRIBUTES = {
    "[": re.compile(rf"\|({LABEL}) ([a-z0-9-]+)(?:\|({LABEL}))?\]"),
    "{": re.compile(rf"\|({LABEL})\}}"),
}
_FORM = {"[": "[text|TYPE entity] or [text|TYPE entity|NAME]", "{": "{text|NAME}"}
_PIECE = re.compile(r"[^\[\]{}|]+|[\[\]{}|]")


class MentionMarkup(NamedTuple):
    """A mention: characters start to end (exclusive), its type, and the id of its entity."""

    start: int
    end: int
    label: str
    entity: str


class NameMarkup(NamedTuple):
    """A name: characters start to end (exclusive) and its type."""

    start: int
    end: int
    label: str


class Markup(NamedTuple):
    """A sentence without its markup, and what the markup said; `fault` is what is wrong with it, or ""."""

    text: str
    mentions: list[MentionMarkup]
    names: list[NameMarkup]
    fault: str = ""


def parse_markup(raw: str) -> Markup:
    """Take the markup out of a sentence.

    raw (str): The sentence as written.
    RETURNS (Markup): The text and its spans, in order of their closing brackets.
    """
    text = ""
    opened: list[tuple[str, int, int]] = []  # bracket, its offset in the text, its offset in raw
    mentions: list[MentionMarkup] = []
    names: list[NameMarkup] = []
    position = 0
    while match := _PIECE.match(raw, position):
        piece, position = match.group(), match.end()
        if piece in _ATTRIBUTES:
            opened.append((piece, len(text), match.start()))
        elif piece == "|" and opened:
            bracket, start, _ = opened.pop()
            attributes = _ATTRIBUTES[bracket].match(raw, match.start())
            if attributes is None:
                found = raw[match.start() : match.start() + 30]
                return Markup(
                    text, mentions, names, f"expected {_FORM[bracket]}, found {found!r} after {text[start:]!r}"
                )
            position = attributes.end()
            if bracket == "{":
                names.append(NameMarkup(start, len(text), attributes.group(1)))
                continue
            label, entity, name = attributes.groups()
            mentions.append(MentionMarkup(start, len(text), label, entity))
            if name:
                names.append(NameMarkup(start, len(text), name))
        elif piece in "|]}":
            fault = f"{piece!r} at character {match.start() + 1} belongs to no open bracket"
            return Markup(text, mentions, names, fault)
        else:
            text += piece
    if opened:
        bracket, _, start = opened[-1]
        fault = f"{bracket!r} at character {start + 1} is not closed ({raw[start : start + 30]!r})"
        return Markup(text, mentions, names, fault)
    return Markup(text, mentions, names)
