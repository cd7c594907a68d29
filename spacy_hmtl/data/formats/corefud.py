"""CorefUD: coreference of many languages in CoNLL-U (Nedoluzhko et al. 2022).

`# global.Entity = eid-etype-head-other` gives the order of the fields; types may be
missing. Mentions in several pieces (`e5[1/2]`) and on empty nodes are reported.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path

from ...annotations import AnnotatedDocument
from ..faults import FaultLog
from ..reading.conllu import read_conllu


def read(path: Path, *, faults: FaultLog, ids: Container[str] | None = None) -> Iterator[AnnotatedDocument]:
    """Read a file of CorefUD.

    path (Path): The `.conllu` file.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id stands after `# newdoc id =`.
    YIELDS (AnnotatedDocument): The documents, with `clusters`, and with `mentions` where
        mentions have types.
    RAISES (ConversionError): H102, if the file is not CoNLL-U.
    """
    yield from read_conllu(path, format="corefud", faults=faults, ids=ids)
