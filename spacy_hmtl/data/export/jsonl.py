"""Our JSON lines with character offsets: see `spacy_hmtl/annotations/jsonl.py`."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from spacy.tokens import Doc

from ...annotations.jsonl import to_line
from ..faults import FaultLog


def write(docs: Iterable[Doc], output: Path, *, log: FaultLog, shown: Path) -> None:
    """Write Docs, one JSON object per line. The format holds everything but confidences below 0.0001.

    docs (Iterable[Doc]): The Docs.
    output (Path): The file.
    log (FaultLog): Not used.
    shown (Path): Not used.
    """
    with output.open("w", encoding="utf-8", newline="\n") as file:
        file.writelines(to_line(doc) for doc in docs)
