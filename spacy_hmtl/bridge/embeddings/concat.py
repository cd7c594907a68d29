"""Concatenation of embedding layers, and the hash embeddings of the default config."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy
from spacy.ml.models import MultiHashEmbed
from spacy.tokens import Doc
from thinc.api import Model
from thinc.types import Floats2d

from ...errors import Errors


def make_concat(*, layers: dict[str, Any]) -> Model[list[Doc], list[Floats2d]]:
    """Any embedding layers side by side.

    layers (dict): Name of each layer to the layer, a Model from Docs to arrays. They are concatenated in the order of
        their names, because config sections come back sorted.
    RETURNS (Model): From Docs to arrays of shape (tokens, sum of the widths).
    RAISES (ValueError): H236 without layers.

    Source: Sanh et al. (2019), section "Words embeddings": GloVe, ELMo and character
    embeddings concatenated.
    """
    if not layers:
        raise ValueError(Errors.H236)
    names = sorted(layers)
    return Model(
        "hmtl_concat(" + "|".join(names) + ")",
        _forward,
        init=_init,
        layers=[layers[name] for name in names],
        dims={"nO": None},
    )


def make_hash_embedding(
    *,
    width: int = 96,
    rows: Sequence[int] = (5000, 1000, 2500, 1000),
    attrs: Sequence[str] = ("NORM", "PREFIX", "SUFFIX", "SHAPE"),
    characters: Model[list[Doc], list[Floats2d]] | None = None,
) -> Model[list[Doc], list[Floats2d]]:
    """spaCy's hash embeddings of lexical attributes, beside character embeddings; needs no download.

    width (int): Width of the hash embeddings after mixing.
    rows (list): Rows of the table of each attribute.
    attrs (list): Lexical attributes, such as "NORM", "PREFIX", "SUFFIX", "SHAPE".
    characters (Model, optional): Such as `spacy_hmtl.CharCNN.v1`.
    RETURNS (Model): From Docs to arrays of shape (tokens, width + width of the characters).
    """
    words = MultiHashEmbed(width=width, rows=list(rows), attrs=list(attrs), include_static_vectors=False)
    layers = {"words": words}
    if characters is not None:
        layers["characters"] = characters
    model = make_concat(layers=layers)
    model.attrs["by_word"] = [model.layers.index(words)]
    return model


def _init(model: Model[Any, Any], X: Any = None, Y: Any = None) -> None:
    for layer in model.layers:
        layer.initialize(X=X)
    model.set_dim("nO", sum(width_of(layer, X) for layer in model.layers), force=True)


def width_of(layer: Model[Any, Any], docs: list[Doc] | None) -> int:
    """Output width of an initialized embedding layer, found by running it where it does not tell.

    layer (Model): Initialized.
    docs (list, optional): Sample Docs, the first of them with tokens.
    RETURNS (int): E of this layer.
    """
    if layer.has_dim("nO"):
        return int(layer.get_dim("nO"))
    return int(layer.predict(docs)[0].shape[1])


def _forward(model: Model[Any, Any], docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable[..., Any]]:
    if not is_train:
        return _predict(model, docs), lambda d_output: docs
    columns, callbacks = zip(*(layer(docs, is_train) for layer in model.layers))
    output = [model.ops.xp.hstack(parts) for parts in zip(*columns)]
    boundaries = [0]
    for column in columns:
        boundaries.append(boundaries[-1] + (column[0].shape[1] if column else 0))

    def backprop(d_output: list[Floats2d]) -> list[Doc]:
        for start, end, callback in zip(boundaries, boundaries[1:], callbacks):
            callback([model.ops.xp.ascontiguousarray(d[:, start:end]) for d in d_output])
        return docs

    return output, backprop


def _predict(model: Model[Any, Any], docs: list[Doc]) -> list[Floats2d]:
    if not any(map(len, docs)):
        return [model.ops.xp.hstack(parts) for parts in zip(*(layer.predict(docs) for layer in model.layers))]
    by_word = model.attrs.get("by_word", [])
    columns = [
        _by_word(layer, docs) if number in by_word else model.ops.xp.concatenate(layer.predict(docs))
        for number, layer in enumerate(model.layers)
    ]
    return model.ops.unflatten(model.ops.xp.hstack(columns), model.ops.asarray1i([len(doc) for doc in docs]))


class _Words:
    """Distinct words of a batch: all that spaCy's feature extractor asks of a Doc."""

    def __init__(self, rows: numpy.ndarray) -> None:
        self.rows = rows

    def __len__(self) -> int:
        return len(self.rows)

    def to_array(self, columns: Any) -> numpy.ndarray:
        return self.rows


# Odd numbers that the attributes of a word are multiplied by, to sort words by one number.
_FACTOR = 0x9E3779B97F4A7C15


def _by_word(layer: Model[Any, Any], docs: list[Doc]) -> Floats2d:
    """Vectors of all tokens by a layer that looks at the attributes of one word at a time, each distinct word once.

    RETURNS (Floats2d): Shape (T, width).
    """
    attrs = layer.layers[0].attrs["columns"]
    # (T, attrs)
    rows = numpy.concatenate([doc.to_array(attrs).reshape(-1, len(attrs)) for doc in docs]).astype("uint64")
    factors = numpy.asarray([pow(_FACTOR, n, 2**64) for n in range(rows.shape[1])], dtype="uint64")
    keys = (rows * factors).sum(axis=1, dtype="uint64")
    _, first, owner = numpy.unique(keys, return_index=True, return_inverse=True)
    owner = owner.reshape(-1)
    if not (rows[first].take(owner, axis=0) == rows).all():  # two words with one key
        result: Floats2d = layer.ops.xp.concatenate(layer.predict(docs))
        return result
    vectors = layer.predict([_Words(rows[first])])[0]
    result = vectors.take(layer.ops.xp.asarray(owner), axis=0)
    return result
