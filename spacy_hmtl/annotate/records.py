"""Docs one after the other in a file: the length of the Doc's bytes, the digest of its text, the bytes."""

from __future__ import annotations

import os
import struct
from collections.abc import Iterator
from hashlib import blake2b
from itertools import islice
from pathlib import Path

from spacy.tokens import Doc
from spacy.vocab import Vocab

from ..data.docbin import DocBinWriter
from .inputs import pack_doc

_DIGEST_SIZE = 16  # bytes
_HEADER = struct.Struct(f">Q{_DIGEST_SIZE}s")
# Docs read before their words are forgotten.
_ZONE = 256


def text_digest(text: str) -> bytes:
    """What says whether an entry was made from this text."""
    # Half an emoji is a valid str of JSON, but no valid UTF-8.
    return blake2b(text.encode("utf-8", "surrogatepass"), digest_size=_DIGEST_SIZE).digest()


def pack_record(doc: Doc) -> bytes:
    """A Doc as a record."""
    body = pack_doc(doc)
    return _HEADER.pack(len(body), text_digest(doc.text)) + body


def complete_records(path: Path) -> tuple[int, int]:
    """Number of complete records of a file, and the byte after the last one."""
    ends = [end for _, _, end in _headers(path)]
    return len(ends), ends[-1] if ends else 0


def read_digests(path: Path) -> Iterator[bytes]:
    """Digests of the texts of the complete records."""
    for digest, _, _ in _headers(path):
        yield digest


def write_docbin(path: Path, target: Path) -> None:
    """Write the complete records of a file as a `.spacy` file, in one step and in bounded memory."""
    vocab = Vocab()
    with DocBinWriter(target) as docs, path.open("rb") as file:
        bodies = ((start, end) for _, start, end in _headers(path))
        while places := list(islice(bodies, _ZONE)):
            with vocab.memory_zone():
                for start, end in places:
                    file.seek(start)
                    docs.add(Doc(vocab).from_bytes(file.read(end - start)))


def _headers(path: Path) -> Iterator[tuple[bytes, int, int]]:
    """Digest, first byte and end of the body of each complete record."""
    size = os.path.getsize(path)
    with path.open("rb") as file:
        while len(header := file.read(_HEADER.size)) == _HEADER.size:
            length, digest = _HEADER.unpack(header)
            start = file.tell()
            if start + length > size:
                return
            yield digest, start, start + length
            file.seek(start + length)
