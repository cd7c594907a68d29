"""Character CNN over the words of a batch, each distinct word once."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy
import torch
from spacy.tokens import Doc
from thinc.api import Model, get_torch_default_device, torch2xp, xp2torch
from thinc.types import Floats2d

from ...errors import Errors
from ...nn.character_cnn import N_ROWS, CharacterCNN
from ..shim import ModuleShim

# Longer words keep their first characters.
_MAX_CHARACTERS = 50


def make_char_cnn(
    *, character_width: int = 16, n_filters: int = 64, filter_width: int = 3, dropout: float = 0.1
) -> Model[list[Doc], list[Floats2d]]:
    """Character CNN embedding.

    character_width (int): Width of a character's embedding.
    n_filters (int): Filters, which is also the width of the output.
    filter_width (int): Characters a filter sees; odd.
    dropout (float): On the output.
    RETURNS (Model): From Docs to arrays of shape (tokens, n_filters).
    RAISES (ValueError): H205.
    """
    faults = [
        ("character_width", character_width >= 1, "at least 1", character_width),
        ("n_filters", n_filters >= 1, "at least 1", n_filters),
        # An even filter has no middle character, so that its outputs would not stand at characters.
        ("filter_width", filter_width >= 1 and filter_width % 2 == 1, "odd and at least 1", filter_width),
        ("dropout", 0.0 <= dropout < 1.0, "from 0 to below 1", dropout),
    ]
    for key, is_right, expected, value in faults:
        if not is_right:
            section = "the CharCNN embedding"
            raise ValueError(Errors.H205.format(key=key, expected=expected, value=value, section=section))
    module = CharacterCNN(character_width, n_filters, filter_width, dropout)
    return Model("hmtl_char_cnn", _forward, init=_init, shims=[ModuleShim(module)], dims={"nO": n_filters})


def _init(model: Any, X: object = None, Y: object = None) -> None:
    # Drawn again here, so that the seed set before initialization decides.
    model.shims[0]._model.reset_parameters()


def _rows(docs: list[Doc]) -> tuple[numpy.ndarray, numpy.ndarray, numpy.ndarray]:
    """Character rows of the distinct words, their lengths, and the word of each token."""
    orths = numpy.concatenate([doc.to_array("ORTH").reshape(-1) for doc in docs])
    distinct, words = numpy.unique(orths, return_inverse=True)
    strings = docs[0].vocab.strings
    texts = [strings[int(orth)][:_MAX_CHARACTERS] for orth in distinct]
    lengths = numpy.asarray([len(text) for text in texts], dtype="int64")
    points = numpy.frombuffer("".join(texts).encode("utf-32-le", "surrogatepass"), dtype="uint32").astype("int64")
    characters = numpy.zeros((len(texts), max(1, int(lengths.max()))), dtype="int64")
    characters[numpy.arange(characters.shape[1]) < lengths[:, None]] = 1 + points % N_ROWS
    return characters, lengths, words.reshape(-1)


def _forward(model: Any, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable[..., Any]]:
    module, sizes = model.shims[0]._model, [len(doc) for doc in docs]
    if not sum(sizes):
        return [model.ops.alloc2f(0, model.get_dim("nO")) for _ in docs], lambda d_output: docs
    device = get_torch_default_device()
    inputs = [torch.as_tensor(array, device=device) for array in _rows(docs)]
    module.train(is_train)
    with torch.set_grad_enabled(is_train):
        vectors = module(*inputs)
    flat = torch2xp(vectors.detach())

    def backprop(d_output: list[Floats2d]) -> list[Doc]:
        vectors.backward(xp2torch(model.ops.xp.concatenate(d_output), device=device))
        return docs

    return model.ops.unflatten(flat, model.ops.asarray1i(sizes)), backprop
