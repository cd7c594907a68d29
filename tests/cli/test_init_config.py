"""`init-config` writes the configs of the package, all of which take the same paths."""

from __future__ import annotations

from pathlib import Path

import pytest
from spacy.util import load_config
from typer.testing import CliRunner

from spacy_hmtl.cli.app import app
from spacy_hmtl.cli.init_config import CONFIGS

ROOT = Path(__file__).parents[2]
TASKS = ("ner", "emd", "relation", "coref")


@pytest.mark.parametrize("purpose", sorted(CONFIGS))
def test_it_writes_the_config_and_says_what_next(purpose: str, tmp_path: Path) -> None:
    path = tmp_path / "my.cfg"
    done = CliRunner().invoke(app, ["init-config", str(path), "--for", purpose])
    assert done.exit_code == 0, done.output
    assert path.read_bytes() == (ROOT / "configs" / CONFIGS[purpose]).read_bytes()
    said = " ".join(done.output.split())
    assert "--paths.train train.spacy --paths.dev dev.spacy" in said
    assert ("hf download sentence-transformers/all-MiniLM-L6-v2" in said) == (purpose == "transformer")


def test_a_config_that_is_there_stays(tmp_path: Path) -> None:
    path = tmp_path / "my.cfg"
    path.write_text("mine", encoding="utf-8")
    done = CliRunner().invoke(app, ["init-config", str(path)])
    assert done.exit_code == 1
    assert "H687" in done.output
    assert path.read_text(encoding="utf-8") == "mine"
    assert CliRunner().invoke(app, ["init-config", str(path), "--force"]).exit_code == 0
    assert path.read_text(encoding="utf-8") != "mine"


@pytest.mark.parametrize("purpose", sorted(CONFIGS))
def test_one_path_serves_all_tasks_and_each_may_have_its_own(purpose: str) -> None:
    path = ROOT / "configs" / CONFIGS[purpose]
    given = {"paths.train": "a.spacy", "paths.dev": "b.spacy", "paths.coref_train": "c.spacy"}
    corpora = load_config(path, overrides=given, interpolate=True)["corpora"]
    assert {task: corpora["train"][task]["path"] for task in TASKS} == {
        **dict.fromkeys(TASKS, "a.spacy"),
        "coref": "c.spacy",
    }
    assert {task: corpora["dev"][task]["path"] for task in TASKS} == dict.fromkeys(TASKS, "b.spacy")
