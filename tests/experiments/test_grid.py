"""Grids: what is wrong is said at the start; keys change with all that results depend on, and with nothing else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spacy_hmtl.data.convert import convert
from spacy_hmtl.experiments.grid import read_grid
from spacy_hmtl.experiments.plan import for_folder, plan
from spacy_hmtl.experiments.setups import SETUPS

ROOT = Path(__file__).parents[2]
CONFIG = ROOT / "configs" / "hmtl_cpu.cfg"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("data") / "demo.spacy"
    convert("demo", ROOT / "assets" / "demo" / "texts" / "news.txt", path, limit=2)
    return path


def write(folder: Path, data: Path, text: str = "") -> Path:
    tables = "".join(
        f'[data.{task}]\ntrain = "{data}"\ndev = "{data}"\n' for task in ("ner", "emd", "relation", "coref")
    )
    path = folder / "grid.toml"
    path.write_text(f'config = "{CONFIG}"\n{text}\n{tables}', encoding="utf-8")
    return path


UPDATES = '[budget]\nrule = "updates"\nupdates = {ner = 10, emd = 20, relation = 30, coref = 5}\nevaluations = 2\n'


def test_a_task_has_as_many_updates_of_its_own_in_every_setup(data: Path, tmp_path: Path) -> None:
    runs = plan(read_grid(write(tmp_path, data, f'setups = ["A", "B", "F"]\n{UPDATES}')))
    training = {run.setup: run.config["training"] for run in runs}
    assert {name: own["max_steps"] for name, own in training.items()} == {"A": 66, "B": 10, "F": 30}
    assert training["A"]["eval_frequency"] == 33
    weights = training["A"]["batcher"]["weights"]
    assert (weights["ner"], weights["coref"]) == (10.0, 5.0)
    assert training["B"]["batcher"]["weights"] == {"ner": 10.0}


def test_patience_counts_the_updates_of_each_task(data: Path, tmp_path: Path) -> None:
    budget = '[budget]\nrule = "patience"\npatience = 10\nevery = 5\nmost = 100\n'
    runs = plan(read_grid(write(tmp_path, data, f'setups = ["A", "B"]\n{budget}')))
    found = {
        run.setup: [run.config["training"][key] for key in ("patience", "eval_frequency", "max_steps")] for run in runs
    }
    assert found == {"A": [40, 20, 400], "B": [10, 5, 100]}


def test_a_schedule_is_stretched_with_the_training(data: Path, tmp_path: Path) -> None:
    path = write(tmp_path, data, f'setups = ["B"]\n{UPDATES}')
    text = path.read_text(encoding="utf-8").replace("hmtl_cpu.cfg", "hmtl_trf.cfg")
    path.write_text(text, encoding="utf-8")
    (run,) = plan(read_grid(path))
    # 10 of 3,200 updates: the warm-up of 200 and the end at 3,300 in proportion.
    rate = run.config["training"]["optimizer"]["learn_rate"]
    assert (rate["warmup_steps"], rate["total_steps"]) == (1, 10)


def test_every_setup_makes_a_config(data: Path, tmp_path: Path) -> None:
    names = ", ".join(f'"{name}"' for name in SETUPS)
    runs = plan(read_grid(write(tmp_path, data, f"setups = [{names}]\nseeds = [0, 1]")))
    assert len(runs) == len({run.key for run in runs}) == 2 * len(SETUPS)
    # Gold mentions of evaluation change no weight: A and A-GM, E and E-GM are one training each.
    assert len({run.training for run in runs}) == 2 * (len(SETUPS) - 2)
    by_name = {run.setup: run for run in runs if run.seed == 0}
    assert by_name["A"].config["components"]["hmtl"]["model"]["shortcuts"] is True
    assert by_name["A-NO-SHORTCUTS"].config["components"]["hmtl"]["model"]["shortcuts"] is False
    coref = by_name["A-GM-TRAIN"].config["components"]["hmtl"]["model"]["heads"]["coref"]
    assert (coref["candidates"], coref["train_candidates"]) == ("mentions", "gold")
    assert [run.seed for run in runs] == [0] * len(SETUPS) + [1] * len(SETUPS)
    assert all(run.config["training"]["batcher"]["seed"] == run.seed for run in runs)


def keys(path: Path, **overrides: Any) -> set[str]:
    return {run.key for run in plan(read_grid(path), {key.replace("__", "."): v for key, v in overrides.items()})}


def test_keys_follow_what_results_depend_on(data: Path, tmp_path: Path) -> None:
    path = write(tmp_path, data, 'setups = ["B"]')
    before = keys(path)
    assert keys(path) == before
    assert keys(path, training__dropout=0.33) != before
    assert keys(path, components__hmtl__model__heads__ner__encoder__depth=3) != before
    assert keys(write(tmp_path, data, 'setups = ["B"]\nseeds = [1]')) != before
    # The same bytes under another name are the same data; other bytes under the same name are not.
    copy = tmp_path / "copy.spacy"
    copy.write_bytes(data.read_bytes())
    assert keys(write(tmp_path, copy, 'setups = ["B"]')) == before
    convert("demo", ROOT / "assets" / "demo" / "texts" / "news.txt", tmp_path / "other.spacy", limit=3)
    assert keys(write(tmp_path, tmp_path / "other.spacy", 'setups = ["B"]')) != before


def test_files_that_a_training_keeps_are_no_part_of_its_key(data: Path, tmp_path: Path) -> None:
    from spacy_hmtl.experiments.keys import training_key

    (run,) = plan(read_grid(write(tmp_path, data, 'setups = ["B"]')))
    config = for_folder(run, tmp_path / "folder", 7, tmp_path / "cache")
    assert config["training"]["before_update"]["every"] == 7
    assert training_key(config) == run.training


def test_a_grid_stands_on_another(data: Path, tmp_path: Path) -> None:
    write(tmp_path, data, f'setups = ["A"]\nseeds = [3]\n{UPDATES}').rename(tmp_path / "base.toml")
    above = tmp_path / "above.toml"
    above.write_text('base = "base.toml"\nsetups = ["B", "K"]\n', encoding="utf-8")
    grid = read_grid(above)
    assert (grid.name, grid.setups, grid.seeds, grid.budget.rule) == ("above", ("B", "K"), (3,), "updates")
    above.write_text('base = "above.toml"\n', encoding="utf-8")
    with pytest.raises(ValueError, match=r"\[H661\] .*leads back to itself"):
        read_grid(above)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('setups = ["Q"]', r"\[H551\] No setup 'Q'"),
        ("seed = [1]", r"\[H661\] .*unknown key 'seed'"),
        ("seeds = [1, 1]", r"\[H661\] .*seeds"),
        ("seeds = 1", r"\[H661\] .*seeds = 1"),
        ('embeddings = ["elmo"]', r"\[H660\] .*embeddings has 'elmo'"),
        ('sampling = ["wild"]', r"\[H660\] .*sampling has 'wild'"),
        ('parts = ["train"]', r"\[H661\] .*parts with 'train'"),
        ('table = "chairs"', r"\[H661\] .*table = 'chairs'"),
        ("checkpoint_every = 0", r"\[H661\] .*checkpoint_every"),
        ('[budget]\nrule = "hours"', r"\[H661\] .*rule = 'hours'"),
        ('[budget]\nrule = "updates"\nupdates = 3\nevery = 2', r"\[H661\] .*'every', which the rule 'updates'"),
        ('[budget]\nrule = "updates"\nupdates = {ner = 3}', r"\[H661\] .*updates = "),
        ('[budget]\nrule = "patience"\npatience = 0\nevery = 1\nmost = 2', r"\[H661\] .*patience = 0"),
        ("[data.pos]", r"\[H661\] .*\[data.pos\]"),
        ("[embedding.x]\nname = 1", r"\[H661\] .*\[embedding.x\]"),
        ("= 3", r"\[H661\] .*no TOML"),
    ],
)
def test_a_wrong_grid_is_told(data: Path, tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        read_grid(write(tmp_path, data, text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('[overrides]\n"nowhere.x" = 1', "no section"),
        ('[overrides]\n"training.dropouts" = 1', "dropouts"),
        ('[overrides]\n"components.hmtl.model.layers" = 1', "layers"),
        ('[overrides]\n"components.hmtl.model.@architectures" = "x.v1"', "x.v1"),
        ('[overrides]\n"training.batcher.sampling" = "wild"', "wild"),
        ('[overrides]\n"system.seed" = 3', "seeds are an axis"),
    ],
)
def test_a_wrong_override_is_told_before_anything_is_trained(
    data: Path, tmp_path: Path, text: str, message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        plan(read_grid(write(tmp_path, data, text)))


def test_missing_files_are_told(data: Path, tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError, match="nowhere"):
        read_grid(tmp_path / "nowhere.toml")
    with pytest.raises(FileNotFoundError, match="gone"):
        read_grid(write(tmp_path, tmp_path / "gone.spacy"))
