"""Means, paired bootstraps, tables and pictures, on results made by hand."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import Any

import numpy
import pytest

from spacy_hmtl.experiments.documents import score_of, scores_of_draws
from spacy_hmtl.experiments.grid import Grid
from spacy_hmtl.experiments.pictures import draw, own_curve
from spacy_hmtl.experiments.plan import Run
from spacy_hmtl.experiments.rows import Results
from spacy_hmtl.experiments.setups import SETUPS
from spacy_hmtl.experiments.statistics import mean_of, paired_difference
from spacy_hmtl.experiments.tables import groups_of, make_tables

RANDOM = numpy.random.default_rng(0)


def counts(right: float, n: int = 40) -> list[list[list[float]]]:
    """Documents of ten gold spans each, of which about so many are found."""
    found = numpy.clip(RANDOM.normal(right, 1.0, n).round(), 0, 10)
    return [[[float(own), 10.0, float(own), 10.0] for own in found]]


def test_a_mean_has_the_deviation_of_a_sample() -> None:
    found = mean_of([0.2, 0.4, 0.9])
    assert found is not None
    assert found.mean == pytest.approx(0.5)
    assert found.spread == pytest.approx(statistics.stdev([0.2, 0.4, 0.9]))
    assert mean_of([0.3]) == (0.3, None, 1)
    assert mean_of([]) is None


def test_draws_are_scored_as_documents_are() -> None:
    tables = [RANDOM.integers(1, 9, (6, 4)).astype(float).tolist() for _ in range(3)]
    draws = RANDOM.integers(0, 6, (5, 6))
    drawn = [score_of([[table[i] for i in draw] for table in tables]) for draw in draws.tolist()]
    assert scores_of_draws(tables, draws) == pytest.approx(drawn)
    assert scores_of_draws([[[0.0] * 4]], numpy.zeros((1, 1), dtype="int64")) == pytest.approx([0.0])


def test_a_clear_difference_is_told_from_chance() -> None:
    better, worse = {seed: counts(8) for seed in range(3)}, {seed: counts(5) for seed in range(3)}
    found = paired_difference(better, worse)
    assert found is not None
    assert found.is_clear
    assert found.low < 0.3 < found.high or found.mean == pytest.approx(0.3, abs=0.05)
    other = paired_difference(worse, better)
    assert other is not None
    assert (other.mean, other.low, other.high) == pytest.approx((-found.mean, -found.high, -found.low))
    same = paired_difference(better, better)
    assert same == (0.0, 0.0, 0.0, 3)
    assert not same.is_clear
    assert paired_difference(better, {7: counts(5)}) is None


def test_systems_that_err_on_the_same_documents_are_compared_on_them() -> None:
    """Both vary much from document to document, and one is always a little better: the pairs show it."""
    low = [[[float(k), 10.0, float(k), 10.0] for k in [0, 9] * 20]]
    high = [[[float(k + 1), 10.0, float(k + 1), 10.0] for k in [0, 9] * 20]]
    found = paired_difference({0: high}, {0: low})
    assert found is not None
    assert (found.low, found.high) == pytest.approx((0.1, 0.1))


@pytest.fixture
def filled(tmp_path: Path) -> tuple[Grid, list[Run], Results]:
    """Setups A, B and FLAT with seeds 0 and 1; of FLAT one seed is missing."""
    grid = Grid("grid", Path("x.cfg"), setups=("A", "B", "FLAT"), seeds=(0, 1), title="A <title>")
    results, runs = Results(tmp_path / "results"), []
    for number, (setup, seed) in enumerate([(s, n) for s in grid.setups for n in grid.seeds]):
        key = f"{number:016x}"
        runs.append(Run(key, key, setup, "config", "config", seed, {}, {}, ""))  # type: ignore[arg-type]
        if (setup, seed) == ("FLAT", 1):
            continue
        base = {"A": 8.0, "B": 5.0, "FLAT": 6.0}[setup]
        row: dict[str, Any] = {"key": key, "training": key, "setup": setup, "seed": seed, "version_torch": "9.9"}
        documents = {}
        for score in ("ents_f", "mentions_f", "relations_f", "coref_f") if setup != "B" else ("ents_f",):
            documents[f"joint_dev_{score}"] = counts(base)
            row[f"joint_dev_{score}"] = score_of(documents[f"joint_dev_{score}"])
            row[f"own_dev_{score}"] = row[f"joint_dev_{score}"] + 0.01
        curves: list[dict[str, Any]] = []
        for step in (10, 20):
            tasks = {task: {"updates": 5, "loss": 1.0, "norm": 2.0} for task in SETUPS[setup].tasks}
            curves.append({"kind": "updates", "step": step, "seconds": step, "tasks": tasks})
            curves.append({"kind": "scores", "step": step, "seconds": step, "scores": {"ents_f": step / 40}})
        results.add([(row, {"documents": documents, "curves": curves})])
    return grid, runs, results


def test_tables_have_means_spreads_bounds_and_what_is_missing(filled: tuple[Grid, list[Run], Results]) -> None:
    page = make_tables(*filled)
    assert "5 of 6 runs" in page
    assert "Not made yet: FLAT (seeds 1)" in page
    assert "torch 9.9" in page
    rows = filled[2].read()
    values = [100 * row["joint_dev_ents_f"] for row in rows.values() if row["setup"] == "A"]
    assert f"| A | {statistics.mean(values):.1f} ± {statistics.stdev(values):.1f} |" in page
    assert "| B | " in page
    assert "| A against single tasks | **+" in page
    assert "B against" not in page
    # The others have no single task here to be held against.
    line = next(line for line in page.splitlines() if line.startswith("| A against"))
    assert line.endswith("| - | - | - |")


def test_a_time_table_says_when_a_score_was_reached(filled: tuple[Grid, list[Run], Results]) -> None:
    grid, runs, results = filled
    page = make_tables(Grid("t", grid.config, setups=grid.setups, seeds=grid.seeds, table="time"), runs, results)
    assert "| names | 0 | 50.0 | 20 | 20 | A | 20 | 20 |" in page


def test_own_updates_are_counted_up_to_each_score(filled: tuple[Grid, list[Run], Results]) -> None:
    _, runs, results = filled
    group = groups_of(runs, results)[0]
    assert own_curve(group.details[0]["curves"], "ner") == [(5, 0.25), (10, 0.5)]
    assert [(group.setup, sorted(group.rows)) for group in groups_of(runs, results)][-1] == ("FLAT", [0])


def test_pictures_are_drawn_as_png_and_svg(filled: tuple[Grid, list[Run], Results], tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    grid, runs, results = filled
    written = draw(grid, groups_of(runs, results), tmp_path / "drawn")
    names = {f"grid-{name}.{kind}" for name in ("scores", "curves", "gains") for kind in ("png", "svg")}
    assert {path.name for path in written} == names
    assert all(path.stat().st_size > 1000 for path in written)
    assert draw(grid, [], tmp_path / "none") == []


def test_pictures_without_matplotlib_are_told(
    filled: tuple[Grid, list[Run], Results], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(__import__("sys").modules, "matplotlib", None)
    with pytest.raises(ValueError, match=r"\[H665\] Pictures need matplotlib"):
        draw(filled[0], [], tmp_path)
