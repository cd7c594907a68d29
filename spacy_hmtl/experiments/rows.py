"""Results: a CSV table with a row a run, and beside it what is too large for a row."""

from __future__ import annotations

import csv
import gzip
import io
import json
import re
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from filelock import FileLock

from ..errors import Errors
from ..files import appearing, write_text

TABLE, DETAILS = "rows.csv", "runs"
Row = dict[str, Any]
# First columns of the table, in this order; the others follow by name.
_FIRST = ("key", "training", "setup", "levels", "gold_mentions", "embeddings", "sampling", "seed", "budget")
_TEXT = {"key", "training", "setup", "levels", "embeddings", "sampling", "budget", "date", "processor", "machine"}


class Results:
    """Rows of runs by key, in a folder: `rows.csv`, and `runs/KEY.json.gz` with curves and counts of documents.

    folder (Path): Made when the first row is added.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def read(self) -> dict[str, Row]:
        """All rows by key. RAISES (ValueError): H663."""
        path = self.folder / TABLE
        if not path.is_file():
            return {}
        with path.open(encoding="utf-8", newline="") as file:
            rows = [{key: _value(key, text) for key, text in row.items()} for row in csv.DictReader(file, strict=True)]
        if any(not re.fullmatch("[0-9a-f]{16}", str(row.get("key"))) for row in rows):
            raise ValueError(Errors.H663.format(path=path))
        return {row["key"]: row for row in rows}

    def details(self, key: str) -> dict[str, Any]:
        """Curves and counts of documents of a run; empty where its file is gone."""
        path = self.folder / DETAILS / f"{key}.json.gz"
        if not path.is_file():
            return {}
        with gzip.open(path, "rt", encoding="utf-8") as file:
            found: dict[str, Any] = json.load(file)
        return found

    def add(self, rows: Iterable[tuple[Row, dict[str, Any]]]) -> None:
        """Add rows with their details; those with the same keys are replaced.

        Other processes may do the same at the same time, and a kill leaves the table as it was or as it is to be.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        with FileLock(self.folder / ".lock"):
            known = self.read()
            for row, details in rows:
                with appearing(self.folder / DETAILS / f"{row['key']}.json.gz", binary=True) as file:
                    # Without a time, so that equal results are equal files.
                    file.write(gzip.compress(json.dumps(details, separators=(",", ":")).encode(), mtime=0))
                known[row["key"]] = row
            write_text(self.folder / TABLE, _table(known.values()))

    def write_parquet(self, path: Path) -> bool:
        """The table as Parquet, if pyarrow is installed. RETURNS (bool): Whether it is."""
        try:
            import pyarrow
            import pyarrow.parquet
        except ImportError:
            return False
        rows = list(self.read().values())
        columns = _columns(rows)
        path.parent.mkdir(parents=True, exist_ok=True)
        table = pyarrow.Table.from_pylist([{key: row.get(key) for key in columns} for row in rows])
        pyarrow.parquet.write_table(table, path)
        return True


def _columns(rows: Iterable[Row]) -> list[str]:
    names = {key for row in rows for key in row}
    return [key for key in _FIRST if key in names] + sorted(names - set(_FIRST))


def _table(rows: Iterable[Row]) -> str:
    ordered = sorted(rows, key=lambda row: tuple(str(row.get(key)) for key in (*_FIRST[2:], "key")))
    text = io.StringIO()
    writer = csv.DictWriter(text, _columns(ordered), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerows({k: "" if v is None else v for k, v in row.items()} for row in ordered)
    return text.getvalue()


def _value(key: str | None, text: str | None) -> Any:
    """A cell as what it was: a number where it is one, None where there was none."""
    if not text:
        return None
    if key in _TEXT or (key or "").startswith("version_"):
        return text
    if text in ("True", "False"):
        return text == "True"
    try:
        return int(text)
    except ValueError:
        pass
    try:
        return float(text)
    except ValueError:
        return text
