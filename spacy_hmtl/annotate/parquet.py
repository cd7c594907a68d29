"""Rows of Parquet files, one at a time."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from ..errors import Errors
from .table import JSON_COLUMN, check_pyarrow

_ROWS = 1024  # read at a time
_COLUMNS = ("text", "id", "meta")


def read_parquet(
    path: Path, *, columns: Sequence[str] | None = _COLUMNS, shown: str = ""
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Some columns of each row, each row with "FILE:ROW", counted from 1.

    columns (Sequence, optional): Those that are read where they are there; None for all.
    shown (str): What messages call the file, where its path says nothing to the user.

    RAISES (ValueError): H540 without pyarrow, H542, H544.
    """
    name = shown or str(path)
    with _open(path, name) as file:
        names = file.schema_arrow.names
        if "text" not in names:
            raise ValueError(Errors.H544.format(path=name, column="text", found=", ".join(names) or "none"))
        packed = [column.name for column in file.schema_arrow if (column.metadata or {}).items() >= JSON_COLUMN.items()]
        number = 0
        for batch in file.iter_batches(_ROWS, columns=[c for c in names if columns is None or c in columns]):
            for record in batch.to_pylist():
                number += 1
                for column in packed:  # as `annotate` writes it
                    if record.get(column) is not None:
                        record[column] = json.loads(record[column])
                yield f"{name}:{number}", record


def count_rows(path: Path, *, shown: str = "") -> int:
    """How many rows a file has. RAISES (ValueError): H540 without pyarrow, H542."""
    with _open(path, shown or str(path)) as file:
        n_rows: int = file.metadata.num_rows
        return n_rows


def _open(path: Path, name: str) -> Any:
    check_pyarrow(f"{name}: Parquet")
    import pyarrow.parquet  # an extra, and slow to import

    try:
        return pyarrow.parquet.ParquetFile(path)
    except (pyarrow.ArrowInvalid, pyarrow.ArrowIOError) as error:
        raise ValueError(Errors.H542.format(path=name, reason=error)) from error
