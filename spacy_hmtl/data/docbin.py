"""Writing a `.spacy` file Doc by Doc: `spacy.tokens.DocBin` holds all Docs in memory, this holds one."""

from __future__ import annotations

import struct
import zlib
from array import array
from collections.abc import Iterator
from pathlib import Path
from tempfile import SpooledTemporaryFile
from types import TracebackType
from typing import IO

from spacy.language import Language
from spacy.tokens import Doc, DocBin, SpanGroup
from srsly.msgpack import Packer

from ..errors import Errors
from ..files import appearing

CHUNK = 1 << 20  # bytes
# The annotation of a token that is written as a string, as in DocBin.add.
_STRINGS = ("text", "tag_", "lemma_", "norm_", "dep_", "ent_type_", "ent_kb_id_", "ent_id_")


class DocBinWriter:
    """Writes the file that `DocBin(docs=...).to_disk(path)` would, in one step and in bounded memory.

    A context manager: the file appears under its name when the block ends without an
    error; a block that fails leaves what was there before. Held in memory are the
    distinct strings, the lengths of the Docs, and what `DocBin` would hold of small corpora.

    Source of the layout: explosion/spaCy, `spacy/tokens/_serialize.py`.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        layout = DocBin()
        self._version = layout.version
        self._attrs: list[int | str] = list(layout.attrs)
        # Made once: srsly.msgpack_dumps makes one per call, which scans the entry points of all packages (0.6 ms).
        self._packer = Packer(use_bin_type=True)
        self._tokens, self._spaces, self._cats, self._flags, self._groups = (_spool() for _ in range(5))
        self._lengths = array("i")
        self._strings: set[str] = set()

    def add(self, doc: Doc) -> None:
        """Take a Doc's annotation.

        doc (Doc): The Doc; `user_data` is not written, as in a default DocBin.
        RAISES (ValueError, OverflowError): If a group's attributes cannot be packed; the Doc is not taken then.
        """
        groups: dict[bytes, list[str]] = {}
        for key, group in doc.spans.items():
            groups.setdefault(self._packer.pack(_group(group)), []).append(key)
        packed = self._packer.pack(groups or [])  # an empty list for none, as SpanGroups.to_bytes
        self._groups.write(_bin_header(len(packed)) + packed)
        self._tokens.write(doc.to_array(self._attrs).tobytes("C"))
        self._spaces.write(bytes(bool(token.whitespace_) for token in doc))
        self._flags.write(self._packer.pack({"has_unknown_spaces": doc.has_unknown_spaces}))
        self._cats.write(self._packer.pack(doc.cats))
        for group in doc.spans.values():
            for span in group:
                self._strings.update((span.label_, span.kb_id_, span.id_))
        self._lengths.append(len(doc))
        for token in doc:
            self._strings.update(getattr(token, name) for name in _STRINGS)
            self._strings.add(str(token.morph))

    def __enter__(self) -> DocBinWriter:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._write()
        finally:
            for file in (self._tokens, self._spaces, self._cats, self._flags, self._groups):
                file.close()

    def _write(self) -> None:
        compressor = zlib.compressobj()
        with appearing(self._path, binary=True) as file:
            for chunk in self._message():
                file.write(compressor.compress(chunk))
            file.write(compressor.flush())

    def _message(self) -> Iterator[bytes]:
        """Yield the message of DocBin.to_bytes piece by piece: a msgpack map of nine items."""
        pack, n_docs = self._packer.pack, len(self._lengths)
        yield self._packer.pack_map_header(9)
        yield pack("version") + pack(self._version) + pack("attrs") + pack(self._attrs)
        yield pack("tokens")
        yield from _binary(self._tokens)
        yield pack("spaces")
        yield from _binary(self._spaces)
        yield pack("lengths") + pack(self._lengths.tobytes())
        yield pack("strings") + self._packer.pack_array_header(len(self._strings))
        for string in sorted(self._strings):
            yield pack(string)
        for name, file in (("cats", self._cats), ("flags", self._flags), ("span_groups", self._groups)):
            yield pack(name) + self._packer.pack_array_header(n_docs)
            yield from _chunks(file)


def _group(group: SpanGroup) -> dict[str, object]:
    """What SpanGroup.to_bytes packs."""
    spans = [
        struct.pack(">QQQllll", span.id, span.kb_id, span.label, span.start, span.end, span.start_char, span.end_char)
        for span in group
    ]
    return {"name": group.name, "attrs": group.attrs, "spans": spans}


def _spool() -> IO[bytes]:
    return SpooledTemporaryFile(max_size=8 * CHUNK)


def _binary(file: IO[bytes]) -> Iterator[bytes]:
    yield _bin_header(file.tell())
    yield from _chunks(file)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    file.seek(0)
    while chunk := file.read(CHUNK):
        yield chunk


def _bin_header(n_bytes: int) -> bytes:
    # The packer writes this header only together with its bytes, which need not fit into memory here.
    return b"\xc6" + struct.pack(">I", n_bytes)


def read_docs(path: str | Path, nlp: Language, *, shown: str = "") -> Iterator[Doc]:
    """Docs of a `.spacy` file, or of all below a folder in order of their names.

    shown (str): What messages call the file, where its path says nothing to the user.

    RAISES (FileNotFoundError, ValueError): H101, H104; H102 for a file that is no DocBin.
    """
    for docs in _read_bins(Path(path), shown):
        yield from docs.get_docs(nlp.vocab)


def count_docs(path: str | Path, *, shown: str = "") -> int:
    """How many Docs a `.spacy` file, or all below a folder hold, without making them.

    RAISES (FileNotFoundError, ValueError): As `read_docs`.
    """
    return sum(map(len, _read_bins(Path(path), shown)))


def _read_bins(path: Path, shown: str) -> Iterator[DocBin]:
    if not path.exists():
        raise FileNotFoundError(Errors.H101.format(path=path))
    files = sorted(path.rglob("*.spacy")) if path.is_dir() else [path]
    if not files:
        raise ValueError(Errors.H104.format(path=path))
    for file in files:
        try:
            docs = DocBin().from_disk(file)
        except Exception as error:  # zlib, msgpack and DocBin each raise their own kind
            raise ValueError(Errors.H102.format(path=shown or file, format=".spacy", reason=error)) from error
        yield docs
