"""GUM and OntoGUM: coreference and typed nested mentions in 16 genres (Zeldes 2017; Zhu et al. 2021).

`dep/DOC.conllu` has GUM's own layer: `Entity=(ID-type-...`, singletons included, so
mentions and clusters. `coref/ontogum/conllu/DOC.conllu` has `Entity=(ID`, clusters after
the OntoNotes guidelines: no types, so no mentions. `# global.Entity` tells them apart.
A document stands in both folders under one name: convert them apart.
"""

from __future__ import annotations

from collections.abc import Container, Iterator
from pathlib import Path

from ...annotations import AnnotatedDocument
from ..faults import FaultLog
from ..reading.conllu import read_conllu


def read(path: Path, *, faults: FaultLog, ids: Container[str] | None = None) -> Iterator[AnnotatedDocument]:
    """Read a file of GUM or OntoGUM.

    path (Path): The `.conllu` file.
    faults (FaultLog): Takes what is wrong.
    ids (Container[str] | None): Read these documents only; an id stands after `# newdoc id =`.
    YIELDS (AnnotatedDocument): The documents, with `clusters`, and in GUM's own layer
        `mentions`; `meta` holds `genre`, and `speakers` where sentences have them.
    RAISES (ConversionError): H102, if the file is not CoNLL-U.
    """
    yield from read_conllu(path, format="gum", faults=faults, ids=ids)
