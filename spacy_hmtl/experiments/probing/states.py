"""Vectors of sentences from a pipeline: means of the states of each level."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy
from spacy.language import Language
from spacy.tokens import Doc
from thinc.api import fix_random_seed

from .classify import Vectors
from .kinds import Item

_BATCH = 256


def sentence_vectors(nlp: Language, pipe: Any, items: Sequence[Item]) -> dict[str, Vectors]:
    """The mean of the states over the tokens of each sentence; all levels in one pass.

    nlp (Language): With the vocabulary.
    pipe (HMTL): The component.
    items (Sequence): Sentences.
    RETURNS (dict): "embeddings" and each task -> shape (sentences, width).
    """
    found: dict[str, list[Vectors]] = {}
    for start in range(0, len(items), _BATCH):
        docs = [Doc(nlp.vocab, words=list(item.words)) for item in items[start : start + _BATCH]]
        for name, arrays in pipe.states(docs).items():
            rows = [pipe.model.ops.to_numpy(array).mean(axis=0) for array in arrays]
            found.setdefault(name, []).append(numpy.stack(rows).astype("float32"))
    return {name: numpy.concatenate(parts) for name, parts in found.items()}


def forget(pipe: Any, seed: int) -> None:
    """Draw the weights of encoders and heads again; the embeddings stay.

    pipe (HMTL): Changed in place.
    seed (int): Of the weights.
    """
    shim = pipe.model.shims[0]
    hierarchy = shim.hierarchy
    fix_random_seed(seed)
    shim.build(hierarchy.input_width, hierarchy.label_sets)
