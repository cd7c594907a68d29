"""Runs the examples of docs/formats.md, and writes what they print into the page.

    python docs/show_formats.py

A name in backticks with a colon, alone in its line, makes a file of the block below it; a `console` block holds a
command, which runs in a folder with the files of its section, and what the command prints.
"""

from __future__ import annotations

import os
import re
import shlex
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from typer.testing import CliRunner

from spacy_hmtl.cli.app import app

PAGE = Path(__file__).with_name("formats.md")
COMMAND = "python -m spacy hmtl "
_FENCE = "`" * 3
_PARTS = re.compile(
    rf"^(?P<section>[#]{{2,}}[ ][^\n]*)$ | ^`(?P<file>[^`\n]+)`:\n\n{_FENCE}\w*\n(?P<text>.*?)^{_FENCE}$"
    rf" | ^{_FENCE}console\n\$[ ](?P<command>[^\n]+)\n(?P<shown>.*?)^{_FENCE}$",
    re.MULTILINE | re.DOTALL | re.VERBOSE,
)
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def page(text: str) -> str:
    """The page with what its commands really print.

    text (str): The page.
    RETURNS (str): The same, where the page is up to date.
    """
    made, position = "", 0
    files: dict[str, str] = {}
    for part in _PARTS.finditer(text):
        if part["section"]:
            files = {}
        elif part["file"]:
            files[part["file"]] = part["text"]
        else:
            made += text[position : part.start("shown")] + printed(part["command"], files)
            position = part.end("shown")
    return made + text[position:]


def printed(command: str, files: dict[str, str]) -> str:
    """What a command prints.

    command (str): The command, as a reader types it.
    files (dict[str, str]): The files that it may read, by name.
    """
    if not command.startswith(COMMAND):
        raise ValueError(f"expected a command that begins with {COMMAND!r}, found {command!r}")
    with tempfile.TemporaryDirectory() as folder, inside(Path(folder)):
        for name, text in files.items():
            Path(name).parent.mkdir(parents=True, exist_ok=True)
            Path(name).write_text(text, encoding="utf-8")
        result = CliRunner().invoke(app, shlex.split(command.removeprefix(COMMAND)))
    lines = [line.rstrip() for line in _COLOURS.sub("", result.output).splitlines()]
    return "".join(f"{line}\n" for line in lines if line)


@contextmanager
def inside(folder: Path) -> Iterator[None]:
    """Work in a folder."""
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


if __name__ == "__main__":
    PAGE.write_text(page(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
