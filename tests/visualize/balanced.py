"""Reads a page and fails where its elements do not nest."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any, TypeVar

VOID = {"meta", "input"}


class Balanced(HTMLParser):
    """Collects the elements; fails where one is closed that is not open."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[tuple[str, dict[str, Any]]] = []
        self.elements: list[tuple[str, dict[str, Any]]] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag not in VOID:
            self.open.append(self.elements[-1])

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open.pop()[0] == tag


Parser = TypeVar("Parser", bound=Balanced)


def read(page: str, parser: Parser) -> Parser:
    """The parser after it has read a whole page."""
    parser.feed(page)
    parser.close()
    assert parser.open == []
    return parser
