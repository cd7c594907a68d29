"""Which entities of different documents bear the same name: a guess, made only where it is asked for."""

from __future__ import annotations

import re
import unicodedata
from urllib.parse import quote

from spacy.tokens import Span

from ..annotations.resolution import is_pronoun

_QUOTES = str.maketrans("‘’‛`´“”„", "'''''\"\"\"")
_POSSESSIVE = re.compile(r"(?<=s)'$|'s$")
_INITIAL = re.compile(r"\b(\w)\.")


def alias_of(name: Span, type: str) -> str:
    """What entities of the same type and the same name have in common, whatever document they are in.

    name (Span): The most informative mention of an entity.
    type (str): The entity's type; "" if there is none.
    RETURNS (str): A stable identifier, such as "PER/anna%20keller"; "" for a mention that is no name
        ("she", "the mayor of Oslo"), which means someone else in every document.
    """
    text = normalize_name(name.text)
    return f"{quote(type, safe='')}/{quote(text, safe='')}" if text and is_name(name) else ""


def is_name(span: Span) -> bool:
    """Whether a mention is a name: one of doc.ents, or capitalized words ("Dr. Keller")."""
    if is_pronoun(span):
        return False
    if any((ent.start, ent.end) == (span.start, span.end) for ent in span.ents):
        return True
    # A sentence begins with a capital whatever it begins with.
    words = [token for token in span if token.text[:1].isalnum()]
    is_first = bool(words) and len(words) == 1 and bool(words[0].is_sent_start)
    return bool(words) and not is_first and all(word.text[:1].isupper() for word in words)


def normalize_name(text: str) -> str:
    """A name without regard to case, white space, width, forms of quotes, a leading "the", a final "'s", and the
    full stops of initials."""
    text = unicodedata.normalize("NFKC", text).translate(_QUOTES).casefold()
    text = _POSSESSIVE.sub("", " ".join(text.split()).removeprefix("the ")).strip(" \"'")
    text = " ".join(text.split())
    return _INITIAL.sub(r"\1", text).encode("utf-8", "replace").decode("utf-8")
