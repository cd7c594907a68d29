"""Writes docs/errors.md: every error and warning, what causes it and what cures it.

    python docs/list_errors.py

The messages themselves say both: what is wrong, then what to do. Where a message has no remedy of its own,
`CURES` has it.
"""

from __future__ import annotations

import inspect
import re
from pathlib import Path

from spacy_hmtl import errors

PAGE = Path(__file__).with_name("errors.md")
HEAD = """# Errors and warnings

Every message begins with its code. Look it up here for what causes it and what cures it. `{...}` stands for what the
message names: a file, a line, a document, a value. This page is made by `python docs/list_errors.py`.
"""
CURES = {
    "H103": "The message says it; every fault names its file and line. Without --strict the rest is read.",
    "H105": "Correct the offsets: tokens count from 0, the end is exclusive.",
    "H125": "Give a number of at least 1.",
    "H130": "Give one of the values that the message lists.",
    "H202": "Name each task once in `levels`.",
    "H111": "Correct the offsets: an end must be greater than its start.",
    "H208": "Initialize the pipeline, or load one that was trained.",
    "H226": "Initialize the pipeline, or load one that was trained.",
    "H234": "Initialize the pipeline, or load one that was trained.",
    "H502": "Give each record its text under that key.",
    "H509": 'Name a pipeline that was trained with hmtl, or add the component with `nlp.add_pipe("hmtl")`.',
    "H542": "Write the file again with a Parquet library such as pyarrow.",
    "H545": "Give -1 or a number of at least 1.",
    "H630": "Use --engine local, or leave --timeout out.",
    "W103": "Use the name with the prefix, or import only one of the two packages.",
    "W104": "Nothing, if that is little; else raise `max_length` of the block, or set it to 0: then nothing is split.",
    "W150": "Annotate the layer on all Docs before they are joined, or leave it out on purpose.",
}


def section_titles(source: str) -> dict[str, str]:
    """The comment that stands above each block of codes, by the block's first code."""
    return {code: title for title, code in re.findall(r"# ([^\n:]+)[^\n]*\n\s+([HW]\d+) = ", source)}


def split(message: str) -> tuple[str, str]:
    """The cause and the remedy: the first sentence, and what follows it."""
    # A full stop inside quotes, names of files or numbers ends no sentence.
    found = re.search(r"(?<=[^.\s][.?!])\s+(?=[A-Z`\"'(])", message)
    return (message, "") if found is None else (message[: found.start()], message[found.end() :])


def cell(text: str) -> str:
    return re.sub(r"\s+", " ", text).replace("|", "\\|").replace("<", "&lt;")


def rows(kind: type) -> list[str]:
    titles = section_titles(inspect.getsource(kind))
    lines: list[str] = []
    for code in vars(kind):
        if not re.fullmatch(r"[HW]\d+", code):
            continue
        if code in titles or not lines:
            lines += ["", f"### {titles.get(code, kind.__name__)}", "", "| code | cause | cure |", "|---|---|---|"]
        message = getattr(kind, code).partition("] ")[2]
        cause, cure = split(message)
        lines.append(f"| `{code}` | {cell(cause)} | {cell(cure or CURES.get(code, ''))} |")
    return lines


def page() -> str:
    """The text of docs/errors.md."""
    parts = [HEAD, "## Errors", *rows(errors.Errors), "", "## Warnings", *rows(errors.Warnings)]
    return "\n".join(parts) + "\n"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf8")
