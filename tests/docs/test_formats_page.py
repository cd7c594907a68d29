"""docs/formats.md: a section with a real example for each format."""

from __future__ import annotations

import re
from pathlib import Path
from types import ModuleType

import pytest
from scripts_of_docs import script

from spacy_hmtl.data.formats import FORMATS

ROOT = Path(__file__).parents[2]
_CONVERT = re.compile(r"^\$ python -m spacy hmtl convert (\S+) ", re.MULTILINE)


@pytest.fixture(scope="module")
def shows() -> ModuleType:
    """docs/show_formats.py."""
    return script("show_formats.py")


def test_every_format_has_a_section_with_what_is_read_its_options_and_an_example() -> None:
    sections = dict(re.findall(r"^### `([\w-]+)`: [^\n]+\n(.*?)(?=^##)", page(), re.MULTILINE | re.DOTALL))
    assert sorted(sections) == sorted(FORMATS)
    for name, text in sections.items():
        assert _CONVERT.findall(text) == [name]
        assert "\nOptions: " in text if FORMATS[name].options else "No options." in text, name
        for option in FORMATS[name].options:
            flag = f"--{option.replace('_', '-')}"
            assert flag in text or f"--no-{flag[2:]}" in text, (name, flag)


def test_the_examples_print_what_the_page_shows(shows: ModuleType) -> None:
    assert shows.page(page()) == page(), "run: python docs/show_formats.py"


def test_an_example_that_prints_something_else_is_noticed(shows: ModuleType) -> None:
    files = "`a.conll`:\n\n```text\nMira\tB-PER\n```\n"
    text = f"### x\n\n{files}\n```console\n$ python -m spacy hmtl convert iob a.conll out.spacy\nwrong\n```\nend\n"
    made = shows.page(text)
    assert made != text
    assert re.search(r"^ +PER +1$", made, re.MULTILINE)
    assert "wrong" not in made
    assert shows.page(made) == made
    with pytest.raises(ValueError, match="expected a command that begins with"):
        shows.page("```console\n$ rm x\n```\n")


def page() -> str:
    return (ROOT / "docs" / "formats.md").read_text(encoding="utf-8")
