"""Keys of runs: hashes of all that their results depend on, so that nothing stale is taken for a result."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import Any

import spacy_hmtl

# Sections of a config that a training depends on; the values of [paths] and [system] stand in these.
_SECTIONS = ("nlp", "components", "corpora", "training", "initialize")
# Settings that change no weight: what is remembered and where, what is written beside the training.
_NEUTRAL = {"cache_mb", "cache_dir", "cache_dir_mb"}
_NEUTRAL_OF_TRAINING = {"logger", "before_update", "before_to_disk"}


def training_key(config: Mapping[str, Any]) -> str:
    """The key of a training.

    config (Mapping): Filled and interpolated. Where it names files or folders their bytes count, not their names.
    RETURNS (str): 16 hexadecimal digits, of the config, the bytes of all files, and the version of this package.
    """
    content = {section: config.get(section) for section in _SECTIONS}
    content["training"] = {k: v for k, v in dict(config["training"]).items() if k not in _NEUTRAL_OF_TRAINING}
    return _hash({"version": spacy_hmtl.__version__, "config": _canonical(content)})


def result_key(training: str, tests: Mapping[str, Mapping[str, str]], gold_mentions: bool) -> str:
    """The key of a row: of a training and of how it is scored.

    training (str): Made by `training_key`.
    tests (Mapping): By part and task, the files that are scored.
    gold_mentions (bool): Whether gold mentions are clustered.
    RETURNS (str): 16 hexadecimal digits.
    """
    return _hash({"training": training, "tests": _canonical(tests), "gold_mentions": gold_mentions})


def _hash(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]


def _canonical(value: Any) -> Any:
    """Plain JSON, in which files are their bytes."""
    if isinstance(value, Mapping):
        return {str(key): _canonical(own) for key, own in value.items() if key not in _NEUTRAL}
    if isinstance(value, list | tuple):
        return [_canonical(own) for own in value]
    if isinstance(value, str | Path):
        text = str(value)
        # What has neither a slash nor a dot is a word, even where a file is called like it.
        if ("/" in text or "\\" in text or "." in text) and len(text) < 4096 and Path(text).exists():
            return f"bytes {file_hash(str(Path(text).resolve()))}"
        return text
    return value


@cache
def file_hash(path: str) -> str:
    """A hash of a file's bytes, or of the names and bytes of all files of a folder.

    path (str): What begins with "." or "_" in a folder is left out.
    RETURNS (str): In hexadecimal digits.
    """
    place = Path(path)
    digest = hashlib.sha256()
    files = [place] if place.is_file() else sorted(own for own in place.rglob("*") if own.is_file())
    for file in files:
        parts = file.relative_to(place).parts
        if any(part.startswith((".", "_")) for part in parts):
            continue
        digest.update("/".join(parts).encode() + b"\0")
        with file.open("rb") as stream:
            while block := stream.read(1 << 20):
                digest.update(block)
        digest.update(b"\0")
    return digest.hexdigest()
