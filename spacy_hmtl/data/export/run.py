"""A `.spacy` file to another format: reads it, counts what it holds, writes the output in one piece."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import spacy
from spacy.tokens import Doc

from ...annotations.documents import from_doc
from ...annotations.groups import get_meta, set_meta
from ...errors import Errors
from ...files import appearing_folder, appearing_path, describe_error
from ..convert import Report
from ..docbin import read_docs
from ..faults import ConversionError, FaultLog, Place
from . import get_export, write

NO_NAME = "documents without a name, numbered"
EMPTY = "the document has no tokens"


def export(format: str, input: str | Path, output: str | Path, *, strict: bool = False) -> Report:
    """Write a `.spacy` file in another format. The output appears when it is complete.

    format (str): Name of the format, see `spacy_hmtl.data.export.EXPORTS`.
    input (str | Path): The `.spacy` file, or a folder of them.
    output (str | Path): The file to write; for brat a folder, new or empty.
    strict (bool): Stop at the first thing that the format cannot hold.
    RETURNS (Report): Counts of what was read, and what could not be written.
    RAISES (ConversionError): H101, H102, H104, if the input is missing, no `.spacy` file, or
        empty; H103, at the first fault if strict; H123, H141 to H143, if an argument is wrong;
        H144, if the format can hold none of the documents; H126, if a file cannot be read or written.
    """
    input, output = Path(input), Path(output)
    report = Report(format, [input], output, log=FaultLog(strict=strict))
    is_folder = get_export(format).is_folder
    _check_output(output, is_folder)
    try:
        with appearing_folder(output) if is_folder else appearing_path(output) as place:
            write(format, _read(report), place, log=report.log, shown=output)
            left_out = sum(fault.unit == "document" and fault.what != EMPTY for fault in report.log.faults)
            if report.n_documents == left_out:
                message = Errors.H144.format(path=input, format=format) if left_out else Errors.H104.format(path=input)
                raise ConversionError(message, report.log)
    except (OSError, ValueError) as error:
        if isinstance(error, ConversionError):
            raise
        raise ConversionError(describe_error(error), report.log) from error
    return report


def _check_output(output: Path, is_folder: bool) -> None:
    if output.is_dir() and not is_folder:
        raise ConversionError(Errors.H123.format(path=output))
    if is_folder and output.is_file():
        raise ConversionError(Errors.H142.format(path=output))
    if is_folder and output.is_dir() and any(output.iterdir()):
        raise ConversionError(Errors.H143.format(path=output))


def _read(report: Report) -> Iterator[Doc]:
    """Read and count the Docs; one without a name gets its number."""
    path = report.inputs[0]
    for number, doc in enumerate(read_docs(path, spacy.blank("en")), start=1):
        meta = get_meta(doc)
        if not meta.get("name"):
            meta["name"] = f"{path.stem}-{number}"
            set_meta(doc, meta)
            report.log.note(Place(path, document=meta["name"]), NO_NAME)
        if not len(doc):
            report.log.skip(Place(path, document=meta["name"]), EMPTY, unit="document", remedy="Remove it.")
            continue
        report.count(from_doc(doc))
        yield doc
