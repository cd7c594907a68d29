"""A training log in which `-`, or null, stands for what is not there."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import IO, Any

import srsly

_MISSING = re.compile(r"\bnan\b")


class Table:
    """A stream in which `-` stands for what is no number.

    stream (IO): Where it is written to.
    """

    def __init__(self, stream: IO[str]) -> None:
        self.stream = stream

    def write(self, text: str) -> int:
        """Write a row.

        text (str): With "nan" for what is not there.
        RETURNS (int): Characters that were written.
        """
        return self.stream.write(_MISSING.sub("  -", text))

    def flush(self) -> None:
        """Show what was written."""
        self.stream.flush()


def open_log(path: Path | None, table: Any) -> IO[str] | None:
    """The file of a log, unless there is one already, which is said as spaCy says it.

    path (Path, optional): Of the file.
    table (IO): Where it is said.
    RETURNS (IO, optional): Open for writing.
    """
    if path is None:
        return None
    if path.exists():
        table.write(f"Saving logs is disabled because {path} already exists.\n")
        return None
    table.write(f"Saving results to {path}\n")
    path.parent.mkdir(parents=True, exist_ok=True)
    return path.open("w", encoding="utf8")


def row_as_json(info: Mapping[str, Any], columns: Sequence[str], scores: Sequence[str]) -> str:
    """A row of the log, with the keys of spaCy's.

    info (Mapping): What the training loop says, with NaN for what is not there.
    columns (Sequence): Names of the losses.
    scores (Sequence): Names of the scores; they are written in percent.
    RETURNS (str): A JSON object, with null for what is not there.
    """

    def plain(value: Any, factor: float = 1.0) -> float | None:
        return None if math.isnan(value) else factor * float(value)

    row = {
        "epoch": info["epoch"],
        "step": info["step"],
        "losses": {column: plain(info["losses"][column]) for column in columns},
        "scores": {key: plain(info["other_scores"][key], 1.0 if key == "speed" else 100.0) for key in scores},
        "score": plain(info["score"]),
    }
    result: str = srsly.json_dumps(row)
    return result
