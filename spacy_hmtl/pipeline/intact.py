"""A saved component carries checksums: a file that is not what was written is refused at load, by its name.

Pipelines of 0.1.0 and earlier ones carry none and are read without; their files are still parsed with care.
"""

from __future__ import annotations

import gc
import hashlib
import json
import warnings
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import srsly
from spacy.vocab import Vocab
from thinc.api import Model

from ..bridge.embeddings.protocol import hooks_of
from ..bridge.state import broken_weights
from ..errors import Errors, Warnings
from .saving import LEGACY

CFG, MODEL = "cfg", "model"
_CHECKSUMS, _VECTORS = "checksums", "vectors"
# What messages call a file of the component: from its name to its path, or to what it is in bytes.
Place = Callable[[str], str]


def contents(
    settings: Mapping[str, Any], model: Model[Any, Any], vocab: Vocab, name: str, exclude: Collection[str]
) -> dict[str, bytes]:
    """The files of a component by name.

    settings (Mapping): What is saved of them, see `saving.packed`.
    model (Model): Of the component.
    vocab (Vocab): Of the pipeline.
    name (str): Of the component, for messages.
    exclude (Collection): Names of files that are not asked for.
    """
    files: dict[str, bytes] = {}
    if broken := broken_weights(model):
        warnings.warn(Warnings.W194.format(name=name, names=", ".join(broken[:3]), n=len(broken)), stacklevel=4)
    if MODEL not in exclude:
        files[MODEL] = model.to_bytes()
    if CFG not in exclude:
        sums = {file: _checksum(data) for file, data in files.items()}
        if vectors := _vectors_checksum(model, vocab):
            sums[_VECTORS] = vectors
        sums[CFG] = _checksum_of_cfg(settings, sums)
        files[CFG] = srsly.json_dumps({**settings, _CHECKSUMS: sums}, indent=2).encode()
    return files


def parts_of(data: bytes, name: str) -> dict[str, Any]:
    """The parts of a component's bytes.

    data (bytes): Made by `HMTL.to_bytes`.
    name (str): Of the component.
    RAISES (ValueError): H641.
    """
    place = f"the bytes of {name!r}"
    with naming(place):
        files: Any = srsly.msgpack_loads(data)
    if not isinstance(files, dict):
        raise ValueError(Errors.H641.format(path=place, reason="they hold no files"))
    result: dict[str, Any] = files
    return result


def load(
    files: Mapping[str, bytes | str],
    known: Collection[str],
    model: Model[Any, Any],
    vocab: Vocab,
    name: str,
    exclude: Collection[str],
    place: Place,
) -> dict[str, Any]:
    """Load the weights that were saved.

    files (Mapping): Made by `contents`.
    known (Collection): Names of settings.
    model (Model): Gets the weights.
    vocab (Vocab): Of the pipeline.
    name (str): Of the component, for messages.
    exclude (Collection): Names of files that are left out.
    place (Callable): See `Place`.
    RETURNS (dict): The settings as they were saved.
    RAISES (ValueError): H640 where a file is not what was written; H641 where it cannot be read; H642 where it is
        missing; H643 where weights are no numbers; others that say what does not fit. Each names the file.
    """
    for file in (CFG, MODEL):
        if file not in exclude and file not in files:
            raise ValueError(Errors.H642.format(path=place(file)))
    settings = {} if CFG in exclude else _read_cfg(files[CFG], known, place(CFG))
    sums: dict[str, str] = settings.pop(_CHECKSUMS, {})
    if MODEL not in exclude:
        data = files[MODEL]
        if not isinstance(data, bytes):
            raise ValueError(Errors.H641.format(path=place(MODEL), reason=f"it is of the type {type(data).__name__}"))
        if MODEL in sums:
            _compare(sums[MODEL], _checksum(data), place(MODEL))
        with naming(place(MODEL)):
            model.from_bytes(data)
        if broken := broken_weights(model):
            raise ValueError(Errors.H643.format(path=place(MODEL), names=", ".join(broken[:3]), n=len(broken)))
    if sums.get(_VECTORS) not in (None, _vectors_checksum(model, vocab)):
        warnings.warn(Warnings.W196.format(name=name), stacklevel=4)
    return settings


def _read_cfg(data: bytes | str, known: Collection[str], path: str) -> dict[str, Any]:
    """The content of `cfg`, as it was written. RAISES (ValueError): H640, H641."""
    with naming(path):
        cfg = json.loads(data)
        if not isinstance(cfg, dict):
            raise TypeError(f"it holds {type(cfg).__name__}, no object")
        sums = cfg.get(_CHECKSUMS)
        if unknown := sorted(cfg.keys() - LEGACY - set(known) - {_CHECKSUMS}):
            raise ValueError(f"it has the unknown keys {', '.join(unknown)}")
        if sums is not None and not (isinstance(sums, dict) and all(isinstance(own, str) for own in sums.values())):
            raise TypeError("its checksums are no texts")
    if sums is not None:
        rest = {key: value for key, value in cfg.items() if key != _CHECKSUMS}
        _compare(sums.get(CFG, "none"), _checksum_of_cfg(rest, sums), path)
    result: dict[str, Any] = cfg
    return result


@contextmanager
def naming(path: str) -> Iterator[None]:
    """Let every error say which file it is about, whatever a damaged one leads to in the libraries that read it.

    path (str): What messages call the file.
    RAISES (ValueError): H641; an error with a code of its own keeps it.
    """
    was_enabled = gc.isenabled()
    try:
        yield
    except Exception as error:
        if str(error).startswith("[H"):
            raise ValueError(f"{error} File: {path}") from error
        reason = f"{type(error).__name__}: {error}"
        raise ValueError(Errors.H641.format(path=path, reason=reason[:300])) from error
    finally:
        # srsly switches the garbage collector off, and where reading fails leaves it so.
        if was_enabled:
            gc.enable()


def _compare(expected: str, found: str, path: str) -> None:
    if expected != found:
        raise ValueError(Errors.H640.format(path=path, found=found[:12], expected=expected[:12]))


def _checksum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _checksum_of_cfg(cfg: Mapping[str, Any], sums: Mapping[str, str]) -> str:
    """Of the settings and of all other checksums."""
    others = {name: value for name, value in sums.items() if name != CFG}
    return _checksum(json.dumps([cfg, others], sort_keys=True).encode())


def _vectors_checksum(model: Model[Any, Any], vocab: Vocab) -> str | None:
    """Of the vocabulary's word vectors, where the model reads them. They are saved by spaCy, beside the component."""
    own = [found for hooks in hooks_of(model) if (found := hooks.vectors_checksum(vocab))]
    return ",".join(own) or None
