"""Files of a transformer and its tokenizer: read as data, and refused where they bring or ask for code.

A configuration may name Python files to run (`auto_map`), weights may be pickles, and both may
point out of their folder. transformers asks at the terminal before it runs such code, or is told
in advance by what the folder itself says; here nothing is asked and nothing is run.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import typer
from huggingface_hub import snapshot_download
from huggingface_hub.errors import LocalEntryNotFoundError
from transformers import CONFIG_MAPPING, AutoTokenizer
from transformers.models.auto.tokenization_auto import tokenizer_class_from_name

from ...errors import Errors
from ...files import check_name, check_tree, is_program

CONFIG, TOKENIZER_CONFIG = "config.json", "tokenizer_config.json"
WEIGHTS = "model.safetensors"
# What tokenizers are kept in; weights, their index and everything else are not read with them.
_TOKENIZER_SUFFIXES = (".json", ".txt", ".model", ".bpe", ".vocab")
_PICKLES = (".bin", ".pt", ".pth", ".ckpt", ".pkl", ".pickle")
# Keys that name code, and keys that name a model, a library or a kernel elsewhere, to be fetched and run.
_CODE = ("auto_map", "custom_pipelines")
_ELSEWHERE = ("backbone", "quantization_config", "kernel_config")
# A pickle begins so, or is a ZIP archive of pickles.
_PICKLE_STARTS = (b"PK\x03\x04", b"\x80\x02", b"\x80\x03", b"\x80\x04", b"\x80\x05")


# What the command line shows by its message alone, without the hundred lines of where it was raised.
_Shown: Any = next(kind for kind in typer.BadParameter.__mro__ if kind.__name__ == "ClickException")


class EncoderMissingError(ValueError, _Shown):  # type: ignore[misc]
    """There is no such encoder here; `spacy train` ends with the message.

    message (str): What is said.
    """

    def __init__(self, message: str) -> None:
        super().__init__(message)
        self.message = message

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class EncoderFiles:
    """What a folder holds of an encoder.

    config: The content of config.json.
    tokenizer: Files of the tokenizer by name, config.json among them.
    weights: The safetensors files, none where `read_folder` was not asked for them.
    """

    config: dict[str, Any]
    tokenizer: dict[str, bytes]
    weights: list[Path]


def read_folder(name: str, *, weights: bool = True) -> EncoderFiles:
    """Read an encoder's folder, or that of a model by its name, without running anything.

    name (str): A folder, or the name of a model on this machine.
    weights (bool): Look for the weights, too, which must be safetensors.
    RETURNS (EncoderFiles): Contents, and the weights' path.
    RAISES (ValueError): H207 where there is no encoder, H580 to H583 where it is not plain data.
    """
    folder = _folder(name)
    # The files of a model by name are links into the store of its repository.
    check_tree(folder, inside=folder.parents[1] if folder.parent.name == "snapshots" else folder)
    names = sorted(path.name for path in folder.iterdir() if path.is_file())
    tokenizer = {
        name: (folder / name).read_bytes()
        for name in names
        if name.endswith(_TOKENIZER_SUFFIXES) and not name.endswith(".index.json")
    }
    config = check_files(tokenizer, folder)
    return EncoderFiles(config, tokenizer, _weights(folder, names) if weights else [])


def check_files(files: Mapping[str, bytes], where: str | Path) -> dict[str, Any]:
    """Refuse files of an encoder that are not plain data.

    files (Mapping): Contents by name, as they lie in a folder or travel in a saved pipeline.
    where (str): What messages call the place.
    RETURNS (dict): The content of config.json.
    RAISES (ValueError): H207, H580, H581, H583.
    """
    for name in files:
        if is_program(check_name(name, where)):
            raise ValueError(Errors.H580.format(path=where, found=f"the file {name}"))
    config = _json_object(files.get(CONFIG, b""), where, CONFIG)
    _check_keys(config, f"{where}, {CONFIG}")
    settings = _json_object(files[TOKENIZER_CONFIG], where, TOKENIZER_CONFIG) if TOKENIZER_CONFIG in files else {}
    _check_keys(settings, f"{where}, {TOKENIZER_CONFIG}")
    if not _is_known_config(config.get("model_type")):
        reason = f"has the model_type {config.get('model_type')!r} in {CONFIG}, which is not part of transformers"
        raise ValueError(Errors.H207.format(path=where, reason=reason))
    for place, own in ((CONFIG, config), (TOKENIZER_CONFIG, settings)):
        kind = own.get("tokenizer_class")
        if kind is not None and not _is_known_tokenizer(kind):
            raise ValueError(Errors.H580.format(path=where, found=f"tokenizer_class {kind!r} in {place}"))
    return config


def make_config(content: Mapping[str, Any]) -> Any:
    """A configuration from the content of a config.json that passed `check_files`.

    content (Mapping): Of the file.
    RETURNS (PretrainedConfig): Of the class that model_type names.
    """
    return CONFIG_MAPPING[content["model_type"]].from_dict({**content, "return_dict": True})


def make_tokenizer(files: Mapping[str, bytes], config: Any) -> tuple[Any, bytes | None]:
    """A tokenizer from these files and no others.

    files (Mapping): Contents by name, that passed `check_files`.
    config (PretrainedConfig): Of the encoder.
    RETURNS (tuple): The tokenizer, and the file that some are made from and want again when saved.
    """
    with TemporaryDirectory() as folder:
        for name, content in files.items():
            (Path(folder) / name).write_bytes(_without_paths(content) if name == TOKENIZER_CONFIG else content)
        tokenizer = AutoTokenizer.from_pretrained(folder, config=config, use_fast=True, trust_remote_code=False)
        path = getattr(tokenizer, "vocab_file", None)
        vocabulary = Path(path).read_bytes() if path and Path(path).is_file() else None
    return tokenizer, vocabulary


def _folder(name: str) -> Path:
    folder = Path(name)
    if folder.is_dir():
        folder = folder.resolve()
    elif folder.is_absolute() or len(folder.parts) > 2:
        raise EncoderMissingError(Errors.H207.format(path=name, reason="does not exist"))
    else:
        patterns = [f"*{suffix}" for suffix in (*_TOKENIZER_SUFFIXES, ".safetensors")]
        try:
            folder = Path(snapshot_download(name, allow_patterns=patterns, ignore_patterns=["*/*"]))
        except LocalEntryNotFoundError as error:  # not here, and no network to fetch it by
            raise EncoderMissingError(Errors.H688.format(name=name)) from error
        except (OSError, ValueError) as error:
            raise ValueError(
                Errors.H207.format(path=name, reason=f"could not be loaded: {str(error).splitlines()[0]}")
            ) from error
    if not (folder / CONFIG).is_file():
        raise ValueError(Errors.H207.format(path=name, reason=f"has no {CONFIG}"))
    return folder


def _weights(folder: Path, names: Iterable[str]) -> list[Path]:
    """The safetensors files of a folder. RAISES (ValueError): H207, H581, H582."""
    index = folder / f"{WEIGHTS}.index.json"
    if (folder / WEIGHTS).is_file():
        parts = [WEIGHTS]
    elif index.is_file():
        shards = _json_object(index.read_bytes(), folder, index.name).get("weight_map", {})
        parts = sorted({str(part) for part in shards.values()}) if isinstance(shards, dict) else []
    else:
        pickles = [name for name in names if name.endswith(_PICKLES)]
        if pickles:
            raise ValueError(Errors.H582.format(path=folder, name=pickles[0]))
        raise ValueError(Errors.H207.format(path=folder, reason=f"has no weights ({WEIGHTS})"))
    for part in parts:
        check_name(part, folder)
        if not (folder / part).is_file():
            raise ValueError(Errors.H207.format(path=folder, reason=f"has no {part}, which {index.name} names"))
        with (folder / part).open("rb") as file:
            if file.read(4).startswith(_PICKLE_STARTS):
                raise ValueError(Errors.H582.format(path=folder, name=part))
    return [folder / part for part in parts]


def _json_object(content: bytes, where: str | Path, name: str) -> dict[str, Any]:
    try:
        value = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise ValueError(Errors.H207.format(path=where, reason=f"has a damaged {name}: {error}")) from error
    if not isinstance(value, dict):
        raise ValueError(Errors.H207.format(path=where, reason=f"has a damaged {name}: it holds no object"))
    return value


def _check_keys(content: Any, where: str) -> None:
    """RAISES (ValueError): H580 where a value names code, H583 where it names a model or a kernel elsewhere."""
    for key, value in _pairs(content):
        if key in _CODE and value:
            raise ValueError(Errors.H580.format(path=where, found=f"{key} = {value!r}"))
        # Internal ones, too: before 5.3, transformers took `_attn_implementation_internal` for the user's own wish.
        is_kernel = "_implementation" in key and any("/" in text for text in _strings(value))
        if is_kernel or (key in _ELSEWHERE and value):
            raise ValueError(Errors.H583.format(path=where, key=key, value=value))


def _pairs(content: Any) -> Iterator[tuple[str, Any]]:
    """Keys and values of an object and of those inside it."""
    waiting = [content]
    while waiting:
        value = waiting.pop()
        if isinstance(value, dict):
            yield from value.items()
        waiting.extend(value.values() if isinstance(value, dict) else value if isinstance(value, list) else ())


def _strings(value: Any) -> list[str]:
    """Texts that a value is or holds."""
    inside = (
        [own for _, own in _pairs(value)] if isinstance(value, dict) else value if isinstance(value, list) else [value]
    )
    return [own for own in inside if isinstance(own, str)]


def _is_known_config(kind: Any) -> bool:
    known = isinstance(kind, str) and kind in CONFIG_MAPPING
    return known and CONFIG_MAPPING[kind].__module__.startswith("transformers.")


def _is_known_tokenizer(name: Any) -> bool:
    if not isinstance(name, str):
        return False
    found = (tokenizer_class_from_name(kind) for kind in (name, f"{name}Fast"))
    return any(kind is not None and kind.__module__.startswith("transformers.") for kind in found)


def _without_paths(content: bytes) -> bytes:
    """A tokenizer's settings without the paths of the machine that saved it, which would be read here."""
    settings = json.loads(content)
    kept = {key: value for key, value in settings.items() if not key.endswith("_file")}
    return content if kept == settings else json.dumps(kept).encode()
