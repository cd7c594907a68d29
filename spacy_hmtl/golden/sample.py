"""The golden sample: texts with what the pipeline says of them, in a file of its folder that `spacy package` ships."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from spacy.language import Language

from ..annotations.jsonl import doc_to_json
from ..errors import Errors
from ..files import appearing_folder, write_text
from .surroundings import fingerprints, versions

FILE = "golden.json"
FORMAT = 1
# Files that `spacy package` rewrites, and our own.
_OTHERS = ("meta.json", "README.md", "LICENSE", "LICENSES_SOURCES", "__init__.py", FILE)

Json = dict[str, Any]


def make_sample(nlp: Language, texts: Sequence[str]) -> Json:
    """Annotate texts one by one, and note what the annotation depends on.

    nlp (Language): Loaded from a folder or a package.
    RETURNS (dict): JSON-able: `format`, `versions`, `files`, `documents` (as `annotate` writes them).
    """
    return {
        "format": FORMAT,
        "versions": versions(),
        "files": pipeline_files(nlp),
        "documents": annotate(nlp, texts),
    }


def annotate(nlp: Language, texts: Sequence[str]) -> list[Json]:
    """Documents as they are read back from JSON."""
    return [json.loads(json.dumps(doc_to_json(nlp(text)))) for text in texts]


def pipeline_files(nlp: Language) -> dict[str, str]:
    """Fingerprints of the pipeline's files."""
    return fingerprints(Path(nlp.path), leave_out=_OTHERS) if nlp.path else {}


def read_sample(nlp: Language, model: str) -> Json:
    """The sample that a pipeline carries.

    RAISES (ValueError): H570 if there is none, H571 if it cannot be read.
    """
    path = Path(nlp.path or "") / FILE
    if not nlp.path or not path.is_file():
        raise ValueError(Errors.H570.format(model=model))
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found["format"] != FORMAT:
            raise ValueError(f"its format is {found['format']!r}, known is {FORMAT}")
        if not all(isinstance(document["text"], str) for document in found["documents"]):
            raise ValueError("a document has no text")
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(Errors.H571.format(path=path, reason=error)) from error
    result: Json = found
    return result


def write_sample(folder: Path, sample: Json) -> Path:
    """Put a sample into a pipeline's folder, in one step. RETURNS (Path): The file."""
    path = folder / FILE
    write_text(path, json.dumps(sample, ensure_ascii=False, indent=1) + "\n", errors="backslashreplace")
    return path


def copy_with_sample(source: Path, output: Path, sample: Json) -> Path:
    """Copy a pipeline's folder with a sample in it; the copy appears when it is complete.

    output (Path): New, empty, or an earlier copy, which is replaced.
    RAISES (ValueError): H143, if the output holds something else; H142, if it is a file.
    """
    if output.is_file():
        raise ValueError(Errors.H142.format(path=output))
    if output.is_dir() and any(output.iterdir()) and not (output / FILE).is_file():
        raise ValueError(Errors.H143.format(path=output))
    with appearing_folder(output) as copy:
        # Not copytree, which collects errors and does not say of which kind they are.
        for path in sorted(source.rglob("*")):
            if path.is_file() and "__pycache__" not in path.parts:
                place = copy / path.relative_to(source)
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copy2(path, place)
        write_sample(copy, sample)
    return output / FILE
