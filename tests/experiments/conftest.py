"""A grid that is trained in seconds."""

from __future__ import annotations

from pathlib import Path

import pytest
import spacy
from tiny import DEMO, LEVELS, tiny_config

from spacy_hmtl.annotations import TASKS
from spacy_hmtl.data.convert import convert


@pytest.fixture(scope="session")
def tiny_corpus(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("corpus") / "train.spacy"
    convert("demo", DEMO / "texts" / "news.txt", path, limit=3)
    return path


@pytest.fixture(scope="session")
def tiny_grid(tiny_corpus: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Setups A, A-GM and B, one seed, 12 and 3 updates, three documents; a small network with dropout."""
    folder = tmp_path_factory.mktemp("grid")
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config(LEVELS))
    config = nlp.config.copy()
    reader = {"@readers": "spacy_hmtl.MultiTaskCorpus.v1"}
    config["corpora"] = {
        "train": {**reader, **{task: {"path": str(tiny_corpus), "max_length": 40} for task in TASKS}},
        "dev": {**reader, "share": True, **{task: {"path": str(tiny_corpus)} for task in TASKS}},
    }
    batcher = {"@batchers": "spacy_hmtl.TaskBatcher.v1", "size": dict.fromkeys(TASKS, 2), "seed": 0}
    config["training"]["batcher"] = {**batcher, "sampling": "proportional"}
    weights = {"ents_f": 0.25, "mentions_f": 0.25, "coref_f": 0.25, "relations_f": 0.25}
    config["training"].update(max_epochs=0, dropout=0.2, score_weights=weights)
    config.to_disk(folder / "tiny.cfg")
    tables = "".join(f'[data.{task}]\ntest = "{tiny_corpus}"\n' for task in TASKS)
    budget = '[budget]\nrule = "updates"\nupdates = 3\nevaluations = 3\n'
    head = f'config = "{folder / "tiny.cfg"}"\nsetups = ["A", "A-GM", "B"]\ncheckpoint_every = 4\nparts = ["test"]\n'
    (folder / "grid.toml").write_text(head + budget + tables, encoding="utf-8")
    return folder / "grid.toml"
