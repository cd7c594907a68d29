"""Docs one after the other, as one."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from itertools import accumulate
from typing import Any

from spacy.tokens import Doc

from ..annotations.groups import ENTITIES, META, get_meta, set_meta
from ..annotations.layers import LAYERS, Layers, read, replace
from ..errors import Errors, Warnings


def join_docs(docs: Sequence[Doc]) -> Doc:
    """One new Doc of the tokens and layers of several; clusters of different Docs stay apart.

    A layer that one of the Docs lacks is left out, with a warning, since the joined Doc
    cannot say "annotated" of a part. Facts about the Docs are kept as a list under `parts`,
    each with its tokens `start` and `end`; speakers are joined.

    docs (Sequence): Of one vocabulary, at least one. A Doc that ends without a space gets one.
    RETURNS (Doc): The Docs in their order.
    RAISES (ValueError): H562.
    """
    if not docs:
        raise ValueError(Errors.H562)
    filled = [doc for doc in docs if len(doc)]
    if not filled:
        return docs[0].copy()
    joined = Doc.from_docs(filled)
    if joined is None:  # spaCy's answer to an empty list
        raise ValueError(Errors.H562)
    starts = [0, *accumulate(len(doc) for doc in filled)]
    layers = [read(doc).shifted(start) for doc, start in zip(filled, starts)]
    lacking = [layer.field for task, layer in LAYERS.items() if len({one.of(task) is None for one in layers}) > 1]
    if lacking:
        warnings.warn(Warnings.W150.format(layers=", ".join(lacking)), stacklevel=2)
    scored = any(ENTITIES in doc.spans for doc in filled)
    replace(joined, _sum(layers), scored_entities=scored)
    _join_meta(joined, filled, starts)
    return joined


def _sum(parts: Sequence[Layers]) -> Layers:
    """The layers that all parts have."""

    def together(task: str) -> list[Any] | None:
        found = [part.of(task) for part in parts]
        return None if None in found else [row for rows in found for row in rows or []]

    return Layers(**{layer.field: together(task) for task, layer in LAYERS.items()})


def _join_meta(joined: Doc, docs: Sequence[Doc], starts: Sequence[int]) -> None:
    joined.spans.pop(META, None)
    metas = [get_meta(doc) for doc in docs]
    if not any(metas):
        return
    speakers = [meta.pop("speakers", None) for meta in metas]
    facts: dict[str, Any] = {
        "parts": [{**meta, "start": start, "end": start + len(doc)} for meta, doc, start in zip(metas, docs, starts)]
    }
    if all(isinstance(one, list) and len(one) == len(doc) for one, doc in zip(speakers, docs)):
        facts["speakers"] = [speaker for one in speakers for speaker in one or []]
    set_meta(joined, facts)
