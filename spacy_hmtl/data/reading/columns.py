"""What the columns of a table hold, proved by their values: token numbers, tags, words."""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise

from .tags import is_tag

# A column of tags may hold a bad one, which is a fault of its row: most must be good.
MOST = 0.5
NEARLY_ALL = 0.9
# Labels of phrases, in the column before the names of CoNLL-2003 (English, German).
_PHRASES = {
    *("ADJP", "ADVP", "CONJP", "INTJ", "LST", "NP", "PP", "PRT", "SBAR", "UCP", "VP"),
    *("NC", "PC", "VC", "AC", "CNP", "CARD"),
}
# Parts of speech: Universal Dependencies and the Penn Treebank, without those that can be a word too.
_PARTS_OF_SPEECH = {
    *("ADJ", "ADP", "ADV", "AUX", "CCONJ", "CONJ", "DET", "INTJ", "NOUN", "NUM", "PART", "PRON", "PROPN"),
    *("PUNCT", "SCONJ", "SYM", "VERB", "X", "SPACE"),
    *("CC", "CD", "DT", "EX", "FW", "IN", "JJ", "JJR", "JJS", "LS", "MD", "NN", "NNS", "NNP", "NNPS", "PDT"),
    *("POS", "PRP", "PRP$", "RB", "RBR", "RBS", "RP", "TO", "UH", "VB", "VBD", "VBG", "VBN", "VBP", "VBZ", "WDT"),
    *("WP", "WP$", "WRB", "HYPH", "NFP", "ADD", "AFX", "-LRB-", "-RRB-"),
}
_NUMBER = re.compile(r"\d{1,9}")
# A written form of several tokens (7-8) or an empty node (7.1) of CoNLL-U, which is no token.
_NO_TOKEN = re.compile(r"\d+[-.]\d+")
_LANGUAGE = re.compile(r"[a-z]{2,3}(-[a-z]+)*:(?=.)")


def is_no_token(number: str) -> bool:
    """Whether a token number is that of a written form (7-8) or an empty node (7.1)."""
    return _NO_TOKEN.fullmatch(number) is not None


def misfit_of_number(number: str, before: int | None) -> str:
    """Say what is wrong with a token number, or "".

    number (str): The number.
    before (int | None): That of the token before it in the sentence; None if it is the first.
    """
    if _NUMBER.fullmatch(number) and (before is None or int(number) == before + 1):
        return ""
    expected = "a token number" if before is None else f"token number {before + 1}"
    return f"expected {expected}, found {number[:40]!r}"


def counts_up(sentences: Sequence[Sequence[str]]) -> bool:
    """Whether a column holds token numbers.

    sentences (Sequence): Its values, sentence by sentence.
    RETURNS (bool): True if most values are numbers; most sentences begin with 0 or 1, or all go on
        where the one before ended; and most tokens have the number after that of the token before.
    """
    rows = [[value for value in sentence if not is_no_token(value)] for sentence in sentences]
    values = [value for row in rows for value in row]
    if not values or sum(map(_is_number, values)) <= MOST * len(values):
        return False
    numbers = [[int(value) for value in row if _is_number(value)] for row in rows]
    steps = [second == first + 1 for row in numbers for first, second in pairwise(row)]
    begins = [row[0] in ("0", "1") for row in rows if row]
    goes_on = all(map(_is_number, values)) and all(
        first[-1] + 1 == second[0] for first, second in pairwise(filter(None, numbers))
    )
    return (goes_on or sum(begins) > MOST * len(begins)) and sum(steps) >= MOST * len(steps)


def _is_number(value: str) -> bool:
    return _NUMBER.fullmatch(value) is not None


def is_tags(values: Sequence[str]) -> bool:
    """Whether a column holds tags such as O or B-PER, but for a few bad ones."""
    return bool(values) and sum(map(is_tag, values)) >= MOST * len(values)


def labels_of(values: Sequence[str]) -> set[str]:
    """The labels of a column of tags."""
    return {value[2:] for value in values if is_tag(value) and value != "O"}


def are_phrases(labels: set[str]) -> bool:
    """Whether the labels of a column of tags are those of phrases, not of names."""
    return bool(labels) and labels <= _PHRASES


def are_parts_of_speech(values: Sequence[str]) -> bool:
    """Whether a column holds parts of speech and marks: three rows or more, and different ones."""
    parts = [value for value in values if value in _PARTS_OF_SPEECH]
    n_marks = sum(not any(map(str.isalnum, value)) for value in values)
    return len(values) > 2 and len(set(parts)) > 1 and len(parts) + n_marks > NEARLY_ALL * len(values)


def misfit_of_words(sentences: Sequence[Sequence[str]]) -> str:
    """Say why a column cannot hold the words of a text, or "".

    sentences (Sequence): Its values, sentence by sentence.
    """
    words = [word for sentence in sentences for word in sentence]
    # "1-2" is the second token of the first sentence in WebAnno's tables.
    if len(words) > 1 and sum(_is_number(word) or is_no_token(word) for word in words) > NEARLY_ALL * len(words):
        return "numbers"
    if are_parts_of_speech(words):
        return "parts of speech"
    if len(words) > 2 and not any(map(str.isalnum, "".join(words))):
        return "neither letters nor digits"
    longer = [sentence for sentence in sentences if len(sentence) > 2]
    if longer and all(len(set(sentence)) == 1 for sentence in longer):
        return "one and the same value in all rows of a sentence"
    return ""


def misfit_of_text(sentences: Sequence[Sequence[str]]) -> str:
    """Say what the tokens of a document are, where they are no text but another column of its table, or "".

    A text may hold anything once, so that only what no text looks like counts: three tokens or more, nearly all alike.

    sentences (Sequence): The tokens, sentence by sentence.
    """
    words = [word for sentence in sentences for word in sentence]
    if len(words) < 3:
        return ""
    if counts_up(sentences) and sum(map(_is_number, words)) > NEARLY_ALL * len(words):
        return "token numbers"
    if are_parts_of_speech(words):
        return "parts of speech"
    if any(word != "O" for word in words) and sum(map(is_tag, words)) > NEARLY_ALL * len(words):
        return "tags"
    return ""


def language_prefix(words: Sequence[str]) -> str:
    """The language that WikiANN puts before each token, such as "en:"; "" if there is none."""
    match = _LANGUAGE.match(words[0]) if words else None
    prefix = match.group() if match else ""
    return prefix if prefix and all(word.startswith(prefix) and word != prefix for word in words) else ""
