"""What the documentation site adds to mkdocs: notebooks as pages, docstrings as lists, nothing from another host."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from scripts_of_docs import script


def test_lines_that_explain_arguments_become_sections() -> None:
    pytest.importorskip("griffe")
    text = "Cut.\n\nstart, end (int): Tokens,\n    end exclusive.\nRETURNS (Doc): A part.\nRAISES (ValueError): H105."
    text += "\n\nSource: us.\n"
    found = script("site/docstrings.py").rewrite(text, known={"doc", "start", "end"})
    assert [line for line in found.splitlines() if line] == [
        "Cut.",
        "Args:",
        "    start (int): Tokens,",
        "    end (int): Tokens,",
        "        end exclusive.",
        "Returns:",
        "    Doc: A part.",
        "Raises:",
        "    ValueError: H105.",
        "Source: us.",
    ]
    assert script("site/docstrings.py").rewrite("Note: that is all.", known={"doc"}) == "Note: that is all."


def test_a_notebook_becomes_a_page_with_its_output(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs")
    printed = {"output_type": "stream", "text": ["\x1b[32m4\x1b[0m\n"]}
    shown = {"output_type": "execute_result", "data": {"text/plain": ["'x'"]}}
    cells = [
        {"cell_type": "markdown", "source": ["# Title"]},
        {"cell_type": "code", "source": ["print(4)\n", "'x'"], "outputs": [printed, shown]},
        {"cell_type": "code", "source": ["y = 1"], "outputs": []},
    ]
    path = tmp_path / "book.ipynb"
    path.write_text(json.dumps({"cells": cells}), encoding="utf-8")
    assert script("site/hooks.py").notebook_page(path) == (
        "# Title\n\n```python\nprint(4)\n'x'\n```\n\n```text\n4\n```\n\n```text\n'x'\n```\n\n```python\ny = 1\n```\n\n"
        "[The notebook](book.ipynb)\n"
    )


def test_a_page_that_loads_from_another_host_is_noticed(tmp_path: Path) -> None:
    (tmp_path / "a.css").write_text("@import url('https://fonts.example/x.css');", encoding="utf-8")
    (tmp_path / "index.html").write_text(
        '<script defer src="https://cdn.example/x.js"></script><link rel="stylesheet" href="a.css">'
        '<img alt="" src="gone.png"><a href="https://example.org">a link</a>',
        encoding="utf-8",
    )
    found = script("site/check.py").faults(tmp_path)
    assert [fault.partition(": ")[2] for fault in found] == [
        "loads https://cdn.example/x.js",
        "gone.png is not there",
        "loads https://fonts.example/x.css",
    ]
