"""A grid of experiments: what a TOML file asks for, checked before anything is trained."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..annotations.layers import TASKS
from ..errors import Errors
from .budget import Budget, read_budget
from .setups import choose_setups

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

# Keys of a grid, and of what types their values are.
_KEYS: dict[str, type | tuple[type, ...]] = {
    **{"base": str, "title": str, "config": str, "results": str, "table": str},
    **{"setups": list, "embeddings": list, "sampling": list, "seeds": list, "parts": list},
    **{"overrides": dict, "embedding": dict, "sampler": dict, "data": dict, "budget": dict},
    "checkpoint_every": int,
}
_PARTS = ("train", "dev", "test")
TABLES = ("setups", "embeddings", "sampling", "order", "time")
# The axis value that leaves the config as it is.
ASIS = "config"


@dataclass(frozen=True)
class Grid:
    """What is trained and scored: setups x embeddings x sampling x seeds.

    name: of the file, without its suffix.
    title: headline of its tables.
    config: the config of setup A.
    setups, embeddings, sampling, seeds: the axes.
    overrides: of the config, by dotted key, for all runs.
    embedding: for each name of `embeddings`, `embed` (a block that takes the place of the model's) and `overrides`.
    sampler: for each name of `sampling`, overrides by dotted key.
    data: for each task its files, by part ("train", "dev", "test"); what is left out stands in the config.
    parts: parts that are scored.
    budget: how long runs train.
    table: which tables are made of the results.
    results: folder of the results.
    checkpoint_every: updates between two checkpoints.
    """

    name: str
    config: Path
    setups: tuple[str, ...] = ("A",)
    embeddings: tuple[str, ...] = (ASIS,)
    sampling: tuple[str, ...] = (ASIS,)
    seeds: tuple[int, ...] = (0,)
    overrides: dict[str, Any] = field(default_factory=dict)
    embedding: dict[str, Any] = field(default_factory=dict)
    sampler: dict[str, Any] = field(default_factory=dict)
    data: dict[str, dict[str, str]] = field(default_factory=dict)
    parts: tuple[str, ...] = ("dev",)
    budget: Budget = field(default_factory=Budget)
    table: str = "setups"
    title: str = ""
    results: Path = Path("results")
    checkpoint_every: int = 50


def read_grid(path: Path) -> Grid:
    """Read a grid. Its `base`, another file beside it, gives what it does not say itself; tables are merged.

    path (Path): A TOML file. Paths of data and config in it count from the folder that the command runs in,
        `results` and `base` from the folder of the file.
    RETURNS (Grid): Checked.
    RAISES (ValueError): H101, H551, H660, H661.
    """
    values = _read(path, ())
    unknown = sorted(set(values) - set(_KEYS))
    if unknown:
        raise _wrong(path, f"the unknown key {unknown[0]!r}", f"Known keys: {', '.join(_KEYS)}.")
    for key, value in values.items():
        if not isinstance(value, _KEYS[key]):
            raise _wrong(path, f"{key} = {value!r}", "Give it the type that docs/experiments.md shows.")
    if "config" not in values:
        raise _wrong(path, "no config", 'Name one, such as config = "configs/hmtl_trf.cfg".')
    grid = Grid(
        name=path.stem,
        title=values.get("title", path.stem),
        config=Path(values["config"]),
        setups=tuple(choose_setups(",".join(map(str, values.get("setups", ["A"]))))),
        embeddings=_axis(path, values, "embeddings", "embedding"),
        sampling=_axis(path, values, "sampling", "sampler"),
        seeds=_seeds(path, values),
        overrides=values.get("overrides", {}),
        embedding=values.get("embedding", {}),
        sampler=values.get("sampler", {}),
        data=values.get("data", {}),
        parts=tuple(values.get("parts", ["dev"])),
        budget=read_budget(path, values.get("budget", {})),
        table=values.get("table", "setups"),
        results=path.parent / values.get("results", "results"),
        checkpoint_every=values.get("checkpoint_every", 50),
    )
    _check(path, grid)
    return grid


def _read(path: Path, seen: tuple[Path, ...]) -> dict[str, Any]:
    """The tables of a file over those of its base. RAISES (ValueError): H101, H661."""
    if not path.is_file():
        raise FileNotFoundError(Errors.H101.format(path=path))
    if path.resolve() in seen:
        raise _wrong(path, "a base that leads back to itself", "Take it out.")
    try:
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise _wrong(path, f"what is no TOML ({error})", "Correct it.") from error
    base = values.pop("base", None)
    if base is None:
        return values
    return _merged(_read(path.parent / str(base), (*seen, path.resolve())), values)


def _merged(below: Mapping[str, Any], above: Mapping[str, Any]) -> dict[str, Any]:
    """Tables of two files; lists and plain values of the upper one take the place of the lower one's.

    A budget, and what an axis's value means, are whole in one file.
    """
    result = dict(below)
    for key, value in above.items():
        whole = key in ("budget", "embed") or not isinstance(value, dict) or not isinstance(below.get(key), dict)
        result[key] = value if whole else _merged(below[key], value)
    return result


def _axis(path: Path, values: Mapping[str, Any], axis: str, table: str) -> tuple[str, ...]:
    """The names of an axis, each described in its table. RAISES (ValueError): H660."""
    names = tuple(map(str, values.get(axis, [ASIS])))
    known = [ASIS, *values.get(table, {})]
    for name in names:
        if name not in known:
            raise ValueError(Errors.H660.format(path=path, axis=axis, name=name, known=", ".join(known), table=table))
    return names


def _seeds(path: Path, values: Mapping[str, Any]) -> tuple[int, ...]:
    seeds = values.get("seeds", [0])
    if not seeds or not all(type(seed) is int and seed >= 0 for seed in seeds) or len(set(seeds)) < len(seeds):
        raise _wrong(path, f"seeds = {seeds!r}", "Give different whole numbers, 0 or more.")
    return tuple(seeds)


def _check(path: Path, grid: Grid) -> None:
    """RAISES (ValueError): H101, H661."""
    if not grid.config.is_file():
        raise FileNotFoundError(Errors.H101.format(path=grid.config))
    if grid.table not in TABLES:
        raise _wrong(path, f"table = {grid.table!r}", f"Known tables: {', '.join(TABLES)}.")
    if grid.checkpoint_every < 1:
        raise _wrong(path, f"checkpoint_every = {grid.checkpoint_every}", "Give at least 1.")
    for part in grid.parts:
        if part not in _PARTS[1:]:
            raise _wrong(path, f"parts with {part!r}", "Known parts: dev, test.")
    for task, files in grid.data.items():
        if task not in TASKS or not isinstance(files, dict) or set(files) - set(_PARTS):
            raise _wrong(path, f"[data.{task}]", f"Known: a table for each of {', '.join(TASKS)}, of train, dev, test.")
        for file in files.values():
            if not Path(file).exists():
                raise FileNotFoundError(Errors.H101.format(path=file))
    for name, block in grid.embedding.items():
        if not isinstance(block, dict) or set(block) - {"embed", "overrides"}:
            raise _wrong(path, f"[embedding.{name}]", "Known: the tables embed and overrides.")
    for name, block in grid.sampler.items():
        if not isinstance(block, dict):
            raise _wrong(path, f"sampler.{name}", "Give a table of overrides.")


def _wrong(path: Path, found: str, cure: str) -> ValueError:
    return ValueError(Errors.H661.format(path=path, found=found, cure=cure))
