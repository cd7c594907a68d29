"""Whatever is registered has defaults for all but what must be chosen, and they are those of the component."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.cli._util import app
from spacy.tokens import Doc
from spacy.util import registry
from test_install import ENTRY_POINTS, REGISTRIES
from thinc.api import Adam, Config, fix_random_seed
from tiny import make_examples, snapshot, tiny_config
from tiny_encoder import write_encoder
from typer.testing import CliRunner

from spacy_hmtl.pipeline.factory import DEFAULT_CONFIG

# What no default could be right for.
CHOSEN = {
    "spacy_hmtl.HMTL.v1": {"embed", "levels"},
    "spacy_hmtl.Concat.v1": {"layers"},
    "spacy_hmtl.Transformer.v1": {"name"},
    "spacy_hmtl.Checkpoint.v1": {"folder"},
}
GROUPS = {**REGISTRIES, "spacy_callbacks": "callbacks"}
REGISTERED = [(GROUPS[group], name) for group, name, _ in ENTRY_POINTS if group in GROUPS]


@pytest.mark.parametrize(("group", "name"), REGISTERED, ids=[name for _, name in REGISTERED])
def test_only_what_must_be_chosen_has_no_default(group: str, name: str) -> None:
    parameters = inspect.signature(registry.get(group, name)).parameters.values()
    needed = {own.name for own in parameters if own.default is own.empty and own.kind is not own.VAR_KEYWORD}
    assert needed == CHOSEN.get(name, set())


def test_defaults_are_those_of_the_component() -> None:
    def compare(block: dict[str, Any]) -> None:
        for value in block.values():
            if isinstance(value, dict):
                compare(value)
        name = block.get("@architectures")
        # Encoders differ by task, as do the layers of taggers: the component's config says so.
        if name is None or name in ("spacy_hmtl.BiLSTM.v1", "spacy_hmtl.CRFTagger.v1"):
            return
        for own in inspect.signature(registry.get("architectures", name)).parameters.values():
            if own.default is not own.empty and own.name in block and not isinstance(block[own.name], dict):
                default = list(own.default) if isinstance(own.default, tuple) else own.default
                assert default == block[own.name], f"{name} {own.name}"

    compare(Config().from_str(DEFAULT_CONFIG))


@pytest.mark.parametrize("head", [{}, {"heads": {"relation": {"@architectures": "spacy_hmtl.SpanPairs.v1"}}}])
def test_a_transformer_needs_its_name_alone(head: dict[str, Any], demo_docs: list[Doc], tmp_path: Path) -> None:
    examples = make_examples(demo_docs[:2])
    embed = {"@architectures": "spacy_hmtl.Transformer.v1", "name": str(write_encoder(tmp_path / "encoder"))}
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config={"model": {"embed": embed, **head}})
    nlp.initialize(lambda: examples)
    optimizer = Adam(0.01)
    losses = [nlp.update(examples, sgd=optimizer, losses={})["hmtl"] for _ in range(3)]
    assert losses[-1] < losses[0]
    nlp.to_disk(tmp_path / "model")
    doc = demo_docs[0].text
    assert snapshot(spacy.load(tmp_path / "model")(doc)) == snapshot(nlp(doc))


def test_a_batcher_without_settings_batches_every_task() -> None:
    batcher = registry.resolve({"batcher": {"@batchers": "spacy_hmtl.TaskBatcher.v1"}})["batcher"]
    assert set(batcher.size) == {"ner", "emd", "relation", "coref"}
    assert batcher.sampling == "proportional"


def run(*arguments: Any, status: int = 0) -> str:
    """`python -m spacy ...` within this process, and what it says."""
    result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
    assert result.exit_code == status, result.output
    return re.sub(r"\s+", " ", result.output)


@pytest.fixture
def config_path(demo_path: Path, tmp_path: Path) -> Path:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config())
    config = nlp.config.copy()
    config["paths"]["data"] = str(demo_path)
    blocks = {task: {"path": "${paths.data}"} for task in ("ner", "emd", "relation", "coref")}
    reader = {"@readers": "spacy_hmtl.MultiTaskCorpus.v1"}
    config["corpora"] = {"train": {**reader, **blocks}, "dev": {**reader, **blocks}}
    config["training"]["batcher"] = {"@batchers": "spacy_hmtl.TaskBatcher.v1"}
    config.to_disk(tmp_path / "config.cfg")
    return tmp_path / "config.cfg"


@pytest.mark.filterwarnings("ignore:\\[W105\\]")
def test_spacys_debug_commands_work(config_path: Path, tmp_path: Path) -> None:
    said = run("debug", "model", config_path, "hmtl", "-P2", "-P3", "-DIM", "-PAR", "-GRAD", "-ATTR")
    assert "Initialized the model with the training corpus" in said
    assert "model looks good" in said
    assert "Layers(" in said  # what it predicts
    assert "Config is valid" in run("debug", "config", config_path)
    # Its complaint is that these are few examples.
    said = run("debug", "data", config_path, status=1)
    assert "Pipeline can be initialized with data" in said
    assert "1 error" in said
    assert "Saving label data for component 'hmtl'" in run("init", "labels", config_path, tmp_path / "labels")
