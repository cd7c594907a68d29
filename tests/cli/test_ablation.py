"""`ablation`: the paper's setups by the runner of grids, scored task by task; the recipe of project.yml."""

import json
import shlex
import shutil
from pathlib import Path

import pytest
from experiments.here import quiet, train_here
from weasel.util.config import load_project_config

from spacy_hmtl.experiments.setups import SETUPS, as_overrides, choose_setups, setup_overrides

ROOT = Path(__file__).parents[2]


def test_a_setup_is_its_levels_and_no_data_for_other_tasks():
    assert setup_overrides(SETUPS["A"].levels) == [
        "--components.hmtl.model.levels",
        '[["ner"], ["emd"], ["relation", "coref"]]',
    ]
    others = setup_overrides(SETUPS["K"].levels)
    assert others[:2] == ["--components.hmtl.model.levels", '[["emd"], ["ner"]]']
    expected = {f"--corpora.{side}.{task}.path" for task in ("relation", "coref") for side in ("train", "dev")}
    assert set(others[2::2]) == expected
    assert set(others[3::2]) == {"null"}


def test_setups_are_chosen_by_name():
    assert list(choose_setups("a, A-GM,k")) == ["A", "A-GM", "K"]
    assert len(choose_setups("all")) == 13
    assert (SETUPS["E-GM"].base, SETUPS["E-GM"].gold_mentions) == ("E", True)
    assert len(SETUPS) == 18
    with pytest.raises(ValueError, match="No setup 'L'"):
        choose_setups("A,L")


def test_overrides_may_lack_their_hyphens():
    given = ["--a.b", "1", "c.d=2", "--e.f=x.y", "g.h=[1, 2]"]
    assert as_overrides(given) == ["--a.b", "1", "--c.d=2", "--e.f=x.y", "--g.h=[1, 2]"]
    for wrong in (["c.d", "2"], ["x"], ["--a.b", "1", "2"]):
        with pytest.raises(ValueError, match="is not an override"):
            as_overrides(wrong)


@pytest.fixture
def here(monkeypatch):
    return train_here(monkeypatch)


@quiet
def test_what_is_trained_is_scored_task_by_task_and_not_made_again(run, demo_path, tmp_path, here):
    config, tests = ROOT / "configs" / "hmtl_cpu.cfg", ("--ner", demo_path, "--coref", demo_path)
    short = ("--training.max_steps", "2", "--training.eval_frequency", "2", "--paths.train", demo_path)
    command = ("ablation", config, tmp_path, *tests, *short, "--paths.dev", demo_path)
    code, output = run(*command, "--setups", "A,A-GM")
    assert code == 0, output
    scores = json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))
    assert list(scores) == ["A", "A-GM"]
    assert not any(key.startswith("mentions_") for key in scores["A"])  # no test data for mentions
    assert scores["A-GM"]["coref_mentions_p"] >= scores["A"]["coref_mentions_p"]
    assert isinstance(scores["A"]["ents_per_type"], dict)
    assert "RE" not in output
    assert "A and A-GM: " in " ".join(output.split())
    code, output = run(*command, "--setups", "A,A-GM")
    assert (code, "2 rows, 2 of them done" in output) == (0, True), output
    # Another seed is another training.
    code, output = run(*command, "--setups", "A", "--system.seed", "1")
    assert (code, "1 rows, 0 of them done" in output) == (0, True), output
    assert json.loads((tmp_path / "scores.json").read_text(encoding="utf-8"))["A"] != scores["A"]


def test_a_wrong_argument_is_told_before_anything_is_trained(run, tmp_path):
    config = ROOT / "configs" / "hmtl_cpu.cfg"
    assert run("ablation", config, tmp_path, "--setups", "L")[0] == 1
    assert "no such file" in " ".join(run("ablation", tmp_path / "x.cfg", tmp_path)[1].split())
    assert "is not an override" in run("ablation", config, tmp_path, "oops")[1]
    code, output = run("ablation", config, tmp_path, "--setups", "B", "--no.such", "1")
    assert (code, "there is no section [no] for no.such" in " ".join(output.split())) == (1, True)
    assert list(tmp_path.iterdir()) == []


@quiet
@pytest.mark.slow
def test_the_recipe_runs_on_the_samples(run, hmtl_data, tmp_path, monkeypatch, here):
    """The commands of `spacy project run paper`, in this process, on the samples as train, dev and test data."""
    for split in ("train", "development", "test"):
        folder = tmp_path / "ontonotes" / split / "data" / "english" / "annotations" / "bc"
        folder.mkdir(parents=True)
        shutil.copy(hmtl_data / "conll2012_sample" / "coref.gold_conll", folder / "x.v4_gold_conll")
    (tmp_path / "splits").mkdir()
    for split in ("train", "dev", "test"):
        (tmp_path / "splits" / f"{split}.ids").write_text("nw/timex2norm/FIC_ENG_20310415.0001\n", encoding="utf-8")
    variables = {
        "ontonotes_dir": "ontonotes",
        "ace_dir": str(hmtl_data / "ace05" / "sample"),
        "ace_splits": "splits",
        "paper_config": str(ROOT / "configs" / "hmtl_cpu.cfg"),
        "paper_options": "training.max_steps=2 training.eval_frequency=2",
    }
    overrides = {f"vars.{name}": value for name, value in variables.items()}
    shutil.copy(ROOT / "project.yml", tmp_path)  # loading makes its folders beside it
    project = load_project_config(tmp_path, overrides=overrides)
    commands = {command["name"]: command["script"] for command in project["commands"]}
    monkeypatch.chdir(tmp_path)
    for name in project["workflows"]["paper"]:
        for line in commands[name]:
            words = shlex.split(line)
            assert words[:4] == ["python", "-m", "spacy", "hmtl"]
            code, output = run(*words[4:])
            assert code == 0, output
    scores = json.loads(Path("training/paper/scores.json").read_text(encoding="utf-8"))
    assert set(scores) == {"A", "A-GM"}
    keys = ("ents_f", "mentions_f", "coref_f", "relations_f", "relations_boundaries_f", "relations_last_token_f")
    assert all(isinstance(scores["A"][key], float) for key in (*keys, "relations_hmtl_f"))
