"""Reading many files: one that cannot be read at all does not stop the others."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from ...annotations import AnnotatedDocument
from ...errors import Errors
from ..faults import ConversionError, FaultLog, Place


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
