"""Reading many files: one that cannot be read at all does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

from ...annotations import AnnotatedDocument
from ...errors import Errors
from ...files import files_below
from ..faults import ConversionError, FaultLog, Place

EMPTY = "files without anything in them, left out"
HIDDEN = "hidden files (.ipynb_checkpoints, ._name and the like), left out"
OTHER_NAMES = "files that are not named {names}, left out"
_SMALL = 1 << 16  # bytes of a file that may hold white space only


def corpus_files(folder: Path, pattern: str, faults: FaultLog) -> list[Path]:
    """The files of a folder that a format reads and that hold something, in order of their names.

    folder (Path): The folder; files lie at any depth.
    pattern (str): Globs of names with blanks between them, whatever the case of the letters.
    faults (FaultLog): Takes notes of hidden files, of empty ones, and of those of other names.
    """
    found: list[Path] = []
    for file in files_below(folder):
        parts = file.relative_to(folder).parts
        if any(part.startswith(".") or part == "__MACOSX" for part in parts):
            faults.note(Place(file), HIDDEN)
        elif not any(fnmatchcase(file.name.lower(), glob.lower()) for glob in pattern.split()):
            faults.note(Place(file), OTHER_NAMES.format(names=" or ".join(pattern.split())))
        elif file.stat().st_size < _SMALL and not file.read_bytes().strip():
            faults.note(Place(file), EMPTY)
        else:
            found.append(file)
    return found


def read_files(
    files: Sequence[Path], read_file: Callable[[Path], Iterator[AnnotatedDocument]], faults: FaultLog
) -> Iterator[AnnotatedDocument]:
    """Read the files of a folder. One of another format or encoding is reported and left out.

    files (Sequence[Path]): The files, in order.
    read_file (Callable): Reads one of them.
    faults (FaultLog): Takes a fault for each file that cannot be read.
    YIELDS (AnnotatedDocument): The documents.
    RAISES (ConversionError): If the log is strict, or there is just one file.
    """
    for file in files:
        faults.reading = file
        try:
            yield from read_file(file)
        except ConversionError as error:
            if faults.strict or len(files) == 1:
                raise
            what = str(error).replace(f"{file}: ", "", 1).rstrip(".")
            faults.skip(Place(file), what, unit="file", remedy="Convert it apart from the others.")


def check_found(files: Sequence[Path], folder: Path, names: str, faults: FaultLog) -> None:
    """Check that a folder has files of the format.

    files (Sequence[Path]): The files found.
    folder (Path): The folder.
    names (str): What they are named, such as "*.ann".
    faults (FaultLog): The faults found until then.
    RAISES (ConversionError): H128, if there are none.
    """
    if not files:
        raise ConversionError(Errors.H128.format(path=folder, files=names), faults)


def check_exists(path: Path, faults: FaultLog) -> None:
    """Check that a file or folder is there.

    path (Path): The file or folder.
    faults (FaultLog): The faults found until then.
    RAISES (ConversionError): H101, if it is missing.
    """
    if not path.exists():
        raise ConversionError(Errors.H101.format(path=path), faults)
