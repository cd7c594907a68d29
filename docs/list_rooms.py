"""Reads which room of the package imports which, and writes the picture and the table of docs/architecture.md.

    python docs/list_rooms.py

A room is a folder of `spacy_hmtl/`; what the table says of it is the beginning of its docstring.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from html import escape
from itertools import pairwise
from pathlib import Path

PACKAGE = Path(__file__).parents[1] / "spacy_hmtl"
PAGE = Path(__file__).with_name("architecture.md")
PICTURE = Path(__file__).with_name("rooms.svg")
BEGIN, END = "<!-- rooms: python docs/list_rooms.py -->\n", "<!-- end of rooms -->\n"
WIDTH, BOX, LANE, ROW, HEIGHT = 960, 104, 22, 92, 36
FONT = 'font-family="Helvetica, Arial, sans-serif"'
# Room -> those that it imports.
Arrows = dict[str, set[str]]


def imported(path: Path) -> Iterator[str]:
    """Names of all that a file imports, absolute, but for what only a type checker reads."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    package = ("spacy_hmtl", *path.relative_to(PACKAGE).parts[:-1])
    blocks = [node for node in ast.walk(tree) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    unread = {id(inner) for block in blocks for inner in ast.walk(block)}
    for node in ast.walk(tree):
        if id(node) in unread:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            yield from (".".join([*base, *filter(None, [node.module]), alias.name]) for alias in node.names)


def read_arrows() -> tuple[Arrows, set[str]]:
    """What each room imports of the other rooms, and those that import torch."""
    rooms = sorted(path.parent.name for path in PACKAGE.glob("*/__init__.py"))
    arrows: Arrows = {room: set() for room in rooms}
    torch = set()
    for room in rooms:
        for path in sorted((PACKAGE / room).rglob("*.py")):
            for name in imported(path):
                first, *rest = name.split(".")
                if first == "spacy_hmtl" and rest and rest[0] in arrows and rest[0] != room:
                    arrows[room].add(rest[0])
                elif first == "torch":
                    torch.add(room)
    return arrows, torch


def reach(arrows: Arrows, room: str) -> set[str]:
    """All rooms below one, directly or through others."""
    return arrows[room].union(*(reach(arrows, below) for below in arrows[room]))


def shortest(arrows: Arrows) -> Arrows:
    """Without the arrows that follow from others."""
    return {
        room: {one for one in below if not any(one in reach(arrows, other) for other in below - {one})}
        for room, below in arrows.items()
    }


def table(arrows: Arrows) -> str:
    """A row for each room, the upper ones first."""
    lines = ["| room | imports | holds |", "|---|---|---|"]
    for room in sorted(arrows, key=lambda room: (-floor(arrows, room), room)):
        said = ast.get_docstring(ast.parse((PACKAGE / room / "__init__.py").read_text(encoding="utf-8"))) or ""
        about = " ".join(said.split("\n\n")[0].split())
        lines.append(f"| `{room}/` | {', '.join(f'`{one}/`' for one in sorted(arrows[room]))} | {about} |")
    return "\n".join(lines) + "\n"


def floor(arrows: Arrows, room: str) -> int:
    """How many rooms stand on each other below it at the most."""
    return max((1 + floor(arrows, below) for below in arrows[room]), default=0)


def stations(arrows: Arrows) -> list[list[str]]:
    """What each arrow passes from room to room: a lane of its own, FROM>TO@FLOOR, on the floors between."""
    return [
        [room, *(f"{room}>{below}@{n}" for n in range(floor(arrows, room) - 1, floor(arrows, below), -1)), below]
        for room, lower in shortest(arrows).items()
        for below in sorted(lower)
    ]


def lay_out(arrows: Arrows, paths: list[list[str]]) -> dict[str, tuple[float, float]]:
    """Where the middle of each room and lane stands: as near as can be to the middle of what it is tied to."""
    floors: list[list[str]] = [[] for _ in range(1 + max(floor(arrows, room) for room in arrows))]
    for one in {*arrows, *(one for path in paths for one in path)}:
        floors[int(one.partition("@")[2]) if "@" in one else floor(arrows, one)].append(one)
    tied: Arrows = {one: set() for row in floors for one in row}
    for upper, lower in (pair for path in paths for pair in pairwise(path)):
        tied[upper].add(lower)
        tied[lower].add(upper)
    spots: dict[str, tuple[float, float]] = {}

    def middle(one: str) -> tuple[float, str]:
        known = [spots[other][0] for other in tied[one] if other in spots]
        return round(sum(known) / len(known), 3) if known else WIDTH / 2, one

    for sweep in range(24):
        # Up and down in turn, until it stands.
        for n in range(len(floors)) if sweep % 2 == 0 else reversed(range(len(floors))):
            spots |= spread(sorted(floors[n], key=middle), 40 + ROW * (len(floors) - 1 - n))
    return spots


def spread(row: list[str], y: float) -> dict[str, tuple[float, float]]:
    """Rooms and lanes of a floor from left to right, with equal gaps."""
    widths = [LANE if "@" in one else BOX for one in row]
    gap = (WIDTH - sum(widths)) / (len(row) + 1)
    return {one: (gap * (i + 1) + sum(widths[:i]) + widths[i] / 2, y) for i, one in enumerate(row)}


def draw(arrows: Arrows, torch: set[str]) -> str:
    """The picture as SVG."""
    paths = stations(arrows)
    spots = lay_out(arrows, paths)
    bottom = max(y for _, y in spots.values()) + 70
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {bottom + 60:.0f}" role="img" '
        'aria-labelledby="t d">'
        '<title id="t">Rooms</title><desc id="d">The folders of the package; an arrow leads from a room to one that it '
        'imports.</desc><defs><marker id="a" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" '
        'orient="auto"><path d="M0 0 L8 4 L0 8 z" fill="#6b7280"/></marker></defs>'
        f'<rect width="{WIDTH}" height="{bottom + 60:.0f}" rx="10" fill="#ffffff"/>'
    )
    lines = [head]
    for path in paths:
        middle = [
            f"L{x:.0f} {y - HEIGHT / 2:.0f} L{x:.0f} {y + HEIGHT / 2:.0f}"
            for x, y in (spots[one] for one in path[1:-1])
        ]
        (x, y), (x2, y2) = spots[path[0]], spots[path[-1]]
        way = " ".join([f"M{x:.0f} {y + HEIGHT / 2:.0f}", *middle, f"L{x2:.0f} {y2 - HEIGHT / 2 - 2:.0f}"])
        lines.append(f'<path d="{way}" stroke="#6b7280" stroke-width="1.3" fill="none" marker-end="url(#a)"/>')
    for room in arrows:
        lines += box(f"{room}/", *spots[room], BOX, "#fde2e2" if room in torch else "#dbeafe")
    lines += box(
        "errors.py, types.py, files.py, progress.py: plain Python that every room may import",
        WIDTH / 2,
        bottom,
        640,
        "#eef0f3",
    )
    lines.append(
        f'<text x="{WIDTH / 2:.0f}" y="{bottom + 45:.0f}" {FONT} font-size="12" text-anchor="middle" fill="#6b7280">'
        "red: imports torch; blue: does not. Arrows that follow from others are left out.</text></svg>\n"
    )
    return "\n".join(lines)


def box(text: str, x: float, y: float, width: float, color: str) -> list[str]:
    """A rectangle with a text around a point."""
    corner = f'x="{x - width / 2:.0f}" y="{y - HEIGHT / 2:.0f}"'
    style = f'{FONT} font-size="14" text-anchor="middle" fill="#1f2430"'
    return [
        f'<rect {corner} width="{width}" height="{HEIGHT}" rx="8" fill="{color}" stroke="#9aa1ad"/>',
        f'<text x="{x:.0f}" y="{y + 5:.0f}" {style}>{escape(text)}</text>',
    ]


def page() -> str:
    """docs/architecture.md with the table as it must be."""
    text = PAGE.read_text(encoding="utf-8")
    return re.sub(f"{BEGIN}.*?{END}", lambda _: f"{BEGIN}\n{table(read_arrows()[0])}\n{END}", text, flags=re.DOTALL)


def main() -> None:
    PAGE.write_text(page(), encoding="utf-8")
    PICTURE.write_text(draw(*read_arrows()), encoding="utf-8")


if __name__ == "__main__":
    main()
