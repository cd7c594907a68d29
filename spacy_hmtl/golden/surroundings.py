"""What the output of a pipeline depends on besides the text: versions of libraries, and the pipeline's own files."""

from __future__ import annotations

import hashlib
import platform
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

# Packages whose upgrades have changed, or could change, what a pipeline says.
PACKAGES = (
    "spacy-hmtl",
    "spacy",
    "thinc",
    "spacy-transformers",
    "spacy-alignments",
    "torch",
    "pytorch-crf",
    "transformers",
    "tokenizers",
    "safetensors",
    "numpy",
    "scipy",
)
_CHUNK = 1 << 20  # bytes


def versions() -> dict[str, str]:
    """Versions of Python, the kind of machine, and the packages that are installed."""
    found = {"python": platform.python_version(), "machine": f"{platform.system()} {platform.machine()}"}
    for name in PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def fingerprints(folder: Path, *, leave_out: tuple[str, ...]) -> dict[str, str]:
    """The beginning of the SHA-256 of each file below a folder, by its path in it.

    leave_out (tuple): Names of files at the top that do not count.
    """
    files = sorted(path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    names = {path.relative_to(folder).as_posix(): path for path in files}
    return {name: _digest(path) for name, path in names.items() if name not in leave_out}


def _digest(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
    return digest.hexdigest()[:16]
