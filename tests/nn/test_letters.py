"""One letter, one meaning: shapes in nn/ and bridge/ use the letters of CONTRIBUTING.md."""

from __future__ import annotations

import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
# A shape: letters, words and numbers between brackets, with a comma or a letter alone.
_SHAPE = re.compile(r"\(([A-Za-z0-9_.*+\- ]+(?:, ?[A-Za-z0-9_.*+\- ]+)*,?)\)")


def shapes(path: Path) -> Iterator[tuple[int, str]]:
    """(line, shape) in the comments and docstrings of a file."""
    for token in tokenize.generate_tokens(io.StringIO(path.read_text(encoding="utf8")).readline):
        is_docstring = token.type == tokenize.STRING and token.string.startswith('"""')
        if token.type != tokenize.COMMENT and not is_docstring:
            continue
        for number, line in enumerate(token.string.splitlines(), start=token.start[0]):
            for found in _SHAPE.finditer(line):
                if re.search(r"shaped? $|# $|-> $|each $|and $|or $|: $", line[: found.start()], re.IGNORECASE):
                    yield number, found[1]


def test_shapes_use_the_letters_of_the_table() -> None:
    table = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf8")
    letters = {
        letter for row in re.findall(r"^\| ([A-Z](?:, [A-Z])*) \|", table, re.MULTILINE) for letter in row.split(", ")
    }
    assert {"B", "G", "T", "S", "W"} <= letters
    offenders, n_shapes = [], 0
    for room in ("nn", "bridge"):
        for path in sorted((ROOT / "spacy_hmtl" / room).rglob("*.py")):
            for line, shape in shapes(path):
                n_shapes += 1
                if unknown := set(re.findall(r"(?<![A-Za-z_.])\d*([A-Z])(?![A-Za-z_.])", shape)) - letters:
                    offenders.append(f"{path.relative_to(ROOT)}:{line}: ({shape}) uses {', '.join(sorted(unknown))}")
    assert n_shapes > 200
    assert offenders == []
