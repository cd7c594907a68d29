"""What the layers of a model learn of the vocabulary."""

from __future__ import annotations

from collections.abc import Sequence

from spacy.attrs import ORTH
from spacy.tokens import Doc
from spacy.vocab import Vocab
from thinc.api import Model


def add_words(words: dict[int, str], doc: Doc) -> None:
    """Add the words of a Doc, by their hashes."""
    found: set[int] = set(map(int, doc.to_array(ORTH).reshape(-1)))
    for word in found - words.keys():
        words[word] = doc.vocab.strings[word]


def see_words(model: Model, words: Sequence[str]) -> None:
    """Tell layers that keep a row for each word of the training data (word vectors) what these words are.

    words (Sequence): Each once, before initialization.
    """
    for node in model.walk():
        for shim in node.shims:
            if hasattr(shim, "see_words"):
                shim.see_words(words)


def check_vocab(model: Model, vocab: Vocab) -> None:
    """Fail where a loaded model does not fit the vectors of its vocabulary.

    RAISES (ValueError): H233.
    """
    for node in model.walk():
        for shim in node.shims:
            if hasattr(shim, "check_vocab"):
                shim.check_vocab(vocab)
