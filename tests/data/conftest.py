"""Helpers of the converter tests."""

import pytest

from spacy_hmtl.data.faults import FaultLog
from spacy_hmtl.data.formats import get_reader


@pytest.fixture
def read(tmp_path):
    """Read a text (or bytes) with a format's reader: its documents and its log."""

    def read_text(format, text, *, strict=False, name="corpus.txt", **options):
        path = tmp_path / name
        path.write_bytes(text if isinstance(text, bytes) else text.encode("utf-8"))
        log = FaultLog(strict=strict)
        return list(get_reader(format)(path, faults=log, **options)), log

    return read_text
