"""The header and the cells of WebAnno TSV 3.

Source of the layout: inception-project/inception, user guide, "WebAnno TSV 3.3 File format".
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import NamedTuple

FORMAT = re.compile(r"#FORMAT=WebAnno TSV (3(\.\d+)?)\s*$")
ROW = re.compile(r"(\d+)-(\d+)(?:\.(\d+))?\t(\d+)-(\d+)\t")
SPAN, CHAIN, RELATION = "#T_SP=", "#T_CH=", "#T_RL="
_SUFFIX = re.compile(r"(.*?)(?<!\\)\[(\d+)(?:_(\d+))?\]$", re.DOTALL)
_LINK = re.compile(r"(.*?)(?<!\\)->(\d+)-(\d+)$", re.DOTALL)
_ESCAPE = re.compile(r"\\(->|.)", re.DOTALL)
_CONTROL = {"t": "\t", "n": "\n", "r": "\r", "f": "\f", "b": "\b"}
NONE, NULL = "_", "*"


class Layer(NamedTuple):
    """A layer of the header.

    kind: SPAN, CHAIN or RELATION.
    features: one per column; "" for a layer without features, whose column is a placeholder.
    base: of relations, the type of what they relate.
    first: its first column among those of all layers.
    """

    kind: str
    type: str
    features: list[str]
    base: str
    first: int

    @property
    def n_columns(self) -> int:
        """Columns of the layer: of relations there is one more, for the source."""
        return len(self.features) + (self.kind == RELATION)


class Item(NamedTuple):
    """A value of a cell. id, second: the numbers behind it in brackets, 0 if there are none."""

    value: str | None
    id: int = 0
    second: int = 0


def read_layer(line: str, first: int) -> Layer | None:
    """Read a line of the header.

    line (str): The line.
    first (int): Columns of the layers before it.
    RETURNS (Layer | None): The layer; None if the line declares none.
    """
    kind = next((kind for kind in (SPAN, CHAIN, RELATION) if line.startswith(kind)), None)
    if kind is None:
        return None
    type, *features = line.removeprefix(kind).strip().split("|")
    base = ""
    if kind == RELATION and features and features[-1].startswith("BT_"):
        base = features.pop().removeprefix("BT_")
    return Layer(kind, type, features if features or kind == RELATION else [""], base, first)


def is_slot(layer: Layer, number: int) -> bool:
    """Whether a column holds the roles of a slot feature, or their targets."""
    features = layer.features
    return features[number].startswith("ROLE_") or (number > 0 and features[number - 1].startswith("ROLE_"))


def read_cell(cell: str) -> list[Item]:
    """Read the values of a cell: those of annotations that stand on top of each other, in order; empty for none."""
    if cell in (NONE, ""):
        return []
    return [_item(part) for part in _split(cell)]


def read_link(cell: str) -> list[tuple[int, int]]:
    """Read a cell of a chain: the number of the chain and of the link in it, for each annotation."""
    if cell in (NONE, ""):
        return []
    found = [_LINK.fullmatch(part) for part in _split(cell)]
    return [(int(match[2]), int(match[3])) for match in found if match]


def _split(cell: str) -> Iterator[str]:
    """Split at the bars that are not escaped."""
    start = position = 0
    while position < len(cell):
        if cell[position] == "\\":
            position += 1
        elif cell[position] == "|":
            yield cell[start:position]
            start = position + 1
        position += 1
    yield cell[start:]


def _item(part: str) -> Item:
    match = _SUFFIX.fullmatch(part)
    value, numbers = (match[1], (match[2], match[3])) if match else (part, (None, None))
    text = None if value == NULL else _ESCAPE.sub(lambda found: _CONTROL.get(found[1], found[1]), value)
    return Item(text, int(numbers[0] or 0), int(numbers[1] or 0))


def missing_columns(cells: Sequence[str], layers: Sequence[Layer]) -> str:
    """Say what is wrong with the number of cells of a row, or "".

    cells (Sequence[str]): The cells after number, offsets and token; the last is empty where the row ends in a tab.
    layers (Sequence[Layer]): The layers of the header.
    """
    expected = sum(layer.n_columns for layer in layers)
    found = len(cells) - (len(cells) > expected and not cells[-1])
    return (
        "" if found == expected else f"expected {expected} columns after the token, as the header says, found {found}"
    )
