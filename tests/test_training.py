"""spaCy's own commands on a tiny config: train, evaluate, apply, init labels, debug, benchmark."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
import srsly
from spacy.cli import app
from spacy.tokens import DocBin
from spacy.vocab import Vocab
from tiny import DEMO, LEVELS, tiny_config, weights
from typer.testing import CliRunner

from spacy_hmtl.annotations import TASKS
from spacy_hmtl.data.convert import convert

pytestmark = pytest.mark.filterwarnings(r"ignore:\[W105\]")
N_STEPS, N_DOCS = 8, 4


@pytest.fixture(scope="module")
def corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "train.spacy"
    convert("demo", DEMO / "texts" / "news.txt", path, limit=N_DOCS)
    return path


def make_config(corpus: Path) -> spacy.Config:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config(LEVELS))
    config = nlp.config.copy()
    block = {"path": "${paths.train}", "limit": 0}
    dev = {"path": "${paths.dev}", "limit": 2}
    config["paths"] = {"train": str(corpus), "dev": str(corpus), "vectors": None, "init_tok2vec": None}
    reader = {"@readers": "spacy_hmtl.MultiTaskCorpus.v1"}
    config["corpora"] = {
        "train": {**reader, **{task: {**block, "max_length": 60} for task in TASKS}},
        "dev": {**reader, "share": True, **{task: dict(dev) for task in TASKS}},
    }
    sizes = dict.fromkeys(TASKS, 2)
    config["training"].update(max_steps=N_STEPS, eval_frequency=N_STEPS // 2, seed=3, patience=0, max_epochs=0)
    config["training"]["batcher"] = {
        "@batchers": "spacy_hmtl.TaskBatcher.v1",
        "size": sizes,
        "sampling": "proportional",
        "seed": 3,
    }
    config["training"]["logger"] = {"@loggers": "spacy_hmtl.ConsoleLogger.v1"}
    config["training"]["optimizer"] = {"@optimizers": "Adam.v1", "learn_rate": 0.01, "use_averages": True}
    return config


@pytest.fixture(scope="module")
def config_path(corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("config") / "tiny.cfg"
    make_config(corpus).to_disk(path)
    return path


def spacy_cli(*arguments: Any) -> str:
    """Run `python -m spacy ...` within this process; its output."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == 0, result.output
    return result.output


Train = Callable[..., tuple[Path, str]]


@pytest.fixture(scope="module")
def train(config_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Train:
    def run(*overrides: str) -> tuple[Path, str]:
        output = tmp_path_factory.mktemp("training")
        with pytest.warns(UserWarning, match="split into parts of at most 60 tokens"):
            log = spacy_cli("train", config_path, "--output", output, *overrides)
        return output, log

    return run


@pytest.fixture(scope="module")
def trained(train: Train) -> tuple[Path, str]:
    return train()


def test_the_log_has_a_loss_column_for_every_task(trained: tuple[Path, str]) -> None:
    lines = trained[1].splitlines()
    header = next(line for line in lines if line.startswith("E "))
    columns = re.split(r"\s{2,}", header.strip())
    assert columns[:2] == ["E", "#"]
    # spaCy shortens long headings.
    wanted = [f"LOSS {task.upper()}" for task in TASKS]
    assert [own for own in columns[2:6] if own not in wanted and not own.endswith("...")] == []
    assert sum(column.startswith("LOSS") for column in columns) == 4
    assert columns[-1] == "SCORE"
    assert {"ENTS_F", "MENTIONS_F", "COREF_F", "RELATIONS_F"} <= set(columns)
    rows = [line.split() for line in lines if re.match(r"\s*\d+\s+\d+\s", line)]
    assert [int(row[1]) for row in rows] == [0, N_STEPS // 2, N_STEPS]
    assert all(len(row) == len(columns) for row in rows)
    # A task that had no update since the last row has none.
    losses = [row[2 + number] for row in rows for number in range(4)]
    assert any(float(loss) > 0 for loss in losses if loss != "-")


@pytest.mark.parametrize("which", ["model-best", "model-last"])
def test_the_saved_model_loads_and_predicts(trained: tuple[Path, str], which: str) -> None:
    nlp = spacy.load(trained[0] / which)
    assert nlp.pipe_names == ["hmtl"]
    assert set(nlp("Dell left Austin.").spans) == {"hmtl_entities", "mentions", "coref", "relations"}
    assert set(nlp.meta["performance"]) >= {"ents_f", "mentions_f", "coref_f", "relations_f", "hmtl_loss"}


def test_the_same_seed_gives_the_same_weights_and_another_does_not(trained: tuple[Path, str], train: Train) -> None:
    runs = [trained[0], train()[0], train("--training.seed", "4")[0]]
    first, again, other = (weights(spacy.load(run / "model-last").get_pipe("hmtl")) for run in runs)
    assert all(numpy.array_equal(first[name], again[name]) for name in first)
    assert not all(numpy.array_equal(first[name], other[name]) for name in first)


def test_a_stream_of_examples_trains_too(train: Train) -> None:
    output, log = train("--training.max_epochs", "-1")
    assert "hmtl" in spacy.load(output / "model-last").pipe_names
    assert str(N_STEPS) in log


def test_evaluate_scores_all_four_layers(trained: tuple[Path, str], corpus: Path, tmp_path: Path) -> None:
    spacy_cli("evaluate", trained[0] / "model-last", corpus, "--output", tmp_path / "scores.json")
    scores = srsly.read_json(tmp_path / "scores.json")
    assert all(isinstance(scores[key], float) for key in ("ents_f", "mentions_f", "coref_f", "relations_f"))


def test_apply_annotates_a_file(trained: tuple[Path, str], tmp_path: Path) -> None:
    (tmp_path / "in.jsonl").write_text(
        json.dumps({"text": "Dell left Austin."}) + "\n" + json.dumps({"text": ""}) + "\n"
    )
    spacy_cli("apply", trained[0] / "model-last", tmp_path / "in.jsonl", tmp_path / "out.spacy")
    docs = list(DocBin().from_disk(tmp_path / "out.spacy").get_docs(Vocab()))
    assert [len(doc) for doc in docs] == [4, 0]
    assert all("mentions" in doc.spans for doc in docs)


def test_labels_are_written_and_read_back(
    trained: tuple[Path, str], config_path: Path, train: Train, tmp_path: Path
) -> None:
    with pytest.warns(UserWarning, match="split into parts"):
        spacy_cli("init", "labels", config_path, tmp_path)
    labels = srsly.read_json(tmp_path / "hmtl.json")
    assert labels == spacy.load(trained[0] / "model-last").get_pipe("hmtl").label_data  # type: ignore[attr-defined]
    labels["ner"] = labels["ner"][::-1]
    srsly.write_json(tmp_path / "hmtl.json", labels)
    config = spacy.Config().from_disk(config_path)
    reader = {"@readers": "spacy.read_labels.v1", "path": str(tmp_path / "hmtl.json")}
    config["initialize"]["components"]["hmtl"] = {"labels": reader}
    config.to_disk(tmp_path / "labels.cfg")
    with pytest.warns(UserWarning, match="split into parts"):
        spacy_cli("train", tmp_path / "labels.cfg", "--output", tmp_path / "out", "--training.max_steps", "1")
    pipe: Any = spacy.load(tmp_path / "out" / "model-last").get_pipe("hmtl")
    assert pipe.label_data == labels


@pytest.mark.filterwarnings("ignore:.*split into parts")
def test_debug_commands_accept_the_config(config_path: Path) -> None:
    assert "Config is valid" in spacy_cli("debug", "config", config_path)
    output = CliRunner().invoke(app, ["debug", "data", str(config_path)], catch_exceptions=False).output
    assert "Pipeline can be initialized with data" in output
    assert "Corpus is loadable" in output
    # spaCy asks for 100 documents at least.
    errors = [line for line in output.splitlines() if "✘" in line]
    assert len(errors) == 2
    assert "Low number of examples" in errors[0]
    assert "1 error" in errors[1]


def test_benchmark_speed_runs(trained: tuple[Path, str], corpus: Path) -> None:
    options = ("--batches", 30, "--warmup", 1, "--batch-size", 1, "--no-shuffle")
    assert "words/s" in spacy_cli("benchmark", "speed", trained[0] / "model-last", corpus, *options)
