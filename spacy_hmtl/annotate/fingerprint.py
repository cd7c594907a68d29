"""Which model this is: a digest of its files, the same wherever it was copied to."""

from __future__ import annotations

from hashlib import blake2b
from pathlib import Path

from spacy.util import get_package_path, is_package

from ..errors import Errors

_CHUNK = 1 << 20  # bytes


def fingerprint(model: str) -> str:
    """A digest of the names and contents of a model's files.

    model (str): A folder, or the name of an installed package.
    RAISES (ValueError): H508.
    """
    folder = get_package_path(model) if is_package(model) else Path(model)
    if not folder.is_dir():
        raise ValueError(Errors.H508.format(model=model, reason="no such folder and no such package"))
    digest = blake2b(digest_size=16)
    for file in sorted(folder.rglob("*")):
        # Python writes its compiled files when a package is first imported.
        if file.is_file() and file.suffix != ".pyc":
            digest.update(f"{file.relative_to(folder).as_posix()}\0{file.stat().st_size}\0".encode())
            with file.open("rb") as opened:
                while chunk := opened.read(_CHUNK):
                    digest.update(chunk)
    return digest.hexdigest()
