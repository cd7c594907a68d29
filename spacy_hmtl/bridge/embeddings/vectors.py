"""Word vectors: those of the pipeline's vocabulary, fine-tuned for the words of the training data."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any
from zlib import crc32

import numpy
import torch
from spacy.attrs import LOWER
from spacy.tokens import Doc
from spacy.vectors import Mode
from spacy.vocab import Vocab
from thinc.api import Model, Optimizer, PyTorchShim, get_array_module, get_torch_default_device, torch2xp, xp2torch
from thinc.types import Floats2d
from torch import Tensor

from ...errors import Errors
from ...nn.word_rows import WordRows
from ..shim import TouchedParams
from ..state import read_state, save_state
from .protocol import EmbeddingHooks

_SECTION = "the WordVectors embedding"


class WordRowsShim(EmbeddingHooks, TouchedParams, PyTorchShim):
    """Holds the trained rows, whose number is known at initialization; its bytes carry them and no others.

    lr_scale (float): Factor on the optimizer's learning rate.
    """

    def __init__(self, lr_scale: float) -> None:
        super().__init__(None)
        self.lr_scale = lr_scale
        # Words of the training data, told before initialization.
        self.words: Sequence[str] | None = None

    @property
    def table(self) -> WordRows:
        """The rows. RAISES (ValueError): H234, before initialization."""
        if self._model is None:
            raise ValueError(Errors.H234)
        result: WordRows = self._model
        return result

    def set(self, table: WordRows) -> None:
        """Take a table.

        table (WordRows): Moved to the device in use.
        """
        self._model = table.to(get_torch_default_device())

    def see_words(self, words: Sequence[str]) -> None:
        """Words of the training data, each once, to make rows for.

        words (Sequence): Each once.
        """
        self.words = words

    def check_vocab(self, vocab: Vocab) -> None:
        """RAISES (ValueError): H233 if the vocabulary's vectors are not as wide as the trained rows.

        vocab (Vocab): Of the pipeline.
        """
        if self._model is not None and vocab.vectors.shape[1] != self.table.width:
            raise ValueError(Errors.H233.format(found=vocab.vectors.shape[1], expected=self.table.width))

    def vectors_checksum(self, vocab: Vocab) -> str | None:
        """See `EmbeddingHooks`: of the table, and of which word has which row.

        vocab (Vocab): Of the pipeline.
        RETURNS (str): Hexadecimal.
        """
        vectors = vocab.vectors
        table = xp2torch(vectors.data, device=torch.device("cpu")).contiguous().numpy()
        rows = numpy.asarray(list(vectors.key2row.items()), dtype="uint64")
        return f"{crc32(rows.tobytes(), crc32(table.tobytes())):08x}"

    def finish_update(self, optimizer: Optimizer) -> None:
        """Step the rows of the words that were read; the others stand still.

        Their gradient is zero, but the optimizer's momentum would go on moving them.

        optimizer (Optimizer): Of the update.
        """
        if self._model is None:
            return
        gradient = self.table.rows.grad
        momentum: Any = optimizer.mom1.get((self.id, "rows"))
        if gradient is not None and momentum is not None:
            still: Any = torch2xp((gradient == 0).all(1))
            momentum.reshape(gradient.shape)[still] = 0.0
        super().finish_update(optimizer)

    def to_bytes(self) -> bytes:
        """Keys and rows; nothing before initialization."""
        return b"" if self._model is None else save_state(self._model)

    def from_bytes(self, bytes_data: bytes) -> WordRowsShim:
        """Take the rows that were saved.

        bytes_data (bytes): Made by `to_bytes`.
        RETURNS (WordRowsShim): Itself.
        RAISES (ValueError): H209 where they do not fit each other; H584 where they cannot be read.
        """
        if not bytes_data:
            self._model = None
            return self
        state = read_state(bytes_data)
        if set(state) != {"keys", "rows"} or len(state["rows"]) != 1 + len(state["keys"]):
            reason = "rows and keys of the word vectors are " + ", ".join(
                f"{k} {tuple(v.shape)}" for k, v in state.items()
            )
            raise ValueError(Errors.H209.format(reason=reason))
        self.set(WordRows(state["keys"], state["rows"]))
        return self


def make_word_vectors(
    *, frozen: bool = False, lower: bool = False, word_dropout: float = 0.0, lr_scale: float = 1.0
) -> Model[list[Doc], list[Floats2d]]:
    """Word vectors of `nlp.vocab.vectors`, default or floret.

    A word of the training data has a row of its own, which starts from its vector (at random
    where it has none) and is fine-tuned; another word has its vector as it stands in the
    vocabulary; a word without any has the unknown word's row, which starts as the mean. Only
    rows that are trained are saved with the model: the table itself is in the vocabulary.

    frozen (bool): Train nothing; all vectors are the vocabulary's.
    lower (bool): Look words up in lower case, as GloVe 6B needs it; otherwise by the
        attribute of the vectors (`spacy init vectors --attr`), which is the text itself by default.
    word_dropout (float): Probability of reading a token as unknown in training; it trains the
        unknown word's row.
    lr_scale (float): Factor on the optimizer's learning rate.
    RETURNS (Model): From Docs to arrays of shape (tokens, width of the vectors).
    RAISES (ValueError): H205 at start; H232 at initialization without vectors; H233 in
        prediction and at loading if the vocabulary's vectors are of another width by then.

    Source: settings of the HMTL authors' configurations (GloVe 6B, 100-d, lower-cased,
    fine-tuned, vocabulary of the training data of all tasks).
    """
    if not 0.0 <= word_dropout < 1.0:
        expected = "from 0 to below 1"
        message = Errors.H205.format(key="word_dropout", expected=expected, value=word_dropout, section=_SECTION)
        raise ValueError(message)
    return Model(
        "hmtl_word_vectors",
        _forward,
        init=_init,
        shims=[WordRowsShim(lr_scale)],
        dims={"nO": None},
        attrs={"frozen": frozen, "lower": lower, "word_dropout": word_dropout, "dropout_rate": 0.0},
    )


def _init(model: Any, X: Any = None, Y: Any = None) -> None:
    shim = model.shims[0]
    vocab = X[0].vocab if X else None
    if vocab is None or not vocab.vectors.shape[1] or not vocab.vectors.shape[0]:
        raise ValueError(Errors.H232)
    data = xp2torch(vocab.vectors.data, device=torch.device("cpu")).float()
    mean = data.mean(0, keepdim=True)  # (1, width)
    keys = numpy.zeros(0, dtype="uint64")
    if not model.attrs["frozen"]:
        words = shim.words if shim.words is not None else sorted({token.text for doc in X for token in doc})
        keys = numpy.unique(_keys(Doc(vocab, words=list(words)), model.attrs["lower"]))
    vectors, has_vector = _lookup(vocab, keys)
    rows = mean + data.std(0, keepdim=True) * torch.randn(len(keys), data.shape[1])
    rows[has_vector] = vectors[has_vector].cpu()
    table = WordRows(torch.from_numpy(keys.view("int64")), torch.cat([mean, rows]))
    table.requires_grad_(not model.attrs["frozen"])
    shim.set(table)
    shim.words = None
    model.set_dim("nO", table.width, force=True)


def _keys(doc: Doc, lower: bool) -> numpy.ndarray:
    """Hash that each token is looked up by, shape (tokens,)."""
    return doc.to_array(LOWER if lower else doc.vocab.vectors.attr).reshape(-1).astype("uint64")


def _lookup(vocab: Vocab, keys: numpy.ndarray) -> tuple[Tensor, numpy.ndarray]:
    """Vectors of the vocabulary for distinct words, shape (V, width), and which of them have one, shape (V,)."""
    vectors, device = vocab.vectors, get_torch_default_device()
    if not len(keys):
        return torch.zeros((0, vectors.shape[1]), device=device), numpy.zeros(0, dtype=bool)
    if vectors.mode == Mode.floret:
        batch: Any = vectors.get_batch([vocab.strings[int(key)] for key in keys])
        return xp2torch(batch, device=device).float(), numpy.ones(len(keys), dtype=bool)
    rows = vectors.find(keys=keys.tolist())
    has_vector = numpy.asarray(rows.tolist()) >= 0
    array: Any = vectors.data[get_array_module(vectors.data).maximum(rows, 0)]
    return xp2torch(array, device=device).float(), has_vector


def _forward(model: Any, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable[..., Any]]:
    table, device = model.shims[0].table, get_torch_default_device()
    sizes = model.ops.asarray1i([len(doc) for doc in docs])
    filled = [doc for doc in docs if len(doc)]
    if not filled:
        return [model.ops.alloc2f(0, table.width) for _ in docs], lambda d_output: docs
    vocab = filled[0].vocab
    model.shims[0].check_vocab(vocab)
    keys, words = numpy.unique(
        numpy.concatenate([_keys(doc, model.attrs["lower"]) for doc in filled]), return_inverse=True
    )
    rows = table.find(keys)
    others = (rows == 0).nonzero()[0]
    vectors, has_vector = _lookup(vocab, keys[others])
    fixed = torch.zeros((len(keys), table.width), device=device)
    fixed[torch.from_numpy(others)] = vectors
    is_fixed = numpy.zeros(len(keys), dtype=bool)
    is_fixed[others] = has_vector
    share = model.attrs["word_dropout"] if is_train and model.attrs["dropout_rate"] else 0.0
    dropped = torch.rand(len(words), device=device) < share if share else None
    inputs = [torch.as_tensor(array, device=device) for array in (rows, is_fixed, words.reshape(-1))]
    # A frozen table has no gradient, not one of zeros: momentum would move it.
    learns = is_train and not model.attrs["frozen"]
    with torch.set_grad_enabled(learns):
        result = table(inputs[0], fixed, inputs[1], inputs[2], dropped)

    def backprop(d_output: list[Floats2d]) -> list[Doc]:
        if learns:
            result.backward(xp2torch(model.ops.xp.concatenate(d_output), device=device))
        return docs

    return model.ops.unflatten(torch2xp(result.detach()), sizes), backprop
