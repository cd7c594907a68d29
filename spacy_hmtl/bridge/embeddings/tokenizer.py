"""What a tokenizer is known by, and the files that it travels in."""

from __future__ import annotations

import hashlib
import json
import warnings
from importlib.metadata import version
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ...errors import Warnings

# Text of many kinds, to see by what it becomes whether two tokenizers do the same.
_PROBE = (
    "Dell's offices moved to Austin, Texas in 1999 (U.S.).",
    "Überfahrt naïve façade ÅNGSTRÖM coöperate don't e-mail@example.org #tag 3,141.59 50%",
    "Ἀθῆναι Москва القاهرة दिल्ली 東京都 서울 😀 \u200b\u00a0x\ty\nz  aa",
)


def tokenizer_hash(tokenizer: Any) -> str:
    """A hash of a tokenizer's vocabulary and of what it makes of a few texts, boundaries included.

    tokenizer (PreTrainedTokenizerFast): Of any kind.
    RETURNS (str): In hexadecimal digits.
    """
    digest = hashlib.sha256(json.dumps(sorted(tokenizer.get_vocab().items())).encode())
    digest.update(json.dumps([list(pieces) for pieces in tokenizer(list(_PROBE), verbose=False)["input_ids"]]).encode())
    return digest.hexdigest()


def compare_tokenizers(tokenizer: Any, expected: str, versions: dict[str, str]) -> None:
    """Warn where the tokenizer (W121), or the library (W122), is not that of the training.

    tokenizer (PreTrainedTokenizerFast): As it is now.
    expected (str): Its `tokenizer_hash` then.
    versions (dict[str, str]): Those of the libraries then.
    """
    then, now = versions["transformers"], version("transformers")
    found = tokenizer_hash(tokenizer)
    if found != expected:
        reason = f"its hash is {found[:12]}, not {expected[:12]}"
        warnings.warn(Warnings.W121.format(reason=reason, then=then, now=now), stacklevel=2)
    elif then.split(".")[0] != now.split(".")[0]:
        warnings.warn(Warnings.W122.format(then=then, now=now), stacklevel=2)


def tokenizer_files(tokenizer: Any, vocabulary: bytes | None) -> dict[str, bytes]:
    """What `save_pretrained` writes for a tokenizer, by name.

    tokenizer (PreTrainedTokenizerFast): Of any kind.
    vocabulary (bytes, optional): The file that it was made from and wants again when saved.
    """
    with TemporaryDirectory() as folder:
        if vocabulary is not None:
            file = Path(folder) / tokenizer.vocab_files_names["vocab_file"]
            file.write_bytes(vocabulary)
            tokenizer.vocab_file = str(file)
        tokenizer.save_pretrained(folder)
        return {path.name: path.read_bytes() for path in sorted(Path(folder).iterdir()) if path.is_file()}
