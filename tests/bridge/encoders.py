"""Pipelines of names and coreference on a tiny encoder, and what of their weights is the encoder's."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import torch
from spacy.language import Language
from spacy.training import Example
from tiny import tiny_nlp, weights
from tiny_encoder import encoder_block


def make_nlp(examples: list[Example], encoder: Path, **settings: Any) -> Language:
    return tiny_nlp(examples, [["ner"], ["coref"]], model={"embed": encoder_block(encoder, **settings)})


def encoder_weights(nlp: Language) -> dict[str, numpy.ndarray]:
    return {name: value for name, value in weights(nlp.get_pipe("hmtl")).items() if ".hmtl." not in name}


def changed(before: dict[str, numpy.ndarray], after: dict[str, numpy.ndarray]) -> bool:
    return any(not numpy.array_equal(before[name], after[name]) for name in before)


def pieces_of(nlp: Language, text: str) -> tuple[Any, torch.Tensor]:
    """The encoder, and its output on a text of one window, special pieces left out, shape (layers + 1, P, H)."""
    model: Any = nlp.get_pipe("hmtl").model.layers[0].layers[0]  # type: ignore[attr-defined]
    encoder = model.layers[0].shims[0].loaded
    inputs = encoder.tokenizer(text, return_tensors="pt")
    encoder.transformer.eval()
    with torch.no_grad():
        hidden = encoder.transformer(**inputs, output_hidden_states=True).hidden_states
    return model, torch.stack(hidden)[:, 0, 1:-1]
