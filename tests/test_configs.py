"""The configs that stand in `configs/` are complete and valid, and describe what they say."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
from spacy.cli.debug_config import debug_config
from spacy.cli.init_config import fill_config
from spacy.training import Example
from spacy.util import load_config, load_model_from_config
from tiny_elmo import write_elmo

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.cfg"))


@pytest.fixture
def overrides(demo_path: Path, tmp_path: Path) -> Callable[[Path], dict[str, Any]]:
    """Values for the paths of a config: the demo corpus for every task, a tiny ELMo, no cache."""
    files = {f"elmo_{key}": value for key, value in write_elmo(tmp_path / "elmo").items()}
    files["data"] = str(tmp_path / "data")
    others = {"encoder", "vectors", "cache", "checkpoint", "card", "init_tok2vec"}
    # Of the pretrained pipelines each task has a folder, and a file of development.
    for task in ("names", "mentions", "relations", "clusters", "relations-again", "clusters-again"):
        (tmp_path / "data" / task).mkdir(parents=True)
        shutil.copy(demo_path, tmp_path / "data" / task / "demo.spacy")
    (tmp_path / "data" / "dev").mkdir()
    for task in ("names", "mentions", "relations"):
        shutil.copy(demo_path, tmp_path / "data" / "dev" / f"{task}.spacy")

    def make(path: Path) -> dict[str, Any]:
        keys = [key for key in load_config(path)["paths"] if key not in others]
        return {f"paths.{key}": files.get(key, str(demo_path)) for key in keys}

    return make


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_config_passes_debug_config(
    path: Path, overrides: Callable[[Path], dict[str, Any]], capsys: pytest.CaptureFixture[str]
) -> None:
    debug_config(path, overrides=overrides(path))
    assert "Config is valid" in capsys.readouterr().out


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_config_builds_all_four_tasks(path: Path, overrides: Callable[[Path], dict[str, Any]]) -> None:
    nlp = load_model_from_config(load_config(path, overrides=overrides(path)), auto_fill=True)
    assert nlp.get_pipe("hmtl").tasks == ["ner", "emd", "relation", "coref"]  # type: ignore[attr-defined]


@pytest.mark.filterwarnings("ignore:\\[W105\\]")
def test_the_seeds_config_says_at_the_start_of_training_which_files_it_lacks(
    overrides: Callable[[Path], dict[str, Any]], demo_examples: list[Example]
) -> None:
    path = next(path for path in CONFIGS if path.stem == "hmtl")
    given = overrides(path)
    without = {key: value for key, value in given.items() if "elmo" not in key}
    debug_config(path, overrides=without)  # these files are read later
    elsewhere = {**given, "paths.elmo_weights": "elsewhere/weights.hdf5"}
    for own, message in (
        (without, r"--paths\.elmo_options options\.json --paths\.elmo_weights weights\.hdf5"),
        (elsewhere, r"elsewhere/weights\.hdf5: no such file"),
    ):
        nlp = load_model_from_config(load_config(path, overrides=own), auto_fill=True)
        vector: Any = numpy.ones(4, dtype="float32")
        nlp.vocab.set_vector("Dell", vector)
        with pytest.raises(ValueError, match=message):
            nlp.get_pipe("hmtl").initialize(lambda: demo_examples, nlp=nlp)  # type: ignore[attr-defined]


def without_comments(path: Path) -> str:
    lines = path.read_text(encoding="utf8").splitlines(keepends=True)
    return "".join(line for line in lines if not line.startswith("#")).strip()


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_fill_config_has_nothing_to_fill(path: Path, tmp_path: Path) -> None:
    fill_config(tmp_path / "filled.cfg", path, silent=True)
    # Comments apart, which spaCy does not keep, byte for byte.
    assert without_comments(tmp_path / "filled.cfg") == without_comments(path)
    assert load_config(tmp_path / "filled.cfg") == load_config(path)


def test_unknown_setting_stops_at_start() -> None:
    config = load_config(CONFIGS[0])
    config["components"]["hmtl"]["relation_treshold"] = 0.5
    with pytest.raises(ValueError, match="relation_treshold"):
        load_model_from_config(config, auto_fill=True, validate=True)


def test_the_seeds_config_is_the_papers(overrides: Callable[[Path], dict[str, Any]]) -> None:
    path = next(path for path in CONFIGS if path.stem == "hmtl")
    nlp = load_model_from_config(load_config(path, overrides=overrides(path)), auto_fill=True)
    model, corpora = nlp.config["components"]["hmtl"]["model"], nlp.config["corpora"]
    widths = {task: head["encoder"]["hidden_width"] for task, head in model["heads"].items()}
    depths = {task: head["encoder"]["depth"] for task, head in model["heads"].items()}
    assert model["levels"] == [["ner"], ["emd"], ["relation", "coref"]]
    assert widths == {"ner": 64, "emd": 64, "relation": 64, "coref": 200}
    assert depths == {"ner": 2, "emd": 2, "relation": 3, "coref": 1}
    relation, coref = model["heads"]["relation"], model["heads"]["coref"]
    assert [model["heads"][task]["layers"] for task in ("ner", "emd")] == [1, 1]
    # Multi-head selection between all tokens, without distances or a bias that the original lacks.
    assert relation["@architectures"] == "spacy_hmtl.MultiHeadSelection.v1"
    assert (relation["hidden_width"], relation["prior"], relation["max_distance"]) == (64, 0.5, 0)
    # Span ranking in full: every antecedent, full products, no features, no singletons.
    expected = {
        "candidates": "spans",
        "max_span_width": 8,
        "spans_per_token": 0.4,
        "max_antecedents": 70,
        "top_antecedents": 0,
        "pair_width": 0,
        "features": [],
        "hidden_width": 150,
        "depth": 2,
        "feature_width": 20,
        "dropout": 0.3,
        "singletons": False,
    }
    assert {key: coref[key] for key in expected} == expected
    lengths = {task: block.get("max_length", 0) for task, block in corpora["train"].items() if isinstance(block, dict)}
    assert lengths == {"ner": 1, "emd": 1, "relation": 1, "coref": 0}
    assert nlp.config["training"]["batcher"]["size"] == {"ner": 32, "emd": 32, "relation": 4, "coref": 1}
    assert nlp.config["training"]["batcher"]["sampling"] == "proportional"
    assert nlp.config["training"]["optimizer"]["learn_rate"] == 0.001
    assert nlp.config["components"]["hmtl"]["max_grad_norm"] == 5.0
