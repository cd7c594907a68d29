"""What the component asks of embedding layers beside vectors, and where it asks.

Any Thinc model from Docs to one array per Doc, shape (tokens, width), is an embedding. One
that must know more has a shim that is an `EmbeddingHooks`; docs/extending.md shows one.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from spacy.vocab import Vocab
from thinc.api import Model


class EmbeddingHooks:
    """A mixin for the shims of an embedding; each method does nothing until it is overridden."""

    def see_words(self, words: Sequence[str]) -> None:
        """The words of the training data, told before initialization, to layers that keep something for each.

        words (Sequence): Each once, sorted.
        """

    def check_vocab(self, vocab: Vocab) -> None:
        """Fail where the layer, now that its weights are loaded, does not fit the vocabulary.

        vocab (Vocab): Of the pipeline.
        RAISES (ValueError): Whatever tells the user what to do.
        """

    def vectors_checksum(self, vocab: Vocab) -> str | None:
        """A checksum of what the layer reads of the vocabulary, where it reads vectors.

        vocab (Vocab): Of the pipeline.
        RETURNS (str, optional): Hexadecimal.
        """
        return None

    def local_paths(self) -> dict[str, str | None]:
        """Paths of this machine in the layer's settings, asked for before initialization.

        RETURNS (dict): Path as it stands in the config -> what a saved config says in its place.
        """
        return {}

    def set_precision(self, precision: str) -> bool:
        """Predict with another precision; training and saved weights stay in float32.

        precision (str): One of `spacy_hmtl.nn.precision.PRECISIONS`.
        RETURNS (bool): Whether the layer can do with less than float32 at all.
        """
        return False


def hooks_of(model: Model[Any, Any]) -> Iterator[EmbeddingHooks]:
    """All hooks of a model and the layers in it, in the order of the layers.

    model (Model): The component's, or its embeddings.
    RETURNS (Iterator): Shims that are `EmbeddingHooks`.
    """
    return (shim for node in model.walk() for shim in node.shims if isinstance(shim, EmbeddingHooks))


def local_paths(model: Model[Any, Any]) -> dict[str, str | None]:
    """Paths of this machine that layers are loaded from, each with what a saved config says in its place.

    An encoder travels inside the pipeline, so that a name is enough; the folder of a cache is
    of no use elsewhere.

    model (Model): The component's, before it is initialized.
    RETURNS (dict): Path as it stands in the config -> what a saved config says in its place.
    """
    paths: dict[str, str | None] = {}
    for node in model.walk():
        # A layer of spacy-transformers, in ours and where it is the embedding itself.
        if node.name == "transformer" and Path(str(node.attrs.get("name", ""))).is_dir():
            name = str(node.attrs["name"])
            paths[name] = Path(name).name
    for hooks in hooks_of(model):
        paths |= hooks.local_paths()
    return paths
