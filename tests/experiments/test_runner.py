"""The runner: what was killed ends with the same table, what is done is not made again, what fails is told."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from experiments.here import Here, KilledError, quiet, train_here

from spacy_hmtl.experiments.documents import score_of
from spacy_hmtl.experiments.grid import read_grid
from spacy_hmtl.experiments.plan import plan
from spacy_hmtl.experiments.rows import Results, Row
from spacy_hmtl.experiments.runner import Options, run_all
from spacy_hmtl.training.record import read_record

pytestmark = [quiet, pytest.mark.usefixtures("one_thread")]


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> type[Here]:
    return train_here(monkeypatch)


def make(grid: Path, folder: Path, **options: Any) -> dict[str, Row]:
    asked = read_grid(grid)
    return run_all(asked, plan(asked), Results(folder / "results"), Options(folder, **options), lambda line: None)


def comparable(rows: dict[str, Row]) -> dict[str, Row]:
    """Rows without what no two runs have in common."""
    clocks = ("seconds", "seconds_with_scoring", "processor_seconds", "megabytes", "date", "threads")
    return {key: {k: v for k, v in row.items() if k not in clocks} for key, row in rows.items()}


def test_a_killed_grid_ends_with_the_same_table(here: type[Here], tiny_grid: Path, tmp_path: Path) -> None:
    whole = make(tiny_grid, tmp_path / "whole")
    by_setup = {row["setup"]: row for row in whole.values()}
    assert set(by_setup) == {"A", "A-GM", "B"}
    assert (by_setup["A"]["steps"], by_setup["B"]["steps"]) == (12, 3)
    # spaCy's loop makes one update more than it counts.
    assert sum(by_setup["A"][f"updates_{task}"] for task in ("ner", "emd", "relation", "coref")) == 13
    for stop in (7, 6, 2):
        here.stop = stop
        with pytest.raises(KilledError):
            make(tiny_grid, tmp_path / "killed")
    here.stop = None
    again = make(tiny_grid, tmp_path / "killed")
    assert comparable(again) == comparable(whole)
    folders = {name: Results(tmp_path / name / "results") for name in ("whole", "killed")}
    for key in whole:
        ours, theirs = (folders[name].details(key) for name in ("killed", "whole"))
        assert ours["documents"] == theirs["documents"]
        curves = [
            [{**row["scores"], "speed": 0} for row in found["curves"] if row["kind"] == "scores"]
            for found in (ours, theirs)
        ]
        assert curves[0] == curves[1]
        losses = [[row["tasks"] for row in found["curves"] if row["kind"] == "updates"] for found in (ours, theirs)]
        assert sum(own["updates"] for row in losses[0] for own in row.values()) == whole[key]["steps"] + 1
    # Nothing is left to do.
    here.started.clear()
    assert make(tiny_grid, tmp_path / "killed") == again
    assert here.started == []


def test_counts_of_documents_make_the_scores_of_both_checkpoints(
    here: type[Here], tiny_grid: Path, tmp_path: Path
) -> None:
    rows = make(tiny_grid, tmp_path, keep=("A",))
    row = next(row for row in rows.values() if row["setup"] == "A")
    found = Results(tmp_path / "results").details(row["key"])
    for name in ("joint", "own"):
        for score in ("ents_f", "mentions_f", "coref_f", "relations_f", "relations_last_token_f"):
            key = f"{name}_test_{score}"
            assert score_of(found["documents"][key]) == pytest.approx(row[key], abs=1e-6), key
            assert len(found["documents"][key][0]) == 3
    assert row["own_test_ents_f"] >= 0
    assert "joint_test_ents_per_type" in found["types"]
    folder = tmp_path / row["training"]
    kinds = [line["kind"] for line in read_record(folder / "training.jsonl")]
    assert kinds[0] == "start"
    assert kinds[-1] == "end"
    # A kept pipeline is scored again, not trained again.
    assert (folder / "model-best" / "config.cfg").is_file()
    table = tmp_path / "results" / "rows.csv"
    lines = [line for line in table.read_text(encoding="utf-8").splitlines() if ",A," not in line]
    table.write_text("\n".join(lines) + "\n", encoding="utf-8")
    here.stop = 0
    again = make(tiny_grid, tmp_path, keep=("A",))
    assert comparable(again) == comparable(rows)


def test_a_failed_training_is_told_and_the_others_are_made(
    tiny_grid: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    class Failing:
        def __init__(self, command: list[str], **kwargs: Any) -> None:
            started.append(command[-1])
            self.returncode = 3

        def poll(self) -> int:
            return self.returncode

    monkeypatch.setattr("spacy_hmtl.experiments.runner.subprocess.Popen", Failing)
    with pytest.raises(ValueError, match=r"\[H664\] 2 trainings failed: A and A-GM, seed 0 \(status 3"):
        make(tiny_grid, tmp_path)
    assert len(started) == 2


def test_a_damaged_table_is_refused(tmp_path: Path) -> None:
    (tmp_path / "rows.csv").write_text("key,setup\nxyz,A\n", encoding="utf-8")
    with pytest.raises(ValueError, match=r"\[H663\]"):
        Results(tmp_path).read()


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    results = Results(tmp_path)
    row = {"key": "0123456789abcdef", "training": "1234567890123456", "setup": "A", "seed": 3, "gold_mentions": False}
    row |= {"joint_dev_ents_f": 0.25, "version_torch": "2.13", "updates_emd": None}
    results.add([(row, {"documents": {"x": [[[1.0]]]}})])
    other = {**row, "key": "ffffffffffffffff", "extra": 7}
    results.add([(other, {})])
    assert results.read() == {row["key"]: {**row, "extra": None}, other["key"]: other}
    assert results.details("0123456789abcdef") == {"documents": {"x": [[[1.0]]]}}
    assert results.details("0" * 16) == {}
    pytest.importorskip("pyarrow")
    import pandas

    assert results.write_parquet(tmp_path / "rows.parquet")
    assert list(pandas.read_parquet(tmp_path / "rows.parquet")["setup"]) == ["A", "A"]


def test_a_run_is_a_process_that_may_be_killed(tiny_grid: Path, tmp_path: Path) -> None:
    """As users do it: the command, and one run of it in a process of its own."""
    grid = tmp_path / "grid.toml"
    grid.write_text(tiny_grid.read_text(encoding="utf-8").replace('["A", "A-GM", "B"]', '["B"]'), encoding="utf-8")
    command = [sys.executable, "-m", "spacy_hmtl", "experiment", str(grid), "--output", str(tmp_path / "out")]
    command += ["--results", str(tmp_path / "results"), "--jobs", "2"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 of 1 rows" in done.stdout
    assert len(Results(tmp_path / "results").read()) == 1
    asked = json.loads(next((tmp_path / "out").glob("*/run.json")).read_text(encoding="utf-8"))
    assert asked["gpu_id"] == -1
