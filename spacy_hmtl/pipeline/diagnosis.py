"""Which file of a pipeline that spaCy could not load is to blame: its own errors seldom name one."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy
import srsly
from spacy.lookups import Lookups
from spacy.strings import StringStore
from spacy.tokenizer import Tokenizer
from spacy.util import load_config
from spacy.vocab import Vocab


def _array(path: Path) -> object:
    # Without vectors the file holds an empty array or is not there.
    return numpy.load(path, allow_pickle=False) if path.is_file() else None


def _optional(read: Callable[[Path], object]) -> Callable[[Path], object]:
    return lambda path: read(path) if path.is_file() else None


# Files that spaCy writes beside our components, and how each is read.
_READERS: dict[str, Callable[[Path], object]] = {
    "meta.json": srsly.read_json,
    "config.cfg": load_config,
    "vocab/strings.json": lambda path: StringStore().from_disk(path),
    "vocab/lookups.bin": _optional(lambda path: Lookups().from_disk(path.parent)),
    "vocab/vectors.cfg": _optional(srsly.read_json),
    "vocab/key2row": _optional(srsly.read_msgpack),
    "vocab/vectors": _array,
    "tokenizer": lambda path: Tokenizer(Vocab()).from_disk(path),
}


def damaged_file(folder: Path) -> Path | None:
    """The first file of a pipeline that cannot be read.

    folder (Path): Of the pipeline.
    RETURNS (Path, optional): None where all can be read.
    """
    for name, read in _READERS.items():
        try:
            read(folder / name)
        except Exception:  # any: it is this file that cannot be read
            return folder / name
    return None
