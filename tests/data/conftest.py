"""Helpers of the converter tests."""

import pytest
from data.brat_files import ANN, TEXT

from spacy_hmtl.data.faults import FaultLog
from spacy_hmtl.data.formats import get_reader
from spacy_hmtl.data.formats.brat import read as read_brat


@pytest.fixture
def read(tmp_path):
    """Read a text (or bytes) with a format's reader: its documents and its log."""

    def read_text(format, text, *, strict=False, name="corpus.txt", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        log = FaultLog(strict=strict)
        return list(get_reader(format)(path, faults=log, **options)), log

    return read_text


@pytest.fixture
def brat(tmp_path):
    """Write files of brat and read them: documents and log. `files` are pairs of annotation and text by name."""

    def write_and_read(ann=ANN, text=TEXT, *, files=None, strict=False, **options):
        for name, (annotation, content) in (files or {"doc": (ann, text)}).items():
            for suffix, data in ((".ann", annotation), (".txt", content)):
                if data is not None:
                    path = tmp_path / f"{name}{suffix}"
                    path.parent.mkdir(exist_ok=True)
                    path.write_bytes(data if isinstance(data, bytes) else data.encode())
        log = FaultLog(strict=strict)
        return list(read_brat(tmp_path, faults=log, **options)), log

    return write_and_read
