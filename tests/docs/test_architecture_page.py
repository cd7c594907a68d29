"""docs/architecture.md: its picture and its table are those of the code, and what one looks for is where it says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from scripts_of_docs import DOCS, script
from test_architecture import PLAIN, RULES

PACKAGE = DOCS.parent / "spacy_hmtl"


def test_picture_and_table_are_those_of_the_code() -> None:
    rooms = script("list_rooms.py")
    assert rooms.PAGE.read_text(encoding="utf-8") == rooms.page(), "run: python docs/list_rooms.py"
    assert rooms.PICTURE.read_text(encoding="utf-8") == rooms.draw(*rooms.read_arrows()), (
        "run: python docs/list_rooms.py"
    )


def test_every_folder_has_a_row_with_what_it_imports_and_no_more_is_allowed() -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    rows = dict(re.findall(r"^\| `(\w+)/` \| ([^|]*) \| [A-Z]", text, re.MULTILINE))
    assert set(rows) == {path.parent.name for path in PACKAGE.glob("*/__init__.py")}
    arrows = {room: set(re.findall(r"`(\w+)/`", cell)) for room, cell in rows.items()}
    assert arrows == {room: RULES[room][0] - PLAIN for room in rows}


def test_arrows_that_follow_from_others_are_left_out_and_a_new_import_is_seen(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rooms = script("list_rooms.py")
    arrows = {"a": {"b", "c"}, "b": {"c"}, "c": set()}
    assert rooms.shortest(arrows) == {"a": {"b"}, "b": {"c"}, "c": set()}
    assert [rooms.floor(arrows, room) for room in "abc"] == [2, 1, 0]
    monkeypatch.setattr(rooms, "PACKAGE", tmp_path)
    for room, text in {"a": "from ..b import x", "b": "import spacy_hmtl.c.d", "c": "import torch"}.items():
        (tmp_path / room).mkdir()
        (tmp_path / room / "__init__.py").write_text(f'"""Holds {room}."""\n\n{text}\n', encoding="utf-8")
    assert rooms.read_arrows() == ({"a": {"b"}, "b": {"c"}, "c": set()}, {"c"})
    assert rooms.table({"a": {"b"}, "b": {"c"}, "c": set()}).splitlines()[2] == "| `a/` | `b/` | Holds a. |"


@pytest.mark.parametrize(
    ("what", "place", "holds"),
    [
        ("the CRF", "nn/crf", "class BiluoCRF"),
        ("the scores of antecedents", "nn/heads/coref/pairs.py", "class PairScorer"),
        ("a corpus format", "data/formats", "FORMATS"),
        ("the resumable engine", "annotate/run.py", "def annotate("),
    ],
)
def test_what_a_newcomer_looks_for_is_where_the_page_says(what: str, place: str, holds: str) -> None:
    text = (DOCS / "architecture.md").read_text(encoding="utf-8")
    (row,) = re.findall(rf"^\| {what} \| (.*)", text, re.MULTILINE)
    assert f"`{place}" in row
    files = [PACKAGE / place] if place.endswith(".py") else list((PACKAGE / place).glob("*.py"))
    assert any(holds in file.read_text(encoding="utf-8") for file in files)
