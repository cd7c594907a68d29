"""Files: outputs that appear whole or not at all, and folders and names from elsewhere that are not to be trusted."""

from __future__ import annotations

import glob
import json
import os
import re
import shutil
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path, PurePosixPath, PureWindowsPath
from typing import IO, Any

from .errors import Errors, Warnings

# Names that Windows keeps for devices, whatever follows after a dot.
_DEVICES = re.compile(r"(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])(\..*)?$", re.IGNORECASE)
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


def safe_stem(name: str) -> str:
    """A name for a file that no system takes for a device, such as CON or NUL on Windows."""
    return f"{name}_" if _DEVICES.match(name.strip()) else name


def files_below(folder: Path, pattern: str = "*") -> list[Path]:
    """The files below a folder, in order of their names; links that lead out of it are left out, with one warning.

    A folder from elsewhere could else bring any file of this machine into an output.

    pattern (str): A glob of names.
    """
    root = folder.resolve()
    found = sorted(path for path in folder.rglob(pattern) if path.is_file())
    outside = [path for path in found if not path.resolve().is_relative_to(root)]
    if outside:
        warnings.warn(Warnings.W130.format(path=outside[0], n=len(outside)), stacklevel=2)
    return [path for path in found if path not in outside] if outside else found


@contextmanager
def appearing_path(path: Path) -> Iterator[Path]:
    """Where to write a file that gets its name when the block ends without an error; else what was there stays.

    It is written beside its place as `.NAME.PID.tmp`, and brought to the disk before it is named.
    Such files of processes that were killed are removed. What is no file, such as a pipe, is
    written to at once; where the name is a link, the file that it leads to is replaced.

    RAISES (OSError): With the path as its `filename`.
    """
    try:
        path = path.resolve() if path.is_symlink() else path
        path.parent.mkdir(parents=True, exist_ok=True)
        if path.exists() and not path.is_file():
            yield path
            return
        remove_stale(path)
        temporary = _temporary(path)
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            if path.exists():
                shutil.copymode(path, temporary)
            os.replace(temporary, path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as error:
        name_error(error, path)
        raise


@contextmanager
def appearing(path: Path, *, binary: bool = False, errors: str = "strict") -> Iterator[IO[Any]]:
    """A file, open for writing, that gets its name when the block ends without an error; see `appearing_path`.

    binary (bool): Open it for bytes; otherwise for text in UTF-8, whose line breaks are written as they are.
    errors (str): What becomes of characters that UTF-8 does not have, as in `str.encode`.
    """
    with appearing_path(path) as place:
        if binary:
            with place.open("wb") as file:
                yield file
        else:
            with place.open("w", encoding="utf-8", newline="", errors=errors) as text:
                yield text


@contextmanager
def appearing_folder(path: Path) -> Iterator[Path]:
    """A folder that gets its name when the block ends without an error, in place of one that was there.

    YIELDS (Path): The folder to fill, empty.
    RAISES (OSError): With the path as its `filename`.
    """
    temporary, old = _temporary(path), _temporary(path, "old")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        remove_stale(path)
        temporary.mkdir()
        yield temporary
        # Two steps: a kill in between leaves the old folder, which `remove_stale` puts back.
        if path.exists():
            os.replace(path, old)
        os.replace(temporary, path)
    except OSError as error:
        name_error(error, path)
        raise
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
        if old.exists() and not path.exists():
            os.replace(old, path)
        shutil.rmtree(old, ignore_errors=True)


def write_text(path: Path, text: str, *, errors: str = "strict") -> None:
    """Write a text file in one step; see `appearing`."""
    with appearing(path, errors=errors) as file:
        file.write(text)


def write_json(path: Path, value: Any) -> None:
    """Write a JSON file in one step; see `appearing`."""
    write_text(path, json.dumps(value, ensure_ascii=False, indent=2) + "\n", errors="backslashreplace")


def remove_stale(path: Path) -> None:
    """Remove what processes that were killed have left of an output, and put a folder back that they had taken away."""
    for left in path.parent.glob(f".{glob.escape(_short(path.name))}.*.*"):
        start, pid, kind = left.name.rsplit(".", 2)
        ours = start == f".{_short(path.name)}" and kind in ("tmp", "old") and pid.isdecimal()
        if not ours or _is_running(int(pid)):
            continue
        with suppress(OSError):  # another run may be doing the same, and on Windows a file may still be open
            if kind == "old" and not path.exists():
                os.replace(left, path)
            elif left.is_dir():
                shutil.rmtree(left)
            else:
                left.unlink()


def _temporary(path: Path, kind: str = "tmp") -> Path:
    return path.with_name(f".{_short(path.name)}.{os.getpid()}.{kind}")


def _short(name: str) -> str:
    # A name may be as long as the system allows; there must be room for what is added to it.
    return name if len(name.encode("utf-8", "surrogateescape")) < 200 else name[-60:]


def _is_running(pid: int) -> bool:
    """Whether a process of this machine is there, this one aside."""
    if os.name != "posix":
        return False  # a file that is open there cannot be removed
    if pid == os.getpid():
        return False
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (PermissionError, OverflowError):
        return True
    return True


def describe_error(error: Exception) -> str:
    """An error in words that say what to do: those of the system get a code and the file."""
    if isinstance(error, OSError) and error.errno is not None:
        return Errors.H126.format(path=error.filename or "a file", reason=error.strerror or type(error).__name__)
    return str(error)


def name_error(error: OSError, path: Path) -> None:
    """Let an error of the system say which file it is about; that of a full disk does not."""
    if error.filename is None and error.errno is not None:
        error.filename = str(path)
