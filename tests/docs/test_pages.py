"""The documentation names what there is: formats, options, commands, registered names; its links lead somewhere."""

from __future__ import annotations

import json
import re
from importlib.metadata import entry_points
from pathlib import Path

import pytest

from spacy_hmtl.cli.app import app
from spacy_hmtl.data.export import EXPORTS
from spacy_hmtl.data.formats import FORMATS
from spacy_hmtl.experiments.setups import SETUPS

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "assets/demo/GUIDELINES.md", *sorted((ROOT / "docs").rglob("*.md"))]


def page(name: str) -> str:
    return (ROOT / "docs" / f"{name}.md").read_text(encoding="utf-8")


def test_every_format_and_option_is_described() -> None:
    text = page("formats")
    assert [name for name in (*FORMATS, *EXPORTS) if f"| `{name}`" not in text and f"`{name}`" not in text] == []
    assert [name for name in FORMATS if f"hmtl convert {name} " not in text] == []
    options = {option.replace("_", "-") for format in FORMATS.values() for option in format.options}
    assert [o for o in options if f"--{o}" not in text and f"--no-{o}" not in text] == []


def test_every_registered_name_and_command_is_in_the_reference() -> None:
    text = page("api")
    groups = ("architectures", "readers", "batchers", "scorers", "loggers")
    found = [entry for group in groups for entry in entry_points(group=f"spacy_{group}")]
    ours = [entry.name for entry in found if entry.value.startswith("spacy_hmtl.")]
    assert len(ours) >= 12
    assert [name for name in ours if name not in text] == []
    assert [c.name for c in app.registered_commands if f"`{c.name}`" not in text] == []


def test_every_setup_of_the_paper_is_described() -> None:
    text = page("paper")
    missing = [
        name for name, setup in SETUPS.items() if not setup.gold_mentions and json.dumps(setup.levels) not in text
    ]
    assert missing == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_links_lead_somewhere(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    links = re.findall(r"\]\(([^)#:\s]+)(?:#[^)]*)?\)", text)
    assert [link for link in links if not (path.parent / link).exists()] == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_files_that_a_page_names_exist(path: Path) -> None:
    # `nn/crf/likelihood.py` may be named from the package, `speed.py` from benchmarks/.
    roots = [ROOT / name for name in ("", "spacy_hmtl", "benchmarks", "benchmarks/timing", "configs", "docs")]
    named = re.findall(r"`((?:[\w.-]+/)*[\w-]+\.(?:py|cfg|toml|yml))`", path.read_text(encoding="utf-8"))
    ours = [name for name in named if not any((root / name).exists() for root in roots)]
    assert [name for name in ours if not name.startswith(("spacy/", "my_", "config"))] == []


def test_the_universe_entry_has_what_spacy_asks_for() -> None:
    entry = json.loads((ROOT / "universe.json").read_text(encoding="utf-8"))
    assert {"id", "title", "slogan", "description", "category", "code_example"} <= entry.keys()
    compile("\n".join(entry["code_example"]), "universe.json", "exec")


def test_the_readme_counts_the_formats() -> None:
    assert f"[{len(FORMATS)} formats](docs/formats.md)" in (ROOT / "README.md").read_text(encoding="utf-8")


def test_every_page_is_in_the_menu_of_the_site() -> None:
    # mkdocs.yml: a new page needs a line under `nav`.
    text = (ROOT / "mkdocs.yml").read_text(encoding="utf-8")
    listed = re.findall(r"([\w/.-]+\.md)$", text, re.MULTILINE)
    pages = [path.relative_to(ROOT / "docs").as_posix() for path in (ROOT / "docs").rglob("*.md")]
    notebooks = [f"notebooks/{path.stem}.md" for path in (ROOT / "docs/notebooks").glob("*.ipynb")]
    assert sorted(listed) == sorted(pages + notebooks)


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_nobody_is_told_to_take_the_package_from_an_index(path: Path) -> None:
    # It is on none; there the name could be anybody's.
    assert not re.search(r"pip install[^\n`]*\bspacy[-_]hmtl(?![\w-]*\d)", path.read_text(encoding="utf-8"))


@pytest.mark.parametrize("path", [*PAGES, ROOT / "CITATION.cff", ROOT / "universe.json"], ids=lambda path: path.name)
def test_the_paper_has_one_year(path: Path) -> None:
    years = re.findall(r"Sanh,? (?:Wolf|et al)[^.\n]{0,30}?\(?((?:19|20)\d\d)", path.read_text(encoding="utf-8"))
    assert set(years) <= {"2019"}


def test_the_readme_has_the_table_of_the_pipelines() -> None:
    rows = re.findall(r"^\| [^|\n]+ \|[^\n]*\d[^\n]*$", (ROOT / "README.md").read_text(encoding="utf-8"), re.MULTILINE)
    figures = [row for row in rows if re.search(r"\d\d\.\d|\d,\d{3}", row)]
    assert len(figures) >= 5
    assert [row for row in figures if row not in page("pipelines")] == []


def test_every_registered_name_has_its_docstring_on_the_site() -> None:
    text = (ROOT / "docs/reference/architectures.md").read_text(encoding="utf-8")
    groups = ("architectures", "readers", "batchers", "callbacks", "scorers", "loggers")
    ours = [e for group in groups for e in entry_points(group=f"spacy_{group}") if e.name.startswith("spacy_hmtl.")]
    assert len(ours) >= 16
    assert [e.name for e in ours if f"## `{e.name}`\n\n::: {e.value.replace(':', '.')}\n" not in text] == []
