"""Sentences of CoNLL-U files with their trees."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from ...errors import Errors


@dataclass(frozen=True)
class Tree:
    """A sentence.

    document: the name of its document; of its file, where documents have none.
    words, lemmas, tags (XPOS), kinds (UPOS), relations: of each token.
    features: of each token, as in "Number": "Sing".
    heads: of each token, the number of its syntactic head from 0; -1 for the root.
    """

    document: str
    words: tuple[str, ...]
    lemmas: tuple[str, ...]
    kinds: tuple[str, ...]
    tags: tuple[str, ...]
    features: tuple[dict[str, str], ...]
    heads: tuple[int, ...]
    relations: tuple[str, ...]

    @property
    def root(self) -> int:
        """The number of the root."""
        return self.heads.index(-1)

    def children(self, token: int) -> list[int]:
        """Dependents of a token, in order."""
        return [i for i, head in enumerate(self.heads) if head == token]

    def depth(self) -> int:
        """The longest way from the root to a token, in steps."""
        return max(len(self._way(i)) for i in range(len(self.heads))) - 1

    def part(self, token: int) -> list[int]:
        """A token with all that hangs on it, in order."""
        return [i for i in range(len(self.heads)) if token in self._way(i)]

    def _way(self, token: int) -> list[int]:
        way = [token]
        while self.heads[way[-1]] >= 0 and len(way) <= len(self.heads):
            way.append(self.heads[way[-1]])
        return way


def read_trees(path: Path) -> Iterator[Tree]:
    """Sentences of a `.conllu` file, or of all such files below a folder.

    path (Path): The file or folder.
    YIELDS (Tree): Sentences that are trees of one root; ranges of tokens and empty nodes are left out.
    RAISES (ValueError): H101; H668, with the line.
    """
    if not path.exists():
        raise FileNotFoundError(Errors.H101.format(path=path))
    for file in [path] if path.is_file() else sorted(path.rglob("*.conllu")):
        yield from _read_file(file)


def _read_file(path: Path) -> Iterator[Tree]:
    document, rows = path.stem, list[list[str]]()
    with path.open(encoding="utf-8") as file:
        for number, line in enumerate([*file, "\n"], start=1):
            text = line.rstrip("\r\n")
            if text.startswith("# newdoc id ="):
                document = text.partition("=")[2].strip()
            elif text.startswith("#"):
                continue
            elif text:
                cells = text.split("\t")
                if len(cells) != 10:
                    raise ValueError(Errors.H668.format(path=path, line=number, n=len(cells)))
                if cells[0].isdecimal():
                    rows.append(cells)
            elif rows:
                if (tree := _tree(document, rows)) is not None:
                    yield tree
                rows = []


def _tree(document: str, rows: list[list[str]]) -> Tree | None:
    """A sentence, if it has one root and numbers that fit."""
    numbers = {cells[0]: i for i, cells in enumerate(rows)}
    heads = [-1 if cells[6] == "0" else numbers.get(cells[6], -2) for cells in rows]
    if heads.count(-1) != 1 or -2 in heads:
        return None
    features = [
        dict(pair.split("=", 1) for pair in cells[5].split("|") if "=" in pair) if cells[5] != "_" else {}
        for cells in rows
    ]
    words, lemmas, kinds, tags = (tuple(cells[i] for cells in rows) for i in (1, 2, 3, 4))
    relations = tuple(cells[7].partition(":")[0] for cells in rows)
    return Tree(document, words, lemmas, kinds, tags, tuple(features), tuple(heads), relations)
