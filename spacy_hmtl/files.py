"""Folders and file names from elsewhere: what leads out of a folder, or brings code, is refused."""

from __future__ import annotations

from pathlib import Path, PurePosixPath, PureWindowsPath

from .errors import Errors

_CODE_SUFFIXES = (".py", ".pyc", ".pyd", ".so", ".dll", ".dylib")


def check_name(name: object, where: str | Path) -> str:
    """Refuse a file name that is a path on any system.

    name (str): As a file or an archive gives it.
    where (str): What messages call the place.
    RAISES (ValueError): H581.
    """
    plain = isinstance(name, str) and name not in ("", ".", "..") and "\0" not in name
    if not plain or PurePosixPath(str(name)).name != name or PureWindowsPath(str(name)).name != name:
        raise ValueError(Errors.H581.format(path=where, found=f"the file name {name!r}"))
    return str(name)


def is_program(name: str) -> bool:
    """Whether a file of this name is one that Python could import."""
    return Path(name).suffix.lower() in _CODE_SUFFIXES


def check_tree(folder: Path, *, inside: Path | None = None) -> None:
    """Refuse a folder of a model whose links lead out of it, or that brings program files.

    inside (Path, optional): Where links may lead; by default into `folder` itself.
    RAISES (ValueError): H580, H581.
    """
    root = (inside or folder).resolve()
    for path in sorted(folder.rglob("*")):
        if path.is_symlink() and not path.resolve().is_relative_to(root):
            raise ValueError(Errors.H581.format(path=folder, found=f"the link {path.relative_to(folder)}"))
        if is_program(path.name):
            raise ValueError(Errors.H580.format(path=folder, found=f"the file {path.relative_to(folder)}"))
