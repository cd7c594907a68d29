"""CSV: two tables, the mentions of all entities and the relations with their evidence."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable
from typing import IO

from .build import Graph

MENTIONS = ("document", "entity", "name", "type", "start", "end", "text", "score")
RELATIONS = (
    "document",
    "head",
    "head_name",
    "head_type",
    "relation",
    "tail",
    "tail_name",
    "tail_type",
    "score",
    "head_start",
    "head_end",
    "tail_start",
    "tail_end",
)
# Spreadsheets run a cell that begins like this as a formula, full-width forms included.
_FORMULA = ("=", "+", "-", "@", "＝", "＋", "－", "＠")
# In some countries a semicolon separates cells, not the comma, so that what follows one in a text begins a cell.
_SEPARATORS = (";", "|")
_AFTER_SEPARATOR = re.compile(rf"""([;|][\s"'“”]*)(?=[{"".join(map(re.escape, _FORMULA))}])""")


def write_tables(
    graphs: Iterable[Graph], relations: IO[str], mentions: IO[str], *, raw: bool = False, aliases: bool = False
) -> None:
    """Write a row per mention, and a row per pair of mentions that shows a relation.

    raw (bool): Keep texts as they are, but for line breaks. Otherwise one that a spreadsheet would take
        for a formula gets an apostrophe before it; the offsets tell what stands in the document.
    aliases (bool): Add columns for the aliases of the entities, see `alias_of`.
    """
    shown = _one_line if raw else safe_cell
    edge_rows, mention_rows = csv.writer(relations, lineterminator="\n"), csv.writer(mentions, lineterminator="\n")
    edge_rows.writerow((*RELATIONS, "head_alias", "tail_alias") if aliases else RELATIONS)
    mention_rows.writerow((*MENTIONS, "alias") if aliases else MENTIONS)
    for graph in graphs:
        document = shown(graph.name)
        entities = {entity.key: entity for entity in graph.entities}
        for entity in graph.entities:
            for m in entity.mentions:
                cells = (shown(entity.name), shown(entity.type), m.start, m.end, shown(m.text), f"{m.score:.4f}")
                mention_rows.writerow((document, entity.key, *cells, *([shown(entity.alias)] if aliases else [])))
        for edge in graph.edges:
            head, tail = entities[edge.head], entities[edge.tail]
            shared = [shown(head.alias), shown(tail.alias)] if aliases else []
            for item in edge.evidence:
                ends = [(end.key, shown(end.name), shown(end.type)) for end in (head, tail)]
                numbers = (f"{item.score:.4f}", *item.head, *item.tail)
                edge_rows.writerow((document, *ends[0], shown(edge.label), *ends[1], *numbers, *shared))


def safe_cell(text: str) -> str:
    """A text that no spreadsheet runs, whatever it takes for the separator of cells."""
    text = _AFTER_SEPARATOR.sub(r"\1'", _one_line(text))
    return f"'{text}" if text.startswith((*_FORMULA, *_SEPARATORS)) else text


def _one_line(text: str) -> str:
    # Readers of CSV stumble over NUL and line breaks; halves of surrogate pairs cannot be written.
    return " ".join(text.replace("\0", "\ufffd").split()).encode("utf-8", "replace").decode("utf-8")
