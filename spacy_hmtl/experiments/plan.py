"""From a grid to runs: each with its whole config and its key."""

from __future__ import annotations

import math
from collections.abc import Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalogue import RegistryError
from spacy import registry, util
from spacy.schemas import ConfigSchemaTraining
from thinc.api import Config
from thinc.config import ConfigValidationError

from ..errors import Errors
from .grid import ASIS, Grid
from .keys import result_key, training_key
from .setups import SETUPS, Setup

# What a run's config says of its folder, which no key depends on.
CHECKPOINT, LOG, BEST = "checkpoint", "training.jsonl", "best"


@dataclass(frozen=True)
class Run:
    """One row of the results.

    key: of the row; training: of its training, which rows that differ in gold mentions share.
    setup, embeddings, sampling, seed: where it stands in the grid.
    config: whole and interpolated.
    tests: by part and task, the files that are scored.
    budget: in words.
    """

    key: str
    training: str
    setup: str
    embeddings: str
    sampling: str
    seed: int
    config: Config
    tests: dict[str, dict[str, str]]
    budget: str

    @property
    def kind(self) -> Setup:
        """What the name of the setup stands for."""
        return SETUPS[self.setup]


def plan(grid: Grid, overrides: Mapping[str, Any] | None = None) -> list[Run]:
    """All runs of a grid; seeds vary slowest, so that a grid that is stopped early has each setup once first.

    grid (Grid): Checked.
    overrides (Mapping, optional): More of them, by dotted key; these count most.
    RETURNS (list): Runs, none twice.
    RAISES (ValueError): H101, H662.
    """
    for key in ("system.seed", "training.seed"):
        if key in {**grid.overrides, **(overrides or {})}:
            raise ValueError(
                Errors.H662.format(where=grid.name, reason=f"{key} is set, but seeds are an axis of grids")
            )
    filled = {
        axes: _filled(grid, *axes, dict(overrides or {}))
        for axes in [(s, e, p) for s in grid.setups for e in grid.embeddings for p in grid.sampling]
    }
    runs: dict[str, Run] = {}
    for seed in grid.seeds:
        for (setup, embeddings, sampling), config in filled.items():
            run = _run(grid, setup, embeddings, sampling, seed, config)
            runs.setdefault(run.key, run)
    return list(runs.values())


def _run(grid: Grid, setup: str, embeddings: str, sampling: str, seed: int, config: Config) -> Run:
    own = deepcopy(config)
    own["system"]["seed"] = seed
    own = own.interpolate()
    own["training"]["seed"] = seed
    if "seed" in own["training"]["batcher"]:
        own["training"]["batcher"]["seed"] = seed
    kind = SETUPS[setup]
    tests = {part: _files(grid, own, kind, part) for part in grid.parts}
    training = training_key(own)
    key = result_key(training, tests, kind.gold_mentions)
    return Run(key, training, setup, embeddings, sampling, seed, own, tests, grid.budget.describe())


def _files(grid: Grid, config: Config, setup: Setup, part: str) -> dict[str, str]:
    """The files of a part, by task of a setup; those of "dev" may stand in the config. RAISES (ValueError): H662."""
    found = {}
    for task in setup.tasks:
        path = grid.data.get(task, {}).get(part)
        if path is None and part == "dev":
            path = (config["corpora"]["dev"].get(task) or {}).get("path")
        if path is not None:
            found[task] = str(path)
    return found


def _filled(grid: Grid, setup: str, embeddings: str, sampling: str, overrides: dict[str, Any]) -> Config:
    """The whole config of a setup, its defaults filled in, its variables left as they are. RAISES: H662."""
    where = f"{grid.config}, setup {setup}"
    try:
        config = util.load_config(grid.config, interpolate=False)
        before = config["training"].get("max_steps", 0)
        for task, files in grid.data.items():
            for part in ("train", "dev"):
                if part in files:
                    set_setting(config, f"corpora.{part}.{task}.path", files[part])
        block = grid.embedding.get(embeddings, {}) if embeddings != ASIS else {}
        if "embed" in block:
            config["components"]["hmtl"]["model"]["embed"] = deepcopy(block["embed"])
        for settings in (grid.overrides, block.get("overrides", {})):
            _set_all(config, settings)
        kind = SETUPS[setup]
        _set_all(config, grid.budget.settings(kind.tasks))
        _set_all(config, grid.budget.stretch(config["training"], before))
        _set_all(config, grid.sampler.get(sampling, {}) if sampling != ASIS else {})
        _set_all(config, overrides)
        _set_all(config, kind.settings())
        filled = util.load_model_from_config(config, auto_fill=True, validate=True).config
        if lost := _lost(config, filled):
            raise KeyError(f"nothing reads {', '.join(lost)}")
        _check(filled.interpolate())
        return filled
    except ConfigValidationError as error:
        raise ValueError(Errors.H662.format(where=where, reason=error.text)) from error
    except (KeyError, RegistryError) as error:
        raise ValueError(Errors.H662.format(where=where, reason=error)) from error


def _lost(before: Mapping[str, Any], after: Mapping[str, Any], place: str = "") -> list[str]:
    """Settings that filling in the defaults has taken out, since there is no such setting: spaCy does not say so."""
    found: list[str] = []
    for key, value in before.items():
        if isinstance(value, Mapping):
            below = after.get(key)
            found += _lost(value, below if isinstance(below, Mapping) else {}, f"{place}{key}.")
        elif key not in after:
            found.append(f"{place}{key}")
    return found


def _check(config: Config) -> None:
    """Build what the training will need, so that a wrong setting is found now. RAISES: H662 by the caller, H101."""
    training = registry.resolve(config["training"], schema=ConfigSchemaTraining)
    for corpus in {training["train_corpus"], training["dev_corpus"]}:
        registry.resolve({"corpus": util.dot_to_object(config, corpus)})


def _set_all(config: Config, settings: Mapping[str, Any]) -> None:
    for key, value in settings.items():
        set_setting(config, key, value)


def set_setting(config: Config, key: str, value: Any) -> None:
    """Set a value of a config.

    config (Config): Changed in place.
    key (str): With dots; blocks that are not there yet are made below a section that is.
    value (Any): Plain, or a table.
    RAISES (KeyError): where there is no such section.
    """
    section, *blocks, name = key.split(".")
    if section not in config or not name:
        raise KeyError(f"there is no section [{section}] for {key}")
    place = config[section]
    for block in blocks:
        if not isinstance(place.get(block), dict):
            place[block] = {}
        place = place[block]
    place[name] = deepcopy(value)


def for_folder(run: Run, folder: Path, every: int, caches: Path | None) -> Config:
    """The config of a run, with the files that its training keeps.

    run (Run): Planned.
    folder (Path): Of the run.
    every (int): Updates between two checkpoints.
    caches (Path, optional): Folder that keeps what frozen encoders said, for all runs.
    RETURNS (Config): For the training; its key is that of the run.
    """
    config: Config = deepcopy(run.config)
    config["training"]["before_update"] = {
        "@callbacks": "spacy_hmtl.Checkpoint.v1",
        "folder": str(folder / CHECKPOINT),
        "every": every,
        "best": str(folder / BEST),
    }
    config["training"]["logger"] = {"@loggers": "spacy_hmtl.ConsoleLogger.v1", "training_log": str(folder / LOG)}
    # A line ends where a checkpoint is made, so that a training that goes on has all of its updates in the file.
    config["training"]["logger"]["every"] = every if every < 20 else math.gcd(every, 20)
    if caches is not None:
        _set_caches(config["components"], caches)
    return config


def _set_caches(block: dict[str, Any], folder: Path) -> None:
    """Let every frozen encoder keep its vectors in the folder."""
    for value in block.values():
        if isinstance(value, dict):
            _set_caches(value, folder)
    if block.get("@architectures") in ("spacy_hmtl.Transformer.v1", "spacy_hmtl.ELMo.v1") and block.get("frozen", True):
        block.setdefault("cache_dir", None)
        if block["cache_dir"] is None:
            block["cache_dir"] = str(folder)
