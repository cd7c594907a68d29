"""A training that is killed goes on from its checkpoint as if nothing had happened."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
from spacy.cli import app
from spacy.language import Language
from tiny import DEMO, LEVELS, tiny_config, weights
from typer.testing import CliRunner

from spacy_hmtl.annotations import TASKS
from spacy_hmtl.bridge.clip import clip_global_norm
from spacy_hmtl.data.convert import convert
from spacy_hmtl.pipeline import HMTL
from spacy_hmtl.pipeline.factory import make_checkpoint

pytestmark = pytest.mark.filterwarnings(r"ignore:\[W10[45]\]")
N_STEPS = 13


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "train.spacy"
    convert("demo", DEMO / "texts" / "news.txt", path, limit=3)
    return path


def write_config(corpus: Path, folder: Path) -> Path:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config(LEVELS))
    config = nlp.config.copy()
    reader = {"@readers": "spacy_hmtl.MultiTaskCorpus.v1"}
    config["corpora"] = {
        "train": {**reader, **{task: {"path": str(corpus), "max_length": 40} for task in TASKS}},
        "dev": {**reader, "share": True, **{task: {"path": str(corpus), "limit": 1} for task in TASKS}},
    }
    config["training"].update(max_steps=N_STEPS, eval_frequency=3, seed=3, patience=0, max_epochs=0, dropout=0.2)
    batcher = {"@batchers": "spacy_hmtl.TaskBatcher.v1", "size": dict.fromkeys(TASKS, 2), "seed": 3}
    config["training"]["batcher"] = {**batcher, "sampling": "proportional"}
    schedule = {"@schedules": "warmup_linear.v1", "warmup_steps": 3, "total_steps": 20, "initial_rate": 0.02}
    config["training"]["optimizer"] = {"@optimizers": "Adam.v1", "learn_rate": schedule, "use_averages": True}
    checkpoint = {"@callbacks": "spacy_hmtl.Checkpoint.v1", "folder": str(folder / "checkpoint"), "every": 4}
    config["training"]["before_update"] = checkpoint
    path = folder / "tiny.cfg"
    config.to_disk(path)
    return path


def run(config: Path, output: Path, *overrides: str) -> list[str]:
    """`spacy train`; the scores of all evaluations as they are printed."""
    arguments = ["train", str(config), "--output", str(output), *overrides]
    result = CliRunner().invoke(app, arguments, catch_exceptions=False)
    assert result.exit_code == 0, result.output
    rows = [
        re.split(r"\s{2,}", line.strip()) for line in result.output.splitlines() if re.match(r"\s*\d+\s+\d+\s", line)
    ]
    return [" ".join([row[1], *row[3:]]) for row in rows]


class KilledError(Exception):
    pass


def run_until(step: int, config: Path, output: Path) -> None:
    """A training that is killed before an update is finished."""
    finish, seen = HMTL.finish_update, []

    def fail(self: HMTL, sgd: Any) -> None:
        seen.append(1)
        if len(seen) > step:
            raise KilledError
        finish(self, sgd)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(HMTL, "finish_update", fail)
        with pytest.raises(KilledError):
            run(config, output)


def parameters(path: Path) -> dict[str, Any]:
    return weights(spacy.load(path).get_pipe("hmtl"))


@pytest.fixture(scope="module")
def undisturbed(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, list[str]]:
    folder = tmp_path_factory.mktemp("undisturbed")
    return folder / "out", run(write_config(corpus, folder), folder / "out")


@pytest.mark.parametrize("stops", [[6], [9, 12], [5, 5], [2]])
def test_a_killed_training_goes_on_to_the_same_result(
    corpus: Path, tmp_path: Path, undisturbed: tuple[Path, list[str]], stops: list[int]
) -> None:
    config = write_config(corpus, tmp_path)
    for stop in stops:
        run_until(stop, config, tmp_path / "out")
    scores = run(config, tmp_path / "out")
    output, expected = undisturbed
    assert [row.split()[-5:] for row in scores] == [row.split()[-5:] for row in expected]
    for name in ("model-last", "model-best"):
        ours, theirs = parameters(tmp_path / "out" / name), parameters(output / name)
        assert all(numpy.array_equal(ours[key], theirs[key]) for key in theirs), name


def test_updates_before_the_checkpoint_are_not_computed_again(
    corpus: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spacy_hmtl.pipeline import learning

    config = write_config(corpus, tmp_path)
    run_until(11, config, tmp_path / "out")
    clip, computed = clip_global_norm, []
    monkeypatch.setattr(learning, "clip_global_norm", lambda *args: computed.append(1) or clip(*args))
    run(config, tmp_path / "out")
    assert len(computed) == N_STEPS + 1 - 8


def test_a_checkpoint_of_another_config_is_refused(corpus: Path, tmp_path: Path) -> None:
    config = write_config(corpus, tmp_path)
    run_until(6, config, tmp_path / "out")
    with pytest.raises(ValueError, match=r"\[H268\] .*: the checkpoint is of a training with another config"):
        run(config, tmp_path / "out", "--training.dropout", "0.3")


@pytest.mark.parametrize("content", [b"", b"\x00\x01", b"\x81\xa1a\x01"])
def test_a_damaged_checkpoint_is_refused(corpus: Path, tmp_path: Path, content: bytes) -> None:
    config = write_config(corpus, tmp_path)
    (tmp_path / "checkpoint").mkdir()
    (tmp_path / "checkpoint" / "checkpoint.msgpack").write_bytes(content)
    with pytest.raises(ValueError, match=r"\[H267\] .*cannot be read"):
        run(config, tmp_path / "out")


def test_one_flipped_bit_of_a_checkpoint_is_seen(corpus: Path, tmp_path: Path) -> None:
    config = write_config(corpus, tmp_path)
    run_until(6, config, tmp_path / "out")
    path = tmp_path / "checkpoint" / "checkpoint.msgpack"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(ValueError, match=r"\[H267\] .*its checksum is not that of what was written"):
        run(config, tmp_path / "out")


def test_other_trained_components_are_refused(tmp_path: Path) -> None:
    nlp = Language()
    nlp.add_pipe("tagger")
    with pytest.raises(ValueError, match=r"\[H266\] .* but these are trained: tagger\."):
        make_checkpoint(folder=str(tmp_path), every=5)(nlp, {"step": 0, "epoch": 0})
    with pytest.raises(ValueError, match=r"\[H205\] every must be at least 1, found 0"):
        make_checkpoint(folder=str(tmp_path), every=0)
