"""The training report: one page, escaped, of what the logger wrote."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from spacy.language import Language
from spacy.training import Example
from tiny import tiny_nlp
from typer.testing import CliRunner
from visualize.balanced import Balanced, read

from spacy_hmtl.cli.app import app
from spacy_hmtl.training.logger import make_console_logger
from spacy_hmtl.training.record import read_record
from spacy_hmtl.visualize.curves import line_chart
from spacy_hmtl.visualize.report import render_report


def parse(page: str) -> list[str]:
    """The tags of a page whose elements nest."""
    return [tag for tag, _ in read(page, Balanced()).elements]


@pytest.fixture
def logged(demo_examples: list[Example], tmp_path: Path) -> tuple[Path, Language]:
    """A training of seven updates in a loop, logged every second one, scored twice."""
    nlp = tiny_nlp(demo_examples)
    path = tmp_path / "run" / "training.jsonl"
    log, close = make_console_logger(console_output=False, training_log=path, every=2)(nlp)
    optimizer = nlp.resume_training()
    for step in range(7):
        nlp.update(demo_examples[:2], sgd=optimizer, losses={})
        scores = {"ents_f": 0.1 * step, "coref_f": 0.0, "ents_per_type": {}}
        info = {"score": 0.1 * step, "other_scores": scores, "epoch": 0, "words": 9, "step": step}
        log(
            {**info, "losses": {f"hmtl_{t}": 1.0 for t in ("ner", "emd", "coref", "relation")}}
            if step in (0, 6)
            else None
        )
    close()
    return path, nlp


def test_the_record_holds_all_that_happened(logged: tuple[Path, Language], demo_examples: list[Example]) -> None:
    path, nlp = logged
    rows = read_record(path)
    assert [row["kind"] for row in rows][:3] == ["start", "updates", "scores"]
    assert rows[-1]["kind"] == "end"
    updates = [row for row in rows if row["kind"] == "updates"]
    assert sum(row["tasks"]["ner"]["updates"] for row in updates) == 7
    assert all(own["loss"] > 0 and own["norm"] > 0 for row in updates for own in row["tasks"].values())
    assert {row["learn_rate"] for row in updates} == {0.001}
    tokens = sum(len(eg.reference) for eg in demo_examples)
    assert rows[0]["data"]["hmtl"]["ner"] == {"examples": len(demo_examples), "tokens": tokens}
    assert rows[0]["versions"]["spacy"]
    assert "spacy_hmtl.HMTL.v1" in rows[0]["config"]
    assert [row["scores"] for row in rows if row["kind"] == "scores"][1] == {
        "ents_f": pytest.approx(0.6),
        "coref_f": 0.0,
    }
    assert nlp.get_pipe("hmtl").progress.n_updates["ner"] == 7  # type: ignore[attr-defined]


def test_a_page_is_made_by_the_command(logged: tuple[Path, Language]) -> None:
    path, _ = logged
    result = CliRunner().invoke(app, ["report", str(path.parent)])
    assert result.exit_code == 0, result.output
    page = (path.parent / "report.html").read_text(encoding="utf-8")
    tags = parse(page)
    assert tags.count("svg") == 9  # F1, score, four losses, norms, rate, time
    assert "script" not in tags
    assert "http" not in page.replace("spacy_hmtl", "")
    for text in ("60.00", "Gradient norm before clipping", "training examples", "spacy_hmtl.HMTL.v1", "yes"):
        assert text in page


def test_what_a_record_holds_is_escaped() -> None:
    evil = "<script>alert(1)</script>"
    task = {evil: {"updates": 1, "loss": float("nan"), "norm": 1.0}}
    record = [
        {"kind": "start", "step": 0, "seconds": 0, "config": evil, "versions": {evil: evil}, "date": evil},
        {"kind": "updates", "step": 0, "seconds": 1, "learn_rate": 0.1, "tasks": task},
    ]
    record[0]["data"] = {evil: {evil: {"examples": 1, "tokens": 2}}}
    page = render_report(record, evil)
    assert "<script" not in page
    assert "script" not in parse(page)
    parse(render_report([], "empty"))


@pytest.mark.parametrize("points", [[], [(1.0, 2.0)], [(1.0, 2.0), (2.0, 2.0)], [(0.0, float("inf"))], [(0.0, -1e9)]])
def test_any_points_make_a_chart(points: list[tuple[float, float]]) -> None:
    chart = line_chart("a < b", {"one & only": points})
    parse(chart)
    assert "nan" not in chart
    assert "inf" not in chart
    assert "a &lt; b" in chart


def test_what_is_no_training_is_told(tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["report", str(tmp_path)])
    assert (result.exit_code, "[H666]" in result.output) == (1, True)
    for content in ("{\n", json.dumps({"kind": "updates"}) + "\n", "[]\n", "3\n"):
        (tmp_path / "training.jsonl").write_text(content, encoding="utf-8")
        result = CliRunner().invoke(app, ["report", str(tmp_path)])
        assert (result.exit_code, "[H667]" in result.output) == (1, True), content
    assert not (tmp_path / "report.html").exists()
