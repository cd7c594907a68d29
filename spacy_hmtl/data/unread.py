"""No empty gold: a layer of which nothing could be read is not annotated, and a corpus of such layers is refused."""

from __future__ import annotations

from collections import Counter

from ..annotations import AnnotatedDocument
from ..errors import Errors
from .faults import ConversionError, FaultLog

_LAYERS = {
    "name": ("entities",),
    "relation": ("relations",),
    "cluster mention": ("clusters",),
    "coreference link": ("clusters",),
    "group": ("clusters",),
}


class Unread:
    """Follows a conversion: which documents lost units of which layers.

    lost: by layer the units that could not be read.
    """

    def __init__(self, log: FaultLog) -> None:
        self.lost: Counter[str] = Counter()
        self._log = log
        self._n_seen = 0
        self._units: dict[str, Counter[str]] = {}  # by name of a document

    def settle(self, document: AnnotatedDocument) -> None:
        """Mark the layers of a document as not annotated that are empty because nothing in them could be read.

        document (AnnotatedDocument): A document that was read.
        """
        for fault in self._log.faults[self._n_seen :]:
            self._units.setdefault(fault.place.document, Counter())[fault.unit] += 1
        self._n_seen = len(self._log.faults)
        # Names are those of the mentions in the formats that have these; elsewhere mentions are of clusters.
        of_mentions = ("mentions", "entities") if document.layers.mentions is not None else ("clusters",)
        for unit, count in self._units.get(document.name, Counter()).items():
            for layer in of_mentions if unit == "mention" else _LAYERS.get(unit, ()):
                rows = getattr(document.layers, layer)
                if rows is not None:
                    self.lost[layer] += count
                if rows == []:
                    setattr(document.layers, layer, None)

    def check(self, path: str, n_read: Counter[str]) -> None:
        """Refuse a corpus of which nothing could be read in a layer that has faults.

        path (str): What was read.
        n_read (Counter[str]): By layer the units that were read.
        RAISES (ConversionError): H151.
        """
        empty = sorted(layer for layer, count in self.lost.items() if count and not n_read[layer])
        # Of a table of tags, the sentences with names may be those that were skipped.
        if not empty and not n_read.total() and any(fault.unit == "sentence" for fault in self._log.faults):
            empty = ["annotation"]
        if empty:
            n_faults = len(self._log.faults)
            what = " and ".join(empty)
            message = Errors.H151.format(path=path, what=what, n=n_faults, first=self._log.faults[0].what)
            raise ConversionError(message, self._log)
