"""No empty gold: a layer of which nothing could be read is not annotated, and a file of such layers is refused."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

from ..annotations import AnnotatedDocument
from ..errors import Errors
from .faults import ConversionError, FaultLog, Place

WITHOUT_LAYER = "files without any annotation that is read, whose documents are not annotated"
_LAYERS = {
    "name": ("entities",),
    "relation": ("relations",),
    "cluster mention": ("clusters",),
    "coreference link": ("clusters",),
    "group": ("clusters",),
}


@dataclass
class _File:
    """What became of the units of one file.

    read, lost: by layer the units that could be read, and those that could not.
    units: by name of a document the units of its faults.
    n_sentences: sentences that were left out.
    first: what the first fault says.
    """

    path: Path | None
    n_documents: int = 0
    is_annotated: bool = False
    read: Counter[str] = field(default_factory=Counter)
    lost: Counter[str] = field(default_factory=Counter)
    units: dict[str, Counter[str]] = field(default_factory=dict)
    n_faults: int = 0
    n_sentences: int = 0
    first: str = ""

    def empty(self) -> list[str]:
        """The layers of which there were units, and none could be read."""
        empty = sorted(layer for layer, count in self.lost.items() if count and not self.read[layer])
        # Of a table of tags, the sentences with names may be those that were skipped.
        return empty or (["annotation"] if self.n_sentences and not self.read.total() else [])


class Unread:
    """Follows a conversion file by file: which documents lost units of which layers."""

    def __init__(self, log: FaultLog) -> None:
        self._log = log
        self._n_seen = 0
        self._file = _File(None)
        self._all = _File(None)
        self._without: list[Path] = []

    def settle(self, document: AnnotatedDocument) -> None:
        """Mark the layers of a document as not annotated that are empty because nothing in them could be read.

        document (AnnotatedDocument): A document that was read, with the labels of its file.
        RAISES (ConversionError): H151, if the file before was one of which nothing could be read in a layer.
        """
        if self._log.reading != self._file.path:
            self._end_file()
            self._file = _File(self._log.reading)
        self._take_faults()
        # Names are those of the mentions in the formats that have these; elsewhere mentions are of clusters.
        of_mentions = ("mentions", "entities") if document.layers.mentions is not None else ("clusters",)
        for unit, count in self._file.units.get(document.name, Counter()).items():
            for layer in of_mentions if unit == "mention" else _LAYERS.get(unit, ()):
                rows = getattr(document.layers, layer)
                if rows is not None or unit in _LAYERS:
                    self._file.lost[layer] += count
                if rows == []:
                    setattr(document.layers, layer, None)
        counts = document.layers.counts()
        self._file.n_documents += 1
        self._file.is_annotated = self._file.is_annotated or bool(counts)
        self._file.read.update(counts)

    def check(self, path: str) -> None:
        """Refuse a corpus of which nothing could be read in a layer that has faults, or nothing in any layer.

        path (str): What was read.
        RAISES (ConversionError): H151 and H174.
        """
        self._take_faults()
        self._end_file()
        if not self._all.is_annotated:
            raise ConversionError(Errors.H174.format(path=path, found=self._found()), self._log)
        self._refuse(path, self._all)
        for file in self._without:
            self._log.note(Place(file), WITHOUT_LAYER)

    def _take_faults(self) -> None:
        """Count the faults since the last document."""
        for fault in self._log.faults[self._n_seen :]:
            self._file.units.setdefault(fault.place.document, Counter())[fault.unit] += 1
            self._file.n_faults += 1
            self._file.n_sentences += fault.unit == "sentence"
            self._file.first = self._file.first or fault.what
        self._n_seen = len(self._log.faults)

    def _end_file(self) -> None:
        """Check a file of several documents. Of a single one the layer is absent, which other files need not share."""
        file, total = self._file, self._all
        if file.n_documents > 1:
            self._refuse(str(file.path), file)
        if file.path is not None and file.n_documents and not file.is_annotated:
            self._without.append(file.path)
        total.is_annotated = total.is_annotated or file.is_annotated
        total.read.update(file.read)
        total.lost.update(file.lost)
        total.n_faults += file.n_faults
        total.n_sentences += file.n_sentences
        total.first = total.first or file.first

    def _found(self) -> str:
        """What is there in place of annotation."""
        noted = [kind for kind, _ in self._log.n_noted().most_common()]
        return "; ".join([*filter(None, [self._all.first]), *noted][:3]) or "there is no annotation"

    def _refuse(self, path: str, file: _File) -> None:
        if empty := file.empty():
            message = Errors.H151.format(path=path, what=" and ".join(empty), n=file.n_faults, first=file.first)
            raise ConversionError(message, self._log)
