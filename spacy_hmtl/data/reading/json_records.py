"""Reading JSON and JSON lines: one object per document, each with the line it begins in."""

from __future__ import annotations

import json
import re
from collections.abc import Container, Iterable, Iterator
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from ...errors import Errors
from ..faults import ConversionError, FaultLog, Place
from .lines import Line, is_decoded, not_this_format, read_lines

JsonObject = dict[str, Any]
# What tells the JSON formats apart: keys that all must be there, then keys of which one must.
KEYS: dict[str, tuple[tuple[str, ...], tuple[str, ...]]] = {
    "crossre": (("sentence", "ner"), ()),
    "dygie": (("sentences",), ()),
    "redocred": (("sents", "vertexSet"), ()),
    "spert": ((), ("tokens", "tokenized_text", "words", "token")),
    "labelstudio": (("data", "annotations"), ()),
    "jsonl": (("text",), ("ents", "mentions", "clusters")),
    "prodigy": (("text",), ("spans", "tokens", "_input_hash", "_task_hash", "answer")),
    "doccano": (("text",), ("entities", "label", "labels")),
}
UNREAD = "documents with the key {key!r}, which is not read"


class Scalar:
    """The shape of an id: a string or a number. Tools differ in what they number."""


_SPACE = re.compile(r"[\s,]*")
_UNDECODED = re.compile("[\udc80-\udcff]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_SURROGATE_ESCAPE = re.compile(r"\\u[dD][89a-fA-F]")
_TYPE_NAMES = {
    int: "a whole number",
    str: "a string",
    bool: "true or false",
    list: "a list",
    dict: "an object",
    Scalar: "a string or a number",
}
_MEND = "Correct the JSON, for example with `python -m json.tool`."


class Record(NamedTuple):
    """An object of a JSON file, and the line in which it begins."""

    line: int
    fields: JsonObject


def read_records(path: Path, format: str, faults: FaultLog, *, also: tuple[str, ...] = ()) -> Iterator[Record]:
    """Read the objects of a JSON file: one per line, a list of them, or a single one.

    path (Path): The file.
    format (str): The format that was asked for, a key of `KEYS`.
    faults (FaultLog): Takes what is wrong.
    also (tuple[str, ...]): Formats that are welcome too.
    YIELDS (Record): The objects.
    RAISES (ConversionError): H102, if the file is no JSON, or its first object is of another format.
    """
    is_first = True
    for line, value in read_values(path, format, faults):
        if not isinstance(value, dict):
            what = f"expected a JSON object, found {excerpt(value)}"
            faults.skip(Place(path, line), what, unit="document", remedy="Write an object per document.")
            continue
        if is_first:
            _check_keys(path, format, also, line, value, faults)
        is_first = False
        yield Record(line, value)


def misfit(value: Any, shape: Any, where: str = "") -> str:
    """Compare a JSON value with the shape it should have.

    value (Any): What `json` made of it.
    shape (Any): A type (`Scalar` for ids); a list of one shape, for a list of such; a tuple of shapes, for a
        list of exactly these; a dict of shapes, for an object, where a key with "?" may be
        absent or null.
    where (str): Where the value stands, for the message.
    RETURNS (str): What was expected and found, or "" if it fits.
    """
    if isinstance(shape, type):
        expected = _TYPE_NAMES[shape]
        fits = type(value) in (str, int, float) if shape is Scalar else type(value) is shape
    elif isinstance(shape, tuple):
        expected = f"a list of {len(shape)} values"
        fits = isinstance(value, list) and len(value) == len(shape)
    else:
        expected = _TYPE_NAMES[type(shape)]
        fits = isinstance(value, type(shape))
    if not fits:
        return f"expected {expected}{' at ' + where if where else ''}, found {excerpt(value)}"
    return next(filter(None, (misfit(*part) for part in _parts(value, shape, where))), "")


def record_name(record: Record, key: str, otherwise: str) -> str:
    """The name of a document: what stands at a key, if it is a string or a number.

    record (Record): The document.
    key (str): The key, such as "doc_key".
    otherwise (str): The name of a document without one.
    """
    id = record.fields.get(key)
    return otherwise if misfit(id, Scalar) or id == "" else str(id)


def note_unread(fields: JsonObject, known: Container[str], place: Place, faults: FaultLog) -> None:
    """Say which keys of a document are not read: they may hold annotation.

    fields (JsonObject): The document.
    known (Container[str]): The keys that are read, and those known to hold none.
    place (Place): The document.
    faults (FaultLog): Takes a note for each other key with a value; one that begins with an underscore is free.
    """
    for key, value in fields.items():
        if key not in known and not key.startswith("_") and value not in (None, [], {}, ""):
            faults.note(place, UNREAD.format(key=key))


def excerpt(value: Any) -> str:
    """Show a JSON value in a message, cut to 60 characters."""
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else text[:57] + "..."


def _parts(value: Any, shape: Any, where: str) -> Iterator[tuple[Any, Any, str]]:
    if isinstance(shape, list):
        yield from ((item, shape[0], f"{where}[{i}]") for i, item in enumerate(value))
    elif isinstance(shape, tuple):
        yield from ((item, part, f"{where}[{i}]") for i, (item, part) in enumerate(zip(value, shape)))
    elif isinstance(shape, dict):
        for key, part in shape.items():
            name = key.removesuffix("?")
            if value.get(name) is not None or not key.endswith("?"):
                yield value.get(name), part, f"{where}.{name}" if where else name


def _check_keys(
    path: Path, format: str, also: tuple[str, ...], line: int, fields: JsonObject, faults: FaultLog
) -> None:
    fitting = [name for name, keys in KEYS.items() if _has_keys(fields, *keys)]
    if format in fitting or any(name in fitting for name in also):
        return
    needed, one_of = KEYS[format]
    expected = " and ".join([*map(repr, needed), *([f"one of {', '.join(one_of)}"] if one_of else [])])
    guess = f", which looks like {fitting[0]}" if fitting else ""
    reason = f"expected objects with {expected}, found the keys {excerpt(list(fields))} in line {line}{guess}"
    raise ConversionError(Errors.H102.format(path=path, format=format, reason=reason), faults)


def _has_keys(fields: JsonObject, needed: tuple[str, ...], one_of: tuple[str, ...]) -> bool:
    return all(key in fields for key in needed) and (not one_of or any(key in fields for key in one_of))


def read_values(path: Path, format: str, faults: FaultLog) -> Iterator[tuple[int, Any]]:
    """Read the JSON values of a file: one per line, the items of a list, or one after another.

    path (Path): The file.
    format (str): The format that was asked for.
    faults (FaultLog): Takes what is wrong.
    YIELDS (tuple[int, Any]): Each value, after the line in which it begins.
    RAISES (ConversionError): H102, if the file is no JSON.
    """
    lines = read_lines(path, faults)
    begin = list(_up_to_second(lines))
    if not begin:
        return
    first, *others = [line for line in begin if line.text.strip()]
    if not first.text.lstrip().startswith(("{", "[")):
        raise not_this_format(path, format, "JSON", first, faults)
    if not _is_line_by_line(first, others[0] if others else None):
        yield from _spread_values(chain(begin, lines), Place(path), faults)
        return
    for line in chain(begin, lines):
        if not line.text.strip():
            continue
        if not is_decoded([line], Place(path), faults):
            continue
        value, end, fault = _decode(line.text, len(line.text) - len(line.text.lstrip()))
        if not fault and line.text[end:].strip():
            fault = f"expected one object per line, found {line.text[end:][:40]!r} after it"
        if fault:
            faults.skip(Place(path, line.number), fault, unit="document", remedy=_MEND)
            continue
        yield line.number, value


def _up_to_second(lines: Iterable[Line]) -> Iterator[Line]:
    """The lines up to the second with something in it, without what is blank before the first."""
    n_filled = 0
    for line in lines:
        n_filled += bool(line.text.strip())
        if n_filled:
            yield line
        if n_filled == 2:
            return


def _is_line_by_line(first: Line, second: Line | None) -> bool:
    """Whether each line of a file holds a value of its own, as its first two lines with something in them tell."""
    start = len(first.text) - len(first.text.lstrip())
    is_whole = not _decode(first.text, start)[2]
    if first.text[start] == "[":  # else a list of values, over any number of lines
        return is_whole and second is not None and second.text.lstrip().startswith("[")
    if is_whole or second is None:
        return True
    # A line that is ill-formed costs itself, if the next one shows that values do not go over lines: it holds a value
    # and no more, and the first does not stop where something must follow.
    is_open = first.text.rstrip().endswith(("{", "[", ",", ":"))
    start = len(second.text) - len(second.text.lstrip())
    _, end, fault = _decode(second.text, start)
    return not is_open and second.text[start] == "{" and not fault and not second.text[end:].strip()


def _spread_values(lines: Iterable[Line], place: Place, faults: FaultLog) -> Iterator[tuple[int, Any]]:
    """The values of a list, or of a file that holds one after another, over any number of lines."""
    all_lines = list(lines)
    text = "\n".join(line.text for line in all_lines)
    number, counted = all_lines[0].number, 0
    position = end = len(text) - len(text.lstrip())
    is_list = text[position] == "["
    if is_list:
        position += 1
    while True:
        position = _end_of_space(text, position)
        number, counted = number + text.count("\n", counted, position), position
        if position == len(text) or text[position] == "]":
            break
        value, end, fault = _decode(text, position)
        if fault:
            fault = f"line {number + text.count(chr(10), position, end)}: {fault}"
            faults.skip(place._replace(line=number), fault, unit="rest of the file", remedy=_MEND)
            return
        bad = _UNDECODED.search(text, position, end)
        line = Line(number, "", ord(bad.group()) - 0xDC00 if bad else None)
        position = end
        if is_decoded([line], place, faults):
            yield number, value
    what = "the list is not closed" if is_list and position == len(text) else ""
    if text[position + 1 :].strip():
        what = f"expected the end of the file after the list, found {text[position + 1 :].strip()[:40]!r}"
    if what:
        faults.skip(place._replace(line=number), what, unit="rest of the file", remedy=_MEND)


def _end_of_space(text: str, position: int) -> int:
    match = _SPACE.match(text, position)
    return match.end() if match else position


def _unique(pairs: list[tuple[str, Any]]) -> JsonObject:
    """An object whose keys are all different: of a key that stands twice, JSON would silently take the last."""
    found = dict(pairs)
    if len(found) < len(pairs):
        keys = [key for key, _ in pairs]
        raise ValueError(f"the key {next(key for key in keys if keys.count(key) > 1)!r} stands twice in an object")
    return found


_DECODER = json.JSONDecoder(object_pairs_hook=_unique)


def _decode(text: str, position: int) -> tuple[Any, int, str]:
    """Decode the JSON value at a position: the value, where it ends, and what is wrong with it."""
    try:
        value, end = _DECODER.raw_decode(text, position)
    except json.JSONDecodeError as error:
        return None, error.pos, f"ill-formed JSON: {error.msg} in column {error.colno}"
    except (ValueError, RecursionError) as error:
        return None, position, f"ill-formed JSON: {error}"
    # Half of an escaped pair is legal JSON, but no text.
    if _SURROGATE_ESCAPE.search(text, position, end) and _SURROGATE.search(json.dumps(value, ensure_ascii=False)):
        return None, end, "ill-formed JSON: an escape such as \\ud83d without its other half"
    return value, end, ""
