"""The configs that stand in `configs/` are complete and valid, and describe what they say."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from spacy.cli.debug_config import debug_config
from spacy.util import load_config, load_model_from_config
from tiny_elmo import write_elmo

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.cfg"))


@pytest.fixture
def overrides(demo_path: Path, tmp_path: Path) -> Callable[[Path], dict[str, Any]]:
    """Values for the paths of a config: the demo corpus for every task, a tiny ELMo, no cache."""
    files = {f"elmo_{key}": value for key, value in write_elmo(tmp_path / "elmo").items()}
    others = {"encoder", "vectors", "cache"}

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


def test_the_seeds_config_says_which_files_it_lacks(overrides: Callable[[Path], dict[str, Any]]) -> None:
    path = next(path for path in CONFIGS if path.stem == "hmtl")
    given = overrides(path)
    without = {key: value for key, value in given.items() if "elmo" not in key}
    with pytest.raises(ValueError, match=r"--paths\.elmo_options options\.json --paths\.elmo_weights weights\.hdf5"):
        debug_config(path, overrides=without)
    with pytest.raises(ValueError, match=r"elsewhere/weights\.hdf5: no such file"):
        debug_config(path, overrides={**given, "paths.elmo_weights": "elsewhere/weights.hdf5"})


def test_unknown_setting_stops_at_start() -> None:
    config = load_config(CONFIGS[0])
    config["components"]["hmtl"]["relation_treshold"] = 0.5
    with pytest.raises(ValueError, match="relation_treshold"):
        load_model_from_config(config, auto_fill=True, validate=True)
