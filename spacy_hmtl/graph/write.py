"""Graphs to files that appear when they are complete."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors
from ..files import appearing
from .build import Graph
from .graphml import write_graphml
from .jsonld import write_jsonld
from .table import write_tables

# Extension -> what makes the file's pieces.
_WRITERS: dict[str, Callable[[Iterable[Graph]], Iterator[str]]] = {".jsonld": write_jsonld, ".graphml": write_graphml}
EXTENSIONS = (*_WRITERS, ".csv")


class Counts(NamedTuple):
    documents: int
    entities: int
    mentions: int
    relations: int


def check_output(path: Path) -> None:
    """RAISES (ValueError): H123, H505, if there can be no such output."""
    if path.suffix.lower() not in EXTENSIONS:
        raise ValueError(Errors.H505.format(path=path, expected=f"{', '.join(EXTENSIONS[:-1])} or {EXTENSIONS[-1]}"))
    if path.is_dir():
        raise ValueError(Errors.H123.format(path=path))


def mentions_path(path: Path) -> Path:
    """Where the mentions go that belong to a table of relations: graph.csv, graph.mentions.csv."""
    return path.with_suffix(f".mentions{path.suffix}")


def write_graphs(graphs: Iterable[Graph], path: Path, *, raw: bool = False, aliases: bool = False) -> Counts:
    """Write graphs one at a time; the file appears under its name when it is complete.

    path (Path): Ends in .jsonld, .graphml, or .csv, which has a second file beside it (`mentions_path`).
    raw, aliases (bool): See `write_tables`; in other files an alias stands where an entity has one.
    RAISES (ValueError): H104, if there are no graphs; H123, H505.
    """
    check_output(path)
    counts = [0, 0, 0, 0]

    def counted() -> Iterator[Graph]:
        for graph in graphs:
            sizes = (1, len(graph.entities), sum(len(e.mentions) for e in graph.entities), len(graph.edges))
            counts[:] = [total + size for total, size in zip(counts, sizes)]
            yield graph

    with ExitStack() as stack:
        file = stack.enter_context(appearing(path))
        if path.suffix.lower() == ".csv":
            write_tables(counted(), file, stack.enter_context(appearing(mentions_path(path))), raw=raw, aliases=aliases)
        else:
            file.writelines(_WRITERS[path.suffix.lower()](counted()))
        if not counts[0]:
            raise ValueError(Errors.H104.format(path=path))
    return Counts(*counts)
