"""Training that can be stopped at any moment: a file holds all that the next updates depend on."""

from __future__ import annotations

import hashlib
import json
import os
import random
from pathlib import Path
from typing import Any

import numpy
import srsly
import torch
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays
from spacy.language import Language
from thinc.api import Optimizer

from ..bridge.state import exact_weights
from ..errors import Errors
from .component import HMTL
from .replay import Replay

_FILE = "checkpoint.msgpack"
# What a checkpoint with a checksum begins with: msgpack never does.
_MARK = b"\xc1HMTL1"
_TABLES = ("mom1", "mom2", "averages")
_COUNTS = ("nr_update", "last_seen")
# What the course of a training depends on, as the file is of no use with anything else.
_SECTIONS = ("corpora", "training", "components", "initialize", "system")


class Checkpoint:
    """Saves and restores weights, optimizer, random states and scores; see `factory.make_checkpoint`."""

    def __init__(self, folder: Path, every: int, best: Path | None = None) -> None:
        """RAISES (ValueError): H205."""
        if every < 1:
            section = "[training.before_update]"
            raise ValueError(Errors.H205.format(key="every", expected="at least 1", value=every, section=section))
        self.path = folder / _FILE
        self.every = every
        self.best = best
        self._saved: dict[str, Any] | None = None

    def __call__(self, nlp: Language, info: dict[str, Any]) -> None:
        step = int(info["step"])
        if step == 0:
            self._begin(nlp)
        pipe = _trained(nlp)
        if self._saved is not None and step == self._saved["step"]:
            _restore(pipe, self._saved)
            self._saved = None
        elif self._saved is None and step and step % self.every == 0:
            self._save(nlp, pipe, step)

    def _begin(self, nlp: Language) -> None:
        pipe = _trained(nlp)
        weights = {key: value for key, value in nlp.config["training"]["score_weights"].items() if value}
        pipe.replay = Replay(weights, None if self.best is None else self._keep_best)
        self._saved = self._read(nlp)
        if self._saved is None:
            return
        scores = json.loads(self._saved["scores"])
        pipe.replay.begin(scores, self._saved["best"])
        # What is saved meanwhile as the best pipeline is the best one.
        if self._saved["best"] is not None:
            pipe.model.from_bytes(self._saved["best"])

    def _read(self, nlp: Language) -> dict[str, Any] | None:
        if not self.path.is_file():
            return None
        saved = read_checkpoint(self.path)
        if saved["config"] != _fingerprint(nlp):
            raise ValueError(Errors.H268.format(path=self.path))
        return saved

    def _save(self, nlp: Language, pipe: HMTL, step: int) -> None:
        """Write all or nothing: a training that is killed while it writes finds the checkpoint before."""
        replay, optimizer = pipe.replay, pipe.replay.optimizer if pipe.replay is not None else None
        if replay is None or optimizer is None:
            return
        names = {key: name for name, key in _keys(pipe).items()}
        arrays = {
            f"{table}/{names[key]}": pipe.model.ops.to_numpy(value)
            for table in _TABLES
            for key, value in (getattr(optimizer, table) or {}).items()
        }
        counts = {
            table: {names[key]: int(value) for key, value in getattr(optimizer, table).items()} for table in _COUNTS
        }
        with exact_weights():
            weights = pipe.model.to_bytes()
        content = {
            "config": _fingerprint(nlp),
            "step": step,
            "scores": json.dumps(replay.history, default=float),
            "best": replay.best,
            "weights": weights,
            "optimizer": save_arrays(arrays),
            "counts": counts,
            "random": _random_states(),
        }
        _write_whole(self.path, _pack(content))

    def _keep_best(self, name: str, data: bytes) -> None:
        if self.best is not None:
            _write_whole(self.best / f"{name}.model", data)


def _write_whole(path: Path, data: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    partial = path.with_suffix(".partial")
    with partial.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())
    partial.replace(path)


def _pack(content: dict[str, Any]) -> bytes:
    """A checkpoint as bytes, which begin with their checksum."""
    data: bytes = srsly.msgpack_dumps(content)
    return _MARK + hashlib.sha256(data).digest() + data


def read_checkpoint(path: Path) -> dict[str, Any]:
    """The content of a checkpoint: the update it stands at as "step", weights, optimizer, random states, scores.

    path (Path): Of the file.
    RAISES (ValueError): H267, where it is not what was written.
    """
    try:
        data = path.read_bytes()
        if data.startswith(_MARK):
            size = len(_MARK) + hashlib.sha256().digest_size
            expected, data = data[len(_MARK) : size], data[size:]
            if hashlib.sha256(data).digest() != expected:
                raise ValueError("its checksum is not that of what was written")
        # Earlier ones carry no checksum.
        saved: dict[str, Any] = srsly.msgpack_loads(data)
        saved["config"]
    except Exception as error:  # whatever a damaged file leads to in the libraries that read it
        raise ValueError(Errors.H267.format(path=path, reason=error)) from error
    return saved


def _trained(nlp: Language) -> HMTL:
    """The one component that is trained. RAISES (ValueError): H266."""
    frozen = nlp.config["training"].get("frozen_components") or []
    trained = [
        (name, pipe)
        for name, pipe in nlp.pipeline
        if name not in frozen and getattr(pipe, "is_trainable", False) and hasattr(pipe, "update")
    ]
    if len(trained) != 1 or not isinstance(trained[0][1], HMTL):
        raise ValueError(Errors.H266.format(names=", ".join(name for name, _ in trained) or "none"))
    return trained[0][1]


def _fingerprint(nlp: Language) -> str:
    config: dict[str, Any] = {section: dict(nlp.config.get(section) or {}) for section in _SECTIONS}
    config["training"].pop("before_update", None)
    return hashlib.sha256(json.dumps(config, sort_keys=True, default=str).encode()).hexdigest()


def _keys(pipe: HMTL) -> dict[str, tuple[int, str]]:
    """A name for every key of the optimizer: its numbers of nodes and shims are new in every process."""
    keys: dict[str, tuple[int, str]] = {}
    for number, node in enumerate(pipe.model.walk()):
        for name in node.param_names:
            keys[f"{number}.{name}"] = (node.id, name)
        for place, shim in enumerate(node.shims):
            for name, _ in shim._model.named_parameters() if shim._model is not None else ():
                keys[f"{number}.{place}.{name}"] = (shim.id, name)
    return keys


def _restore(pipe: HMTL, saved: dict[str, Any]) -> None:
    replay = pipe.replay
    optimizer: Optimizer | None = None if replay is None else replay.optimizer
    if replay is None or optimizer is None:
        return
    pipe.model.from_bytes(saved["weights"])
    keys = _keys(pipe)
    try:
        arrays = load_arrays(saved["optimizer"])
    except SafetensorError as error:
        raise ValueError(Errors.H267.format(path=_FILE, reason=error)) from error
    for place, value in arrays.items():
        table, _, name = place.partition("/")
        array: Any = value
        getattr(optimizer, table)[keys[name]] = pipe.model.ops.asarray(array)
    for table in _COUNTS:
        getattr(optimizer, table).update({keys[name]: count for name, count in saved["counts"][table].items()})
    _set_random_states(saved["random"])
    replay.end()


def _random_states() -> dict[str, Any]:
    version, numbers, gauss = random.getstate()
    kind, state, position, has_gauss, cached = numpy.random.get_state(legacy=True)
    return {
        "python": [version, list(numbers), gauss],
        "numpy": [kind, numpy.asarray(state).tobytes(), int(position), int(has_gauss), float(cached)],
        "torch": torch.get_rng_state().numpy().tobytes(),
        "cuda": [own.numpy().tobytes() for own in torch.cuda.get_rng_state_all()] if torch.cuda.is_available() else [],
    }


def _set_random_states(states: dict[str, Any]) -> None:
    version, numbers, gauss = states["python"]
    random.setstate((version, tuple(numbers), gauss))
    kind, state, position, has_gauss, cached = states["numpy"]
    numpy.random.set_state((kind, numpy.frombuffer(state, dtype="uint32"), position, has_gauss, cached))
    torch.set_rng_state(_bytes(states["torch"]))
    if states["cuda"] and torch.cuda.is_available():
        torch.cuda.set_rng_state_all([_bytes(own) for own in states["cuda"]])


def _bytes(data: bytes) -> torch.Tensor:
    return torch.frombuffer(bytearray(data), dtype=torch.uint8)
