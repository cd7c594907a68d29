"""The results of `run` as a small bar chart, in SVG."""

from __future__ import annotations

import json
from html import escape
from pathlib import Path
from typing import Annotated, Any

import typer

WIDTH, LEFT, RIGHT = 720, 120, 90
BAR, GAP, TITLE = 14, 8, 34
# One thread, two, more.
COLORS = ("#4a5568", "#8aa0bd", "#c3cfdf")
TEXT, RULE = "#2d3748", "#cbd5e0"
TITLES = {"documents": "whole documents", "sentences": "one-sentence texts"}


def plot(
    results: Annotated[list[Path], typer.Argument(help="Result files of `run`")],
    picture: Annotated[Path, typer.Option(help="The chart to write (.svg)")],
) -> None:
    """Draw words per second of each system, in the order in which they were measured, from result files."""
    rows = [row for path in results for row in json.loads(path.read_text(encoding="utf-8"))["run"]["rows"]]
    picture.write_text(draw(rows), encoding="utf-8")
    typer.echo(f"Drew {len(rows)} bars: {picture}")


def draw(rows: list[dict[str, Any]]) -> str:
    """An SVG document: a panel per kind of texts, a group of bars per system, a bar per number of threads."""
    counts = sorted({row["threads"] for row in rows})
    parts: list[str] = [_legend(counts)]
    top = 30
    for kind in dict.fromkeys(row["texts"] for row in rows):
        own = [row for row in rows if row["texts"] == kind]
        panel, top = _panel(TITLES.get(kind, kind), own, counts, top)
        parts += panel
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {top}" width="{WIDTH}" height="{top}" '
        'font-family="Helvetica, Arial, sans-serif" font-size="12">'
    )
    # A ground of its own: the page around it may be dark.
    ground = f'<rect width="{WIDTH}" height="{top}" fill="#ffffff"/>'
    return "\n".join([head, ground, *parts, "</svg>", ""])


def _panel(title: str, rows: list[dict[str, Any]], counts: list[int], top: int) -> tuple[list[str], int]:
    """The lines of a panel, and where the next may begin."""
    scale = (WIDTH - LEFT - RIGHT) / max(row["words_per_s"] for row in rows)
    parts = [f'<text x="10" y="{top + 18}" fill="{TEXT}" font-weight="bold">Words per second, {escape(title)}</text>']
    y = top + TITLE
    begin = y
    for system in dict.fromkeys(row["system"] for row in rows):
        own = [row for row in rows if row["system"] == system]
        middle = y + len(own) * BAR / 2 + 4
        parts.append(f'<text x="{LEFT - 8}" y="{middle:.0f}" fill="{TEXT}" text-anchor="end">{escape(system)}</text>')
        for row in own:
            length = scale * row["words_per_s"]
            color = COLORS[min(counts.index(row["threads"]), len(COLORS) - 1)]
            parts.append(f'<rect x="{LEFT}" y="{y}" width="{length:.1f}" height="{BAR - 2}" fill="{color}"/>')
            number = f"{row['words_per_s']:,.0f}"
            parts.append(f'<text x="{LEFT + length + 5:.1f}" y="{y + 10}" fill="{TEXT}" font-size="11">{number}</text>')
            y += BAR
        y += GAP
    parts.append(f'<line x1="{LEFT}" y1="{begin - 4}" x2="{LEFT}" y2="{y - GAP + 2}" stroke="{RULE}"/>')
    return parts, y + 10


def _legend(counts: list[int]) -> str:
    parts = []
    for number, count in enumerate(counts):
        x = LEFT + 110 * number
        color = COLORS[min(number, len(COLORS) - 1)]
        name = f"{count} thread{'s' if count > 1 else ''}"
        parts.append(f'<rect x="{x}" y="12" width="12" height="12" fill="{color}"/>')
        parts.append(f'<text x="{x + 18}" y="22" fill="{TEXT}">{name}</text>')
    return "\n".join(parts)
