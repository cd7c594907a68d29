"""A transformer inside the component: frozen and cached, or fine-tuned."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy
import torch
from spacy.tokens import Doc
from spacy_transformers.layers.hf_shim import HFShim
from spacy_transformers.layers.transformer_model import TransformerModel
from thinc.api import Model, torch2xp, xp2torch
from thinc.types import Floats2d
from torch import Tensor

from ...errors import Errors
from ..segments import segment_starts
from ..shim import TouchedParams

# Word pieces that go through the encoder at a time when no gradient is needed.
_PIECES = 8_192


class _Window(NamedTuple):
    """Tokens start to end of a Doc (number `doc`), encoded together.

    text (str): what they say.
    borders (ndarray): Int64, shape (tokens, 2), character borders of each token in `text`.
    """

    doc: int
    start: int
    end: int
    text: str
    borders: numpy.ndarray

    @property
    def key(self) -> tuple[str, bytes]:
        """Equal for windows that the encoder cannot tell apart."""
        return self.text, self.borders.tobytes()


class WindowCache:
    """Vectors of windows of a frozen encoder, least recently used first, at most `max_bytes`."""

    def __init__(self, max_bytes: int) -> None:
        self.max_bytes = max_bytes
        self.n_bytes = 0
        # Filled from the first training update on: a stream that is only predicted would gain nothing.
        self.active = False
        self._vectors: OrderedDict[tuple[str, bytes], Tensor] = OrderedDict()

    def get(self, window: _Window) -> Tensor | None:
        if not self.active or window.key not in self._vectors:
            return None
        self._vectors.move_to_end(window.key)
        return self._vectors[window.key]

    def put(self, window: _Window, vectors: Tensor) -> None:
        size = vectors.numel() * vectors.element_size()
        if not self.active or size > self.max_bytes or window.key in self._vectors:
            return
        self._vectors[window.key] = vectors.clone()
        self.n_bytes += size
        while self.n_bytes > self.max_bytes:
            _, dropped = self._vectors.popitem(last=False)
            self.n_bytes -= dropped.numel() * dropped.element_size()


class EncoderShim(TouchedParams, HFShim):
    """spacy-transformers' shim, with a learning rate of its own, averages that work, and a cache."""

    cache = WindowCache(0)


def make_transformer(
    *, name: str, frozen: bool, window: int, pooling: str, lr_scale: float, cache_mb: int, mixed_precision: bool
) -> Model[list[Doc], list[Floats2d]]:
    """A pretrained encoder, loaded and saved by spacy-transformers.

    name (str): Folder saved by `save_pretrained`, or the name of a model on this machine.
        A folder's path is not kept in a saved pipeline; the encoder travels inside it.
    frozen (bool): Keep the weights as they are; no gradient is computed.
    window (int): Tokens encoded together: whole sentences, packed up to this many.
    pooling (str): Of a token's word pieces: "mean" or "first".
    lr_scale (float): Factor on the optimizer's learning rate.
    cache_mb (int): Megabytes of vectors of a frozen encoder kept in memory from the first
        update on, so that later epochs cost the heads alone; 0 keeps none.
    mixed_precision (bool): Half precision on a GPU.
    RETURNS (Model): From Docs to arrays of shape (tokens, hidden size).
    RAISES (ValueError): H205; H207 at initialization if the encoder cannot be loaded.
    """
    section = "the Transformer embedding"
    if pooling not in ("mean", "first"):
        raise ValueError(Errors.H205.format(key="pooling", expected="mean or first", value=pooling, section=section))
    if window < 1:
        raise ValueError(Errors.H205.format(key="window", expected="at least 1", value=window, section=section))
    encoder = TransformerModel(name, _no_spans, {"use_fast": True}, {}, mixed_precision)
    wrapper: Any = encoder.layers[0]
    shim = EncoderShim(wrapper.shims[0]._hfmodel, mixed_precision=mixed_precision, grad_scaler_config={})
    shim.lr_scale = lr_scale
    shim.cache = WindowCache(cache_mb * 1_000_000 if frozen else 0)
    wrapper.shims[0] = shim
    return Model(
        "hmtl_transformer",
        _forward,
        init=_init,
        layers=[encoder],
        dims={"nO": None},
        attrs={"frozen": frozen, "window": window, "pooling": pooling},
    )


def _no_spans(docs: Sequence[Doc]) -> list:
    return []


def _init(model: Any, X: Any = None, Y: Any = None) -> None:
    encoder = model.layers[0]
    if not encoder.attrs["has_transformer"]:
        name = str(encoder.attrs["name"])
        folder = Path(name)
        if folder.is_absolute() or folder.is_dir() or len(folder.parts) > 2:
            if not (folder / "config.json").is_file():
                reason = "has no config.json" if folder.is_dir() else "does not exist"
                raise ValueError(Errors.H207.format(path=name, reason=reason))
        try:
            encoder.initialize(X=None)
        except (OSError, ValueError) as error:
            raise ValueError(Errors.H207.format(path=name, reason=f"could not be loaded: {error}")) from error
        _forget_path(encoder, folder.name)
    model.set_dim("nO", encoder.transformer.config.hidden_size, force=True)


def _forget_path(encoder: Any, name: str) -> None:
    """Keep the encoder's name but not its folder: the path of one machine must not travel."""
    encoder.attrs["name"] = name
    encoder.transformer.config._name_or_path = name
    encoder.tokenizer.name_or_path = name
    encoder.tokenizer.init_kwargs.pop("name_or_path", None)


def _windows(docs: Sequence[Doc], size: int) -> list[_Window]:
    """Whole segments, packed up to `size` tokens."""
    windows = []
    for number, doc in enumerate(docs):
        starts = segment_starts(doc, size).tolist()
        first = 0
        for start, end in zip(starts, [*starts[1:], len(doc)]):
            if end - first > size and start > first:
                windows.append(_window(doc, number, first, start))
                first = start
        if len(doc):
            windows.append(_window(doc, number, first, len(doc)))
    return windows


def _window(doc: Doc, number: int, start: int, end: int) -> _Window:
    borders = doc.to_array(["IDX", "LENGTH"])[start:end].astype("int64")
    borders[:, 0] -= borders[0, 0]
    borders[:, 1] += borders[:, 0]
    return _Window(number, start, end, doc[start:end].text, borders)


class _Pieces(NamedTuple):
    """A tokenized window.

    inputs (dict): What the encoder reads, by name: Int64 arrays, shape (pieces,).
    columns (ndarray): Int64, shape (P,): pieces that make token vectors.
    tokens (ndarray): Int64, shape (P,): the token of each, counted in the window.
    """

    window: _Window
    inputs: dict[str, numpy.ndarray]
    columns: numpy.ndarray
    tokens: numpy.ndarray


def _tokenize(windows: list[_Window], docs: Sequence[Doc], tokenizer: Any, pooling: str) -> list[_Pieces]:
    """Word pieces of windows; one with more than the encoder takes is halved, so that nothing is cut off."""
    limit = min(int(tokenizer.model_max_length), 512)
    encoded = tokenizer(
        [window.text for window in windows],
        return_offsets_mapping=True,
        return_special_tokens_mask=True,
        verbose=False,
    )
    offsets, special = encoded.pop("offset_mapping"), encoded.pop("special_tokens_mask")
    result: list[_Pieces] = []
    for i, window in enumerate(windows):
        if len(offsets[i]) > limit and window.end - window.start > 1:
            middle, doc = (window.start + window.end) // 2, docs[window.doc]
            halves = [(window.start, middle), (middle, window.end)]
            result += _tokenize([_window(doc, window.doc, *half) for half in halves], docs, tokenizer, pooling)
            continue
        span = numpy.asarray(offsets[i], dtype="int64")[:limit]
        real = (numpy.asarray(special[i])[:limit] == 0) & (span[:, 1] > span[:, 0])
        columns = real.nonzero()[0]
        # A piece belongs to the token that its first character stands in.
        tokens = (numpy.searchsorted(window.borders[:, 0], span[columns, 0], side="right") - 1).clip(min=0)
        if pooling == "first":
            tokens, keep = numpy.unique(tokens, return_index=True)
            columns = columns[keep]
        inputs = {key: numpy.asarray(values[i], dtype="int64")[:limit] for key, values in encoded.items()}
        result.append(_Pieces(window, inputs, columns, tokens))
    return result


def _encode(encoder: Any, batch: Sequence[_Pieces]) -> Tensor:
    """Token vectors of some windows, one after the other, shape (tokens, H); zero where a token has no piece."""
    device = encoder.transformer.device
    longest = max(len(pieces.inputs["input_ids"]) for pieces in batch)
    inputs = {}
    for key in batch[0].inputs:
        fill = encoder.tokenizer.pad_token_id if key == "input_ids" else 0
        padded = numpy.full((len(batch), longest), fill, dtype="int64")
        for row, pieces in enumerate(batch):
            padded[row, : len(pieces.inputs[key])] = pieces.inputs[key]
        inputs[key] = torch.as_tensor(padded, device=device)
    shim = encoder.layers[0].shims[0]
    with torch.autocast(device_type=device.type, enabled=shim._mixed_precision and device.type == "cuda"):
        hidden = encoder.transformer(**inputs).last_hidden_state.float()  # (W, P, H)
    sizes = [len(pieces.window.borders) for pieces in batch]
    first = numpy.cumsum([0, *sizes])
    flat = numpy.concatenate([pieces.columns + row * longest for row, pieces in enumerate(batch)])
    owner = numpy.concatenate([pieces.tokens + start for pieces, start in zip(batch, first)])
    tokens = torch.as_tensor(owner, device=device)
    chosen = hidden.reshape(-1, hidden.shape[-1]).index_select(0, torch.as_tensor(flat, device=device))
    total = hidden.new_zeros((int(first[-1]), hidden.shape[-1])).index_add(0, tokens, chosen)
    return total / torch.bincount(tokens, minlength=int(first[-1])).clamp(min=1).unsqueeze(1)


def _forward(model: Any, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable]:
    encoder, frozen = model.layers[0], model.attrs["frozen"]
    windows = _windows(docs, model.attrs["window"])
    sizes = model.ops.asarray1i([len(doc) for doc in docs])
    if not windows:
        return [model.ops.alloc2f(0, model.get_dim("nO")) for _ in docs], lambda d_output: docs
    if frozen or not is_train:
        vectors = _predict(encoder, docs, windows, model.attrs["pooling"], is_train)
        return model.ops.unflatten(torch2xp(vectors), sizes), lambda d_output: docs
    encoder.transformer.train()
    pieces = _tokenize(windows, docs, encoder.tokenizer, model.attrs["pooling"])
    vectors = _encode(encoder, pieces)

    def backprop(d_output: list[Floats2d]) -> list[Doc]:
        vectors.backward(xp2torch(model.ops.xp.concatenate(d_output), device=vectors.device))
        return docs

    return model.ops.unflatten(torch2xp(vectors.detach()), sizes), backprop


def _predict(
    encoder: Any, docs: Sequence[Doc], windows: list[_Window], pooling: str, is_train: bool
) -> Tensor:
    """Token vectors of all windows without gradients, from the cache where it has them, shape (T, H)."""
    cache = encoder.layers[0].shims[0].cache
    cache.active |= is_train
    known = {i: vectors for i, window in enumerate(windows) if (vectors := cache.get(window)) is not None}
    parts = [((windows[i].doc, windows[i].start), vectors) for i, vectors in known.items()]
    missing = [window for i, window in enumerate(windows) if i not in known]
    encoder.transformer.eval()
    with torch.no_grad():
        pieces = _tokenize(missing, docs, encoder.tokenizer, pooling) if missing else []
        pieces.sort(key=lambda p: -len(p.inputs["input_ids"]))
        while pieces:
            size = max(1, _PIECES // len(pieces[0].inputs["input_ids"]))
            batch, pieces = pieces[:size], pieces[size:]
            vectors = _encode(encoder, batch)
            for own, part in zip(batch, vectors.split([len(p.window.borders) for p in batch])):
                cache.put(own.window, part)
                parts.append(((own.window.doc, own.window.start), part))
    parts.sort(key=lambda part: part[0])
    return torch.cat([vectors for _, vectors in parts])
