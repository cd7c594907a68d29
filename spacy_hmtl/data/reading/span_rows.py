"""Spans with offsets in the many spellings of JSON: lists, dictionaries, points; whatever the keys are called."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

from .json_records import JsonObject, excerpt

STARTS = (
    *("start", "start_offset", "startOffset", "start_char", "startChar", "char_start", "begin", "begin_offset"),
    *("beginOffset", "BeginOffset", "start_index", "startIndex", "start_pos", "offset_start", "from", "pos_start"),
)
ENDS = (
    *("end", "end_offset", "endOffset", "end_char", "endChar", "char_end", "stop", "EndOffset", "end_index"),
    *("endIndex", "end_pos", "offset_end", "to", "pos_end"),
)
LABELS = (
    *("label", "labels", "type", "tag", "tags", "entity_type", "entityType", "entity_group", "entity_label", "label_"),
    *("entityLabel", "ent_type", "category", "class", "class_name", "class_label", "Type", "Label", "entity"),
)
TEXTS = (
    *("text", "value", "word", "surface", "surface_form", "mention", "span", "span_text", "entity_text", "string"),
    *("covered_text", "Text", "entity", "name"),
)
IDS = ("id", "uid", "annotation_id", "entity_id", "ent_id", "span_id")


class SpanRow(NamedTuple):
    """A span as a file gives it.

    id: what relations call it; None if it has none.
    labels: at least one; a label that is a number comes as a string of digits.
    covered: what the file says it covers, or None.
    has_last: whether `end` is its last character, as in files of Dataturks.
    is_numbered: whether a label was a number.
    """

    id: str | None
    start: int
    end: int
    labels: list[str]
    covered: str | None = None
    has_last: bool = False
    is_numbered: bool = False


def read_span(value: Any, text: str) -> SpanRow | str:
    """Read a span in whatever spelling.

    value (Any): What `json` made of it: a list such as [0, 4, "PER"], or a dictionary.
    text (str): The text of the document.
    RETURNS (SpanRow | str): The span, or what is wrong with it.
    """
    if isinstance(value, list):
        return _read_list(value, text)
    if isinstance(value, dict):
        return _read_object(value, text)
    return f"expected a list or an object, found {excerpt(value)}"


def is_span(value: Any) -> bool:
    """Whether a value is laid out like a span with offsets, whatever it holds."""
    return not isinstance(read_span(value, ""), str)


def _read_list(value: list[Any], text: str) -> SpanRow | str:
    """Read [start, end, label], [label, start, end], or either with the text it covers, a confidence or the like."""
    flat = [*value[0], *value[1:]] if value and isinstance(value[0], list) else value
    numbers = [item for item in flat if type(item) is int]
    strings = [item for item in flat if isinstance(item, str)]
    if len(numbers) < 2:
        return f"expected two offsets and a label, found {excerpt(value)}"
    start, end = numbers[:2]
    covered = None
    if len(strings) > 1:
        # Either may come first, and another one may be an id of a knowledge base.
        exact = [string for string in strings if string.split() == text[start:end].split()]
        covered = next(iter(exact or [string for string in strings if string in text]), None)
        strings = [string for string in strings if string is not covered]
    listed = next((item for item in flat if isinstance(item, list)), None)
    labels = _labels(strings[0] if strings else listed if listed else numbers[2] if len(numbers) > 2 else None)
    if not labels:
        return f"expected two offsets and a label, found {excerpt(value)}"
    return SpanRow(None, start, end, labels, covered, is_numbered=not strings and not listed)


def _read_object(value: JsonObject, text: str) -> SpanRow | str:
    """Read an object with offsets and a label."""
    fields = {**value, **_points(value)}
    start, end = first_offset(fields, STARTS), first_offset(fields, ENDS)
    if start is None:
        start = first_offset(fields, ("offset",))
    if end is None and start is not None:
        length = first_offset(fields, ("length",))
        end = None if length is None else start + length
    if start is None or end is None:
        return f"expected the offsets of a span, found {excerpt(value)}"
    key = next((key for key in LABELS if _labels(fields.get(key))), None)
    if key is None:
        return f"expected a label, found {excerpt(value)}"
    covered = next((fields[name] for name in TEXTS if name != key and isinstance(fields.get(name), str)), None)
    # Under other keys there may be something else, such as the id in a knowledge base.
    if covered is not None and covered != fields.get("text") and covered not in text:
        covered = None
    id = next((fields[name] for name in IDS if isinstance(fields.get(name), (str, int))), None)
    is_numbered = type(fields[key]) is int
    has_last = "points" in value
    name = None if id is None else str(id)
    return SpanRow(name, start, end, _labels(fields[key]), covered, has_last, is_numbered)


def _points(value: JsonObject) -> JsonObject:
    """What Dataturks puts one level down, and the offsets of spans with a list of two."""
    for key in ("points", "offsets", "span", "position", "positions"):
        inner = value.get(key)
        if isinstance(inner, list) and len(inner) == 1 and isinstance(inner[0], (dict, list)):
            inner = inner[0]
        if isinstance(inner, dict):
            return inner
        if isinstance(inner, list) and len(inner) == 2 and all(type(item) is int for item in inner):
            return {"start": inner[0], "end": inner[1]}
    return {}


def first_offset(fields: JsonObject, keys: Sequence[str]) -> int | None:
    """The first of some keys at which a whole number stands; some tools write 4.0 or "4".

    fields (JsonObject): The span.
    keys (Sequence[str]): Where to look, such as `STARTS`.
    RETURNS (int | None): The number; None if there is none.
    """
    return next((found for key in keys if (found := _whole(fields.get(key))) is not None), None)


def _whole(value: Any) -> int | None:
    if type(value) is int or (isinstance(value, float) and value.is_integer()):
        return int(value)
    return int(value) if isinstance(value, str) and value.isascii() and value.isdigit() else None


def _labels(value: Any) -> list[str]:
    """The labels of a span: of one, of several, or of a list of objects with a name."""
    return list(_label_texts(value))


def _label_texts(value: Any) -> Iterator[str]:
    if isinstance(value, str) and value.strip():
        yield value
    elif type(value) is int:
        yield str(value)
    elif isinstance(value, list):
        for item in value:
            yield from _label_texts(item)
    elif isinstance(value, dict):
        yield from _label_texts(next((value[key] for key in ("name", "label", "text", "value") if key in value), None))
