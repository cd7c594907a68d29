"""Probing sets in SentEval's format: part, answer and tokens of a sentence a line, with tabs between them."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from ...errors import Errors
from ...files import write_text
from .kinds import Item

_PARTS = ("tr", "va", "te")


def write_set(path: Path, items: Sequence[Item]) -> None:
    """Write a probing set in one step."""
    write_text(path, "".join(f"{item.part}\t{item.label}\t{' '.join(item.words)}\n" for item in items))


def read_set(path: Path) -> list[Item]:
    """A probing set, of SentEval or of ours.

    path (Path): The file.
    RETURNS (list): Its lines.
    RAISES (ValueError): H669, with the line.
    """
    items = []
    for number, line in enumerate(path.read_text(encoding="utf-8").split("\n"), start=1):
        cells = line.split("\t")
        if not line:
            continue
        if len(cells) != 3 or cells[0] not in _PARTS or not cells[2].split():
            raise ValueError(Errors.H669.format(path=path, line=number))
        items.append(Item(cells[0], cells[1], tuple(cells[2].split())))
    return items
