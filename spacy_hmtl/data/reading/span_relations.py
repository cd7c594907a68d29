"""Relations between spans in the spellings of JSON: by ids, by positions in the list of spans, by offsets."""

from __future__ import annotations

from typing import Any

from .json_records import JsonObject, excerpt

_ENDS = (
    *(("from_id", "to_id"), ("head", "tail"), ("head", "child"), ("source", "target"), ("subject", "object")),
    *(("head_id", "tail_id"), ("source_id", "target_id"), ("subject_id", "object_id"), ("arg1", "arg2")),
    *(("arg1_id", "arg2_id"), ("subj", "obj"), ("from", "to"), ("e1", "e2"), ("fromId", "toId"), ("h", "t")),
)
_LABELS = ("type", "label", "relation", "relation_type", "rel", "predicate", "relation_text", "name", "labels", "r")
KEYS = ("relations", "relation", "rels", "relation_mentions")


def read_relation(value: Any, places: dict[str, str]) -> tuple[str, str, str] | str:
    """Read a relation in whatever spelling.

    value (Any): What `json` made of it: an object, or a list such as [0, 1, "LEFT"].
    places (dict[str, str]): The id of a span by what relations may call it: its id, its
        position in the list, or "start-end".
    RETURNS (tuple | str): Ids of head and tail with the label between them, or what is wrong.
    """
    if isinstance(value, list) and len(value) >= 3:
        strings = [item for item in value if isinstance(item, str)]
        ends = [item for item in value if item is not (strings[-1] if strings else None)][:2]
        label = strings[-1] if strings else None
    elif isinstance(value, dict):
        arguments = value.get("arguments")
        if isinstance(arguments, list) and len(arguments) == 2:  # OneIE
            roles = [str(row.get("role", "")) if isinstance(row, dict) else "" for row in arguments]
            if all(role[-1:].isdigit() for role in roles):
                arguments = [row for _, row in sorted(zip(roles, arguments), key=lambda pair: pair[0])]
            value = {**value, "head": arguments[0], "tail": arguments[1]}
        pair = next((pair for pair in _ENDS if all(value.get(key) is not None for key in pair)), None)
        ends = [value[key] for key in pair] if pair else []
        names = [value[key] for key in _LABELS if key in value and key not in (pair or ())]
        label = next((_text(name) for name in names if _text(name)), None)
    else:
        return f"expected a relation, found {excerpt(value)}"
    if len(ends) < 2 or not label:
        return f"expected two arguments and a label, found {excerpt(value)}"
    found = [places.get(_name(end)) for end in ends]
    for end, place in zip(ends, found):
        if place is None:
            return f"no span is {excerpt(end)}, which is an argument of {label}"
    return str(found[0]), label, str(found[1])


def _text(value: Any) -> str:
    """The label of a relation: of several the first."""
    first = value[0] if isinstance(value, list) and value else value
    return first if isinstance(first, str) else ""


def _name(end: Any) -> str:
    """What a relation calls its argument."""
    if isinstance(end, dict):
        fields: JsonObject = end
        id = next((fields[key] for key in ("id", "entity_id") if fields.get(key) is not None), None)
        if id is not None:
            return str(id)
        position = next((fields[key] for key in ("position", "span", "offsets") if key in fields), None)
        return _name(position) if position is not None else f"{fields.get('start')}-{fields.get('end')}"
    if isinstance(end, list) and len(end) >= 2:
        return f"{end[0]}-{end[1]}"
    return str(end)
