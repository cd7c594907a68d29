"""The tokens of coreference JSON, in the layouts of its systems: sentences, tokens, words, word pieces."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from .json_records import JsonObject

_SPECIAL = frozenset(("[CLS]", "[SEP]", "[PAD]", "<s>", "</s>", "<pad>"))
_SPEAKER_OF_SPECIAL = "[SPL]"


@dataclass
class Words:
    """The tokens of a document.

    words: without those that are white space.
    places: for each token of the file its offset in `words`; None for one that was dropped.
    firsts: for each sentence of the file the offset of its first token among the file's tokens.
    sent_starts: offsets in `words`, or None if the file has no sentences.
    speakers: one per token of `words`, or None.
    raw: the tokens of the file.
    is_pieces: whether they were word pieces.
    """

    words: list[str]
    places: list[int | None]
    firsts: list[int]
    sent_starts: list[int] | None
    speakers: list[str] | None
    raw: list[str]
    is_pieces: bool = False

    def span(self, first: int, last: int) -> tuple[int, int] | None:
        """Where tokens of the file, `last` inclusive, stand in `words`; None if nothing of them is left."""
        kept = [place for place in self.places[first : last + 1] if place is not None]
        return (kept[0], kept[-1] + 1) if kept else None


def read_words(fields: JsonObject) -> Words | None:
    """Read the tokens of a document.

    fields (JsonObject): The document.
    RETURNS (Words | None): The tokens; None if it has none in a known layout.
    """
    sentences, has_sentences = _sentences(fields)
    if sentences is None or not any(sentences):
        return None
    raw = [word for sentence in sentences for word in sentence]
    subtokens = fields.get("subtoken_map")
    speakers = _speakers(fields, sentences)
    firsts = [0]
    for sentence in sentences[:-1]:
        firsts.append(firsts[-1] + len(sentence))
    if isinstance(subtokens, list) and len(subtokens) == len(raw):
        return _join_pieces(raw, subtokens, firsts, fields.get("sentence_map"), speakers)
    words, places = list[str](), list[int | None]()
    for word in raw:
        places.append(len(words) if word.strip() else None)
        words += [word] if word.strip() else []
    sent_starts = _starts(firsts, places) if has_sentences else None
    kept = None if speakers is None else [name for name, place in zip(speakers, places) if place is not None]
    return Words(words, places, firsts, sent_starts, kept, raw) if words else None


def _sentences(fields: JsonObject) -> tuple[list[list[str]] | None, bool]:
    """The tokens sentence by sentence, and whether these are sentences."""
    value = fields.get("sentences")
    if isinstance(value, list) and value:
        found = [_tokens(sentence) for sentence in value]
        if None not in found:
            return [sentence for sentence in found if sentence is not None], True
    for key in ("tokens", "cased_words", "words", "document", "token"):
        value = fields.get(key)
        if not isinstance(value, list) or not value:
            continue
        nested = [_tokens(sentence) for sentence in value]
        if isinstance(value[0], list) and None not in nested:
            return [sentence for sentence in nested if sentence is not None], True
        words = _tokens(value)
        if words is not None:
            return _by_number(words, fields)
    return None, False


def _tokens(value: Any) -> list[str] | None:
    """A list of strings, or of objects with a text; or an object that holds one; None if it is something else."""
    if isinstance(value, dict):
        value = next((value[key] for key in ("tokens", "words") if isinstance(value.get(key), list)), None)
    if not isinstance(value, list):
        return None
    texts = [item if isinstance(item, str) else _text(item) for item in value]
    return None if None in texts else [text for text in texts if text is not None]


def _text(token: Any) -> str | None:
    if not isinstance(token, dict):
        return None
    return next(
        (token[key] for key in ("text", "word", "form", "originalText") if isinstance(token.get(key), str)), None
    )


def _by_number(words: list[str], fields: JsonObject) -> tuple[list[list[str]], bool]:
    """Cut words into sentences by the number of each (wl-coref), or by the offsets of the sentences."""
    numbers = fields.get("sent_id") or fields.get("sentence_map")
    if isinstance(numbers, list) and len(numbers) == len(words):
        sentences: list[list[str]] = []
        for i, word in enumerate(words):
            if i == 0 or numbers[i] != numbers[i - 1]:
                sentences.append([])
            sentences[-1].append(word)
        return sentences, True
    bounds = fields.get("sentences") or fields.get("sentence_offsets")
    pairs = isinstance(bounds, list) and all(isinstance(b, list) and len(b) == 2 and type(b[0]) is int for b in bounds)
    starts = [pair[0] for pair in bounds] if pairs and bounds else []
    if starts and starts[0] == 0 and starts == sorted(set(starts)) and starts[-1] < len(words):
        return [words[start:end] for start, end in zip(starts, [*starts[1:], len(words)])], True
    return [words], False


def _speakers(fields: JsonObject, sentences: Sequence[Sequence[str]]) -> list[str] | None:
    """The speaker of each token: named for each, or for each sentence."""
    value = fields.get("speakers", fields.get("speaker"))
    if not isinstance(value, list):
        return None
    n_words = sum(map(len, sentences))
    flat = [str(name or "") for part in value for name in (part if isinstance(part, list) else [part])]
    if len(flat) != n_words and len(flat) == len(sentences):
        flat = [name for name, sentence in zip(flat, sentences) for _ in sentence]
    return flat if len(flat) == n_words and any(name not in ("", "-", "_") for name in flat) else None


def _starts(firsts: Sequence[int], places: Sequence[int | None]) -> list[int]:
    """Where sentences begin in the words that are left."""
    kept = [next((place for place in places[first:] if place is not None), None) for first in firsts]
    return sorted({start for start in kept if start is not None})


def _join_pieces(
    pieces: list[str], numbers: list[Any], firsts: list[int], sentence_map: Any, speakers: list[str] | None
) -> Words:
    """Put word pieces together, each with the number of its word; [CLS] and the like are no words."""
    words, places, sent_starts, names = list[str](), list[int | None](), list[int](), list[str]()
    word = sentence = None
    has_sentences = isinstance(sentence_map, list) and len(sentence_map) == len(pieces)
    for i, (piece, number) in enumerate(zip(pieces, numbers)):
        if piece in _SPECIAL or not piece.strip():
            places.append(None)
            continue
        if number != word or not words:
            words.append("")
            names.append(speakers[i] if speakers else "")
            if has_sentences and sentence_map[i] != sentence:
                sent_starts.append(len(words) - 1)
                sentence = sentence_map[i]
        word = number
        words[-1] += piece.removeprefix("##") if words[-1] else piece.lstrip("▁Ġ") or piece
        places.append(len(words) - 1)
    kept = [name if name != _SPEAKER_OF_SPECIAL else "" for name in names]
    starts = sent_starts if has_sentences else None
    return Words(words, places, firsts, starts, kept if speakers else None, pieces, is_pieces=True)
