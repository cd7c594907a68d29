"""What a process holds: as the system sees it, and of what kind it is."""

from __future__ import annotations

import ctypes
import gc
import sys
from pathlib import Path

from spacy.language import Language


class _Heap(ctypes.Structure):
    """`struct mallinfo2` of glibc."""

    _fields_ = [
        (name, ctypes.c_size_t)
        for name in (
            *("arena", "ordblks", "smblks", "hblks", "hblkhd"),
            *("usmblks", "fsmblks", "uordblks", "fordblks", "keepcost"),
        )
    ]


def memory(nlp: Language) -> dict[str, float]:
    """Sizes after a collection of garbage, in MB, and counts.

    nlp (Language): The pipeline.
    RETURNS (dict): `resident`, of the process; `heap` and `heap_free`, what C libraries hold of malloc (torch, spaCy's
        structures, Python's larger objects) and what malloc keeps to give out again, zero without glibc; `blocks`,
        Python's own small objects; `strings` and `lexemes` of the vocabulary.
    """
    gc.collect()
    heap = _heap()
    return {
        "resident": resident(),
        "heap": round((heap.uordblks + heap.hblkhd) / 2**20, 1),
        "heap_free": round(heap.fordblks / 2**20, 1),
        "blocks": sys.getallocatedblocks(),
        "strings": len(nlp.vocab.strings),
        "lexemes": len(nlp.vocab),
    }


def resident() -> int:
    """Memory of the process as the system counts it, in MB."""
    status = Path("/proc/self/status").read_text(encoding="ascii")
    return int(status.split("VmRSS:")[1].split()[0]) // 1024


def _heap() -> _Heap:
    try:
        function = ctypes.CDLL(None).mallinfo2
    except AttributeError:
        return _Heap()
    function.restype = _Heap
    found: _Heap = function()
    return found
