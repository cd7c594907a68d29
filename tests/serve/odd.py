"""Pipelines that servers of the tests load, in processes that have not imported the tests."""

from __future__ import annotations

import os
import time
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import Doc


def load_tiny(path: Path) -> Language:
    return spacy.load(path)


def load_odd(path: Path, gate: Path) -> Language:
    """A pipeline that waits on some texts until a file is there, and fails or ends its process on others."""

    @Language.component("test_waits_or_fails")
    def waits_or_fails(doc: Doc) -> Doc:
        while "wait" in doc.text and not gate.exists():
            time.sleep(0.02)
        if "for ever" in doc.text:
            time.sleep(1000)
        if "poison" in doc.text:
            raise RuntimeError(f"cannot digest {doc.text}")
        if "crash" in doc.text:
            os._exit(3)
        return doc

    nlp = spacy.load(path)
    nlp.add_pipe("test_waits_or_fails", last=True)
    return nlp


def end_at_load(*_: object) -> Language:
    """A process that ends while it loads, as one that the system kills for its memory."""
    os._exit(3)
