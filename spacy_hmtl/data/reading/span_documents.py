"""The many layouts of "text and spans" in JSON: which value is a document, where its text and its spans are."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from .json_records import JsonObject
from .span_rows import is_span

TEXT_KEYS = (
    *("text", "data", "content", "sentence", "raw", "raw_text", "document", "doc", "body", "full_text", "source_text"),
    *("sentence_text", "passage", "context", "input"),
)
SPAN_KEYS = (
    *("entities", "spans", "ents", "label", "labels", "annotations", "annotation", "ner", "named_entities", "tags"),
    *("entity", "entity_mentions", "mentions", "results", "predictions", "output"),
)
# Where lists of documents are in objects that are none themselves.
_LIST_KEYS = ("annotations", "common_examples", "examples", "documents", "data", "items", "results", "training_data")


class TextRecord(NamedTuple):
    """A document: its line, its text, its other fields."""

    line: int
    text: str
    fields: JsonObject


def find_documents(values: Iterable[tuple[int, Any]]) -> Iterator[TextRecord | tuple[int, Any]]:
    """Find the documents in the values of a file.

    values (Iterable): JSON values, each after its line: objects, the pairs of spaCy 2
        ([text, annotations]), or objects that hold lists of them.
    YIELDS (TextRecord | tuple[int, Any]): Each document; a value that is none, with its line.
    """
    text: tuple[int, str] | None = None
    for line, value in values:
        if text is not None:  # a pair that is a file of its own comes in two values
            pair = isinstance(value, (dict, list))
            yield from _documents(text[0], [text[1], value]) if pair else [text]
            text = None if pair else (line, value) if isinstance(value, str) else text
        elif isinstance(value, str):
            text = line, value
        else:
            yield from _documents(line, value)
    if text is not None:
        yield text


def _documents(line: int, value: Any) -> Iterator[TextRecord | tuple[int, Any]]:
    if isinstance(value, list) and len(value) >= 2 and isinstance(value[0], str) and isinstance(value[1], (dict, list)):
        fields = value[1] if isinstance(value[1], dict) else {"entities": value[1]}
        yield TextRecord(line, value[0], fields)
        return
    if isinstance(value, dict):
        key = text_key(value)
        if key is not None:
            yield TextRecord(line, value[key], {name: item for name, item in value.items() if name != key})
            return
        inner = value.get("rasa_nlu_data", value)
        for name in _LIST_KEYS if isinstance(inner, dict) else ():
            rows = inner.get(name)
            if isinstance(rows, list) and rows and any(_is_document(row) for row in rows):
                for row in rows:
                    yield from _documents(line, row)
                return
    yield line, value


def _is_document(value: Any) -> bool:
    return any(isinstance(found, TextRecord) for found in _documents(0, value))


def text_key(fields: JsonObject) -> str | None:
    """The key of the text of a document: one that is known, or the only one with a text beside spans.

    fields (JsonObject): The document.
    RETURNS (str | None): The key; None if there is none, or if it cannot be told.
    """
    known = next((key for key in TEXT_KEYS if isinstance(fields.get(key), str)), None)
    if known is not None:
        return known
    others = [key for key, value in fields.items() if isinstance(value, str) and " " in value.strip()]
    return others[0] if len(others) == 1 and span_keys(fields) else None


def span_keys(fields: JsonObject) -> list[str]:
    """The keys under which a document has its spans.

    fields (JsonObject): The document.
    RETURNS (list[str]): The known keys first; a key of another name counts if it holds spans.
    """
    keys = [key for key in SPAN_KEYS if _spans(fields.get(key)) is not None]
    return keys + [key for key, value in fields.items() if key not in SPAN_KEYS and _spans(value)]


def spans_at(fields: JsonObject, key: str) -> list[Any]:
    """The spans at a key of `span_keys`."""
    return _spans(fields[key]) or []


def _spans(value: Any) -> list[Any] | None:
    """The spans of a value: a list of them, or an object with such lists; None if it has none."""
    if isinstance(value, list):
        return value if not value or any(map(is_span, value)) else None
    if isinstance(value, dict):
        named = [_spans(value[key]) for key in SPAN_KEYS if key in value]
        found = [spans for spans in named if spans is not None] or [
            spans for spans in map(_spans, value.values()) if spans
        ]
        return [span for spans in found for span in spans] if found else None
    return None
