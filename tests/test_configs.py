"""The configs that stand in `configs/` are complete and valid, and describe what they say."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from spacy.cli.debug_config import debug_config
from spacy.util import load_config, load_model_from_config

CONFIGS = sorted((Path(__file__).parents[1] / "configs").glob("*.cfg"))


def _overrides(path: Path, data: Path) -> dict[str, Any]:
    paths = load_config(path)["paths"]
    return {f"paths.{key}": str(data) for key in paths if key != "encoder"}


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_config_passes_debug_config(path: Path, demo_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    debug_config(path, overrides=_overrides(path, demo_path))
    assert "Config is valid" in capsys.readouterr().out


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_config_builds_all_four_tasks(path: Path, demo_path: Path) -> None:
    nlp = load_model_from_config(load_config(path, overrides=_overrides(path, demo_path)), auto_fill=True)
    assert nlp.get_pipe("hmtl").tasks == ["ner", "emd", "relation", "coref"]  # type: ignore[attr-defined]


def test_unknown_setting_stops_at_start() -> None:
    config = load_config(CONFIGS[0])
    config["components"]["hmtl"]["relation_treshold"] = 0.5
    with pytest.raises(ValueError, match="relation_treshold"):
        load_model_from_config(config, auto_fill=True, validate=True)
