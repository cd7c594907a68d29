"""Docstrings of this package for mkdocstrings: `name (type): what` lines become its lists of arguments.

width (int): H, units.
RETURNS (Tensor): Shape (T, H).
RAISES (ValueError): H012, if there are none.
"""

from __future__ import annotations

import re
from typing import Any

import griffe

_LINE = re.compile(
    r"^(?P<names>\*{0,2}\w+(?:, \*{0,2}\w+)*)(?: \((?P<type>[^()]*(?:\([^()]*\)[^()]*)*)\))?: (?P<text>.*)$"
)
_OPENERS = {"RETURNS": "Returns", "YIELDS": "Yields", "RAISES": "Raises"}
# Words that begin a line of prose such as "Source: Sanh et al.".
_PROSE = frozenset({"Source", "Note", "Example", "Examples", "https", "http"})


class Docstrings(griffe.Extension):
    """Rewrites every docstring before it is parsed."""

    def on_object(self, *, obj: Any, **_: Any) -> None:
        if obj.docstring is not None:
            title = "Attributes" if obj.is_class and "__init__" not in obj.members else "Args"
            obj.docstring.value = rewrite(obj.docstring.value, known=_arguments(obj), title=title)


def _arguments(obj: Any) -> set[str]:
    """Names that a line may explain: parameters of a function, fields of a class and of its constructor."""
    if obj.is_function:
        return {parameter.name for parameter in obj.parameters}
    if obj.is_class:
        own = obj.members.get("__init__")
        parameters = {parameter.name for parameter in own.parameters} if own is not None and own.is_function else set()
        return set(obj.members) | parameters
    return set()


def rewrite(text: str, known: set[str], title: str = "Args") -> str:
    """Turn the lines that explain arguments, results and errors into sections of Google's style.

    text (str): A docstring without indentation.
    known (set[str]): Arguments of the function, or fields of the class.
    title (str): What the section of those is called: "Args" or "Attributes".
    RETURNS (str): The same with sections; text that explains nothing is left as it is.
    """
    lines: list[str] = []
    section = ""
    for line in text.splitlines():
        found = _LINE.match(line)
        kind = _kind(found, known, title) if found else ""
        if kind:
            assert found is not None
            if kind != section:
                lines += ["", f"{kind}:"]
            section = kind
            lines.append("    " + _entry(kind, found))
        elif section and line.startswith(" "):
            lines.append("    " + line)
        elif line.strip():
            if section:
                lines.append("")
            section = ""
            lines.append(line)
        else:
            lines.append("")
    return "\n".join(lines)


def _kind(found: re.Match[str], known: set[str], title: str) -> str:
    names = [name.lstrip("*") for name in found["names"].split(", ")]
    if names[0] in _OPENERS:
        return _OPENERS[names[0]]
    return title if names[0] not in _PROSE and known.intersection(names) else ""


def _entry(kind: str, found: re.Match[str]) -> str:
    type_, text = found["type"], found["text"]
    if kind in ("Args", "Attributes"):
        # Several names share a line: Google's style has one a line.
        typed = f" ({type_})" if type_ else ""
        return "\n    ".join(f"{name}{typed}: {text}" for name in found["names"].split(", "))
    return f"{type_}: {text}" if type_ else text
