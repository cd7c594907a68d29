"""Docs that teach nothing: they may be other components' business, or a mistake that must not pass for training."""

from __future__ import annotations

import warnings
from collections.abc import Sequence

from spacy.tokens import Doc
from spacy.training import Example

from ..errors import Errors, Warnings

# Batches in a row, from the first one on, that may be the business of other components.
_PATIENCE = 50
_OTHERS = ("TAG", "POS", "MORPH", "LEMMA", "DEP", "HEAD", "ENT_IOB", "ENT_KB_ID")


class BareDocs:
    """Counts Docs without a lesson, until a batch has taught something."""

    def __init__(self) -> None:
        self._is_needed = True
        self._n_docs = self._n_batches = 0

    def count(self, examples: Sequence[Example], is_lesson: bool, name: str, tasks: Sequence[str]) -> None:
        """Take note of an untagged batch.

        examples (Sequence): Of the batch; an empty one counts for nothing.
        is_lesson (bool): Whether it teaches something.
        name (str): Of the component.
        tasks (Sequence): Of the hierarchy.
        RAISES (ValueError): H320 at the second batch in which no Doc has any annotation, and where many
            batches held some for other components alone.
        """
        if is_lesson or not examples:
            self._is_needed &= not is_lesson
            return
        if not self._is_needed:
            return
        self._n_docs += len(examples)
        self._n_batches += 1
        has_others = any(_is_for_others(eg.reference) for eg in examples)
        if self._n_batches >= (_PATIENCE if has_others else 2):
            raise ValueError(Errors.H320.format(n=self._n_docs, name=name, tasks=", ".join(tasks)))
        if self._n_batches == 1 and has_others:
            message = Warnings.W162.format(n=self._n_docs, name=name, tasks=", ".join(tasks), patience=_PATIENCE)
            warnings.warn(message, stacklevel=4)


def _is_for_others(doc: Doc) -> bool:
    # Our own facts about a Doc (who speaks, where it comes from) are no annotation.
    spans = [key for key in doc.spans if not key.startswith("hmtl_")]
    return len(doc) > 0 and (bool(doc.cats) or bool(spans) or any(map(doc.has_annotation, _OTHERS)))
