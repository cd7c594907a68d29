"""Reading XML that nobody vouches for: entity declarations are refused, nothing outside the file is opened."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple
from xml.parsers import expat


@dataclass
class Element:
    """An element: its name, its attributes, the line it begins in, the text directly in it, the elements in it."""

    tag: str
    attributes: dict[str, str]
    line: int
    text: str = ""
    children: list[Element] = field(default_factory=list)

    def find_all(self, *path: str) -> Iterator[Element]:
        """Yield the elements below this one, level by level.

        path (str): The name of a child, of a child of it, and so on.
        YIELDS (Element): The elements, in document order.
        """
        for child in self.children:
            if child.tag == path[0]:
                yield from child.find_all(*path[1:]) if path[1:] else (child,)

    def find(self, *path: str) -> Element | None:
        """The first of `find_all`, or None.

        path (str): As in `find_all`.
        RETURNS (Element | None): The element.
        """
        return next(self.find_all(*path), None)


class XmlFault(NamedTuple):
    """Why a file cannot be read: the line, what is wrong, what to do."""

    line: int
    what: str
    remedy: str


def read_xml(path: Path) -> Element | XmlFault:
    """Read an XML file without ever expanding an entity or opening another file or address.

    A DOCTYPE that names a DTD is accepted and the DTD is not looked for. References to
    entities such a DTD may declare (`&nbsp;`) stay as they are written.

    path (Path): The file.
    RETURNS (Element | XmlFault): The root element, or what is wrong.
    """
    data = path.read_bytes()
    builder = _Builder()
    try:
        builder.parser.Parse(data, True)
    except _RefusedError as refused:
        return XmlFault(builder.parser.CurrentLineNumber, str(refused), "Remove the declaration; it is never expanded.")
    except (expat.ExpatError, LookupError, ValueError) as error:
        line = getattr(error, "lineno", builder.parser.CurrentLineNumber)
        return XmlFault(line, f"expected well-formed XML, found: {error}", "Correct the file, or save it as UTF-8.")
    return builder.root


class _RefusedError(Exception):
    """Stops the parser."""


class _Builder:
    """Builds the elements while expat reads."""

    def __init__(self) -> None:
        self.root = Element("", {}, 0)
        self._open = [self.root]
        self.parser = expat.ParserCreate()
        self.parser.buffer_text = True
        self.parser.SetParamEntityParsing(expat.XML_PARAM_ENTITY_PARSING_NEVER)
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.parser.CharacterDataHandler = self._text
        self.parser.SkippedEntityHandler = self._skipped
        self.parser.EntityDeclHandler = self._declared
        self.parser.ExternalEntityRefHandler = self._external

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        element = Element(tag, attributes, self.parser.CurrentLineNumber)
        if len(self._open) == 1:
            self.root = element
        else:
            self._open[-1].children.append(element)
        self._open.append(element)

    def _end(self, tag: str) -> None:
        self._open.pop()

    def _text(self, text: str) -> None:
        self._open[-1].text += text

    def _skipped(self, name: str, is_parameter: bool) -> None:
        if not is_parameter:
            self._open[-1].text += f"&{name};"

    def _declared(
        self,
        name: str,
        is_parameter: bool,
        value: str | None,
        base: str | None,
        system_id: str | None,
        public_id: str | None,
        notation: str | None,
    ) -> None:
        kind = "an external entity" if system_id else "an entity"
        raise _RefusedError(f"the file declares {kind}, {name!r}, which can be used to attack a reader; refused")

    def _external(self, context: str, base: str | None, system_id: str | None, public_id: str | None) -> int:
        raise _RefusedError(f"the file refers to an external entity, {system_id!r}; refused")
