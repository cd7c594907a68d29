"""New labels of the data are found before a sourced component learns, whatever reader and logger there are."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.cli.train import train as spacy_train
from spacy.language import Language
from spacy.tokens import DocBin, Span
from spacy.training import Example
from thinc.api import Config

OURS = {"@loggers": "spacy_hmtl.ConsoleLogger.v1", "progress_bar": None}
CALLBACK = {"before_init": {"@callbacks": "spacy_hmtl.NewLabels.v1"}}


@pytest.fixture
def config(trained_nlp: Language, demo_examples: list[Example], tmp_path: Path) -> Config:
    """Goes on with the trained pipeline by spaCy's own reader and batcher; the last of many Docs has a new label."""
    trained_nlp.to_disk(tmp_path / "trained")
    gold = [eg.reference for eg in demo_examples[:3]]
    last = gold[-1].copy()
    last.set_ents([Span(last, 0, 1, "ZZZ")])
    DocBin(docs=[*gold * 40, last]).to_disk(tmp_path / "new.spacy")
    config = spacy.blank("en").config.copy()
    config["nlp"]["pipeline"] = ["hmtl"]
    config["components"] = {"hmtl": {"source": str(tmp_path / "trained")}}
    for corpus in config["corpora"].values():
        corpus["path"] = str(tmp_path / "new.spacy")
    config["corpora"]["dev"]["limit"] = 1
    config["training"] |= {"max_steps": 2, "eval_frequency": 2, "max_epochs": 0, "frozen_components": []}
    return Config(config)


def trained_on(config: Config, folder: Path) -> Any:
    config.to_disk(folder / "config.cfg")
    spacy_train(folder / "config.cfg", folder / "out")
    return spacy.load(folder / "out" / "model-last").get_pipe("hmtl")


@pytest.mark.parametrize("way", ["logger", "callback"])
def test_spacys_reader_brings_new_labels_at_start(way: str, config: Config, tmp_path: Path) -> None:
    if way == "logger":
        config["training"]["logger"] = OURS
    else:
        config["initialize"] |= CALLBACK
    known = spacy.load(tmp_path / "trained").get_pipe("hmtl").label_data  # type: ignore[attr-defined]
    found = trained_on(config, tmp_path).label_data
    assert found["ner"] == [*known["ner"], "ZZZ"]
    assert {task: own for task, own in found.items() if task != "ner"} == {
        task: own for task, own in known.items() if task != "ner"
    }


def test_only_components_that_learn_get_them_and_a_stream_is_not_read_to_its_end(
    config: Config, tmp_path: Path
) -> None:
    config["initialize"] |= CALLBACK
    config["training"]["max_epochs"] = -1
    assert "ZZZ" not in trained_on(config, tmp_path).labels
    config["training"] |= {"max_epochs": 0, "frozen_components": ["hmtl"]}
    assert "ZZZ" not in trained_on(config, tmp_path).labels
