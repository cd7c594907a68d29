"""A transformer inside the component: frozen and cached, or fine-tuned in whole or in part."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

import numpy
import torch
from safetensors.torch import load as load_safetensors
from spacy.tokens import Doc
from thinc.api import Model, torch2xp, xp2torch
from thinc.types import Floats2d
from torch import Tensor

from ...errors import Errors
from ...nn.precision import autocast, resolve
from ...nn.scalar_mix import ScalarMix
from ..shim import ModuleShim
from .cache import encode_once, make_cache
from .encoder import SAVE_DTYPES, EncoderShim, check_encoder, read_encoder
from .encoder_layers import keep_layers
from .windows import Pieces, Window, make_pieces, make_windows

# Word pieces that go through the encoder at a time when no gradient is needed, padding included. Few on a
# processor: a batch then fits its cache, and short windows are not padded to the length of long ones.
_PIECES = {"cpu": 512}
_PIECES_ELSEWHERE = 8_192
_SECTION = "the Transformer embedding"
_LARGEST_HALF = torch.finfo(torch.float16).max
_POOLING = ("mean", "first", "last")


def make_transformer(
    *,
    name: str,
    frozen: bool = True,
    window: int = 128,
    pooling: str = "mean",
    lr_scale: float = 0.05,
    cache_mb: int = 2000,
    mixed_precision: bool = False,
    stride: int = 0,
    last_layers: int = 0,
    n_layers: int = 0,
    scalar_mix: bool | None = None,
    cache_dir: str | None = None,
    cache_dir_mb: int = 10_000,
    save_dtype: str = "float32",
) -> Model[list[Doc], list[Floats2d]]:
    """A pretrained encoder that travels inside the pipeline.

    name (str): Folder saved by `save_pretrained`, or the name of a model on this machine.
        A folder's path is not kept in a saved pipeline.
    frozen (bool): Keep the weights as they are; no gradient is computed.
    window (int): Tokens encoded together.
    pooling (str): Of a token's word pieces: "mean", "first" or "last".
    lr_scale (float): Factor on the optimizer's learning rate.
    cache_mb (int): Megabytes of vectors of a frozen encoder kept in memory from the first
        update on, so that later epochs cost the heads alone; 0 keeps none.
    mixed_precision (bool): Half precision on a GPU, in training and in prediction, and bfloat16 in training
        on a CPU that multiplies it (elsewhere it changes nothing); `precision` of the model concerns
        prediction alone.
    stride (int): With 0, windows are whole sentences, packed up to `window` tokens. Otherwise
        windows overlap, one every `stride` tokens, and each token's vector is taken from
        the one in which it has most context on both sides.
    last_layers (int): Fine-tune only the last N layers; 0 fine-tunes all, and the embeddings of
        word pieces. As many as there are leave those embeddings as they are.
    n_layers (int): Run only the first N layers; those above are neither trained nor saved. 0 runs all.
    scalar_mix (bool, optional): Mix all layers, that of the embeddings included, by trained weights,
        instead of taking the last one. Left out, a frozen encoder is mixed, and a trained one is not.
    cache_dir (str, optional): Folder that keeps vectors of a frozen encoder from one training to the next.
    cache_dir_mb (int): Most megabytes in that folder.
    save_dtype (str): What the encoder's weights are saved as: "float32", or "float16" or "bfloat16" in half the
        space. They are float32 again once loaded; a checkpoint of a training keeps them exactly.
    RETURNS (Model): From Docs to arrays of shape (tokens, hidden size).
    RAISES (ValueError): H205, H230, H231, H235 at start; H207, H235 at initialization if the
        encoder cannot be loaded or has fewer layers.
    """
    if save_dtype not in SAVE_DTYPES:
        expected = " or ".join(SAVE_DTYPES)
        raise ValueError(Errors.H205.format(key="save_dtype", expected=expected, value=save_dtype, section=_SECTION))
    _check(pooling=pooling, window=window, stride=stride, last_layers=last_layers, n_layers=n_layers, frozen=frozen)
    scalar_mix = frozen if scalar_mix is None else scalar_mix
    cache = make_cache(
        frozen=frozen, cache_mb=cache_mb, cache_dir=cache_dir, cache_dir_mb=cache_dir_mb, section=_SECTION
    )
    shim = EncoderShim(mixed_precision)
    shim.lr_scale, shim.cache = lr_scale, cache
    shim.last_layers = 0 if frozen else last_layers or -1
    shim.n_layers, shim.save_dtype = n_layers, save_dtype
    cache.identity = partial(shim.identity, f" {pooling} {scalar_mix}")
    # Pipelines of 0.1.0 were saved with layers of spacy-transformers, of these names.
    wrapper: Model[Any, Any] = Model("hf-pytorch", _no_forward, shims=[shim], dims={"nI": None, "nO": None})
    attrs = {"name": name, "has_transformer": False}
    encoder: Model[Any, Any] = Model("transformer", _no_forward, layers=[wrapper], dims={"nO": None}, attrs=attrs)
    return Model(
        "hmtl_transformer",
        _forward,
        init=_init,
        layers=[encoder],
        shims=[MixShim()] if scalar_mix else [],
        dims={"nO": None},
        attrs={"frozen": frozen, "window": window, "stride": stride, "pooling": pooling, "dropout_rate": 0.0},
    )


def _check(*, pooling: str, window: int, stride: int, last_layers: int, n_layers: int, frozen: bool) -> None:
    faults = [
        ("pooling", pooling in _POOLING, "mean, first or last", pooling),
        ("window", window >= 1, "at least 1", window),
        ("stride", 0 <= stride <= window, f"from 0 to window = {window}", stride),
        ("last_layers", last_layers >= 0, "0 or more", last_layers),
        ("n_layers", n_layers >= 0, "0 or more", n_layers),
    ]
    for key, is_right, expected, value in faults:
        if not is_right:
            raise ValueError(Errors.H205.format(key=key, expected=expected, value=value, section=_SECTION))
    if frozen and last_layers:
        raise ValueError(Errors.H235.format(n=last_layers, reason="frozen = true trains none", section=_SECTION))


class MixShim(ModuleShim):
    """The mix of an encoder's layers, made once their number is known."""

    def __init__(self) -> None:
        super().__init__(ScalarMix(1))

    def from_bytes(self, bytes_data: bytes) -> MixShim:
        """Make the mix that was saved, for as many layers.

        bytes_data (bytes): Made by `to_bytes`.
        RETURNS (MixShim): Itself.
        """
        self._model = ScalarMix(len(load_safetensors(bytes_data)["weights"]))
        super().from_bytes(bytes_data)
        return self


def _no_forward(model: Any, inputs: Any, is_train: bool) -> Any:
    """The layers below hold the encoder; what runs it is `_forward`."""
    raise NotImplementedError


def _shim(model: Model[Any, Any]) -> EncoderShim:
    """What holds the encoder of the embedding."""
    result: Any = model.layers[0].layers[0].shims[0]
    return result  # type: ignore[no-any-return]


def _init(model: Any, X: Any = None, Y: Any = None) -> None:
    shim, attrs = _shim(model), model.layers[0].attrs
    if not attrs["has_transformer"]:
        name = str(attrs["name"])
        encoder = read_encoder(name)
        check_encoder(name, encoder.transformer)
        keep_layers(encoder.transformer, shim.n_layers)
        shim.set(encoder)
        attrs["has_transformer"] = True
        # The path of one machine must not travel.
        attrs["name"] = Path(name).name
    transformer = shim.loaded.transformer
    if model.shims:
        model.shims[0]._model = ScalarMix(transformer.config.num_hidden_layers + 1).to(transformer.device)
    for layer in (model.layers[0], model):
        layer.set_dim("nO", transformer.config.hidden_size, force=True)


def _forward(model: Any, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable[..., Any]]:
    shim, learns = _shim(model), is_train and not model.attrs["frozen"]
    mix = model.shims[0]._model if model.shims else None
    windows = make_windows(docs, model.attrs["window"], model.attrs["stride"])
    sizes = model.ops.asarray1i([len(doc) for doc in docs])
    if not windows:
        return [model.ops.alloc2f(0, model.get_dim("nO")) for _ in docs], lambda d_output: docs
    if learns:
        # Its own rates of dropout, some of them no layers but numbers, count in training mode alone.
        network = shim.loaded.transformer.train(model.attrs["dropout_rate"] > 0.0)
        pieces = make_pieces(windows, docs, shim.loaded.tokenizer, model.attrs["pooling"])
        vectors = _encode(shim, network, pieces, _reading(mix))
    else:
        shim.cache.active |= is_train
        # What is remembered must serve every later mix; where nothing is, layers are mixed before anything else.
        reads = _side_by_side if mix is not None and shim.cache.active else _reading(mix)
        vectors = _predict(shim, docs, windows, model.attrs["pooling"], is_train, reads)
        if mix is not None and reads is _side_by_side:
            with torch.set_grad_enabled(is_train):
                vectors = mix(vectors.view(len(vectors), -1, model.get_dim("nO")))

    def backprop(d_output: list[Floats2d]) -> list[Doc]:
        if vectors.requires_grad:
            vectors.backward(xp2torch(model.ops.xp.concatenate(d_output), device=vectors.device))
        return docs

    return model.ops.unflatten(torch2xp(vectors.detach()), sizes), backprop


# What is read of the layers of an encoder: (windows, pieces, H) each -> (windows, pieces, H),
# or (windows, pieces, layers * H).
Reading = Callable[[Sequence[Tensor]], Tensor]


def _last(layers: Sequence[Tensor]) -> Tensor:
    return layers[-1].float()


def _side_by_side(layers: Sequence[Tensor]) -> Tensor:
    return torch.cat([layer.float() for layer in layers], dim=2)


def _reading(mix: ScalarMix | None) -> Reading:
    return _last if mix is None else mix.combine


def _encode(shim: EncoderShim, network: Any, batch: Sequence[Pieces], reads: Reading) -> Tensor:
    """Vectors of the tokens kept of some windows, one after the other; zero where a token has no piece.

    network (Module): The transformer, or its copy of less precision.
    RETURNS (Tensor): Shape (tokens, H), or (tokens, (layers + 1) * H).
    """
    device, tokenizer = shim.loaded.transformer.device, shim.loaded.tokenizer
    longest = max(len(pieces.inputs["input_ids"]) for pieces in batch)
    inputs = {}
    for key in batch[0].inputs:
        fill = tokenizer.pad_token_id if key == "input_ids" else 0
        padded = numpy.full((len(batch), longest), fill, dtype="int64")
        for row, pieces in enumerate(batch):
            padded[row, : len(pieces.inputs[key])] = pieces.inputs[key]
        inputs[key] = torch.as_tensor(padded, device=device)
    with autocast(shim.mixed_precision and (device.type == "cuda" or torch.is_grad_enabled()), device):
        output = network(**inputs, output_hidden_states=reads is not _last)
    # Before word pieces are pooled, which a mix commutes with: (windows * pieces, H or (layers + 1) * H)
    hidden = reads([output.last_hidden_state] if reads is _last else output.hidden_states).flatten(0, 1)
    sizes = [len(pieces.window.boundaries) for pieces in batch]
    first = numpy.cumsum([0, *sizes])
    flat = numpy.concatenate([pieces.columns + row * longest for row, pieces in enumerate(batch)])
    owner = numpy.concatenate([pieces.tokens + start for pieces, start in zip(batch, first)])
    tokens = torch.as_tensor(owner, device=device)
    chosen = hidden.index_select(0, torch.as_tensor(flat, device=device))
    total = hidden.new_zeros((int(first[-1]), hidden.shape[1])).index_add(0, tokens, chosen)
    # Counted here, since a GPU would have to be waited for.
    counts = numpy.bincount(owner, minlength=int(first[-1])).clip(min=1)
    means = total / torch.as_tensor(counts, device=device).unsqueeze(1)
    kept = [
        numpy.arange(own.keep_start, own.keep_end) - own.start + start
        for own, start in zip((pieces.window for pieces in batch), first)
    ]
    if sum(map(len, kept)) == len(means):
        return means
    return means.index_select(0, torch.as_tensor(numpy.concatenate(kept), device=device))


def _predict(
    shim: EncoderShim, docs: Sequence[Doc], windows: list[Window], pooling: str, is_train: bool, reads: Reading
) -> Tensor:
    """Token vectors of all windows without gradients, from the cache where it has them: (T, H) or (T, layers * H)."""
    transformer, tokenizer = shim.loaded.transformer, shim.loaded.tokenizer
    device = transformer.device
    # Training reads the encoder as it is, and never what was remembered of a copy.
    network = transformer if is_train else shim.predictor()
    precision = resolve(shim.precision, device)
    kind = b"" if is_train or precision == "float32" else precision.encode()
    # All layers of a corpus are many, and training is content with 11 bits of each. Scores during training
    # must be those of the saved pipeline.
    halves = is_train and reads is _side_by_side
    if reads is _side_by_side and not is_train:
        kind += b"exact"

    def encode(numbers: list[int]) -> Iterator[tuple[int, Tensor]]:
        pieces = make_pieces([windows[i] for i in numbers], docs, tokenizer, pooling, numbers)
        pieces.sort(key=lambda p: -len(p.inputs["input_ids"]))
        parts: dict[int, list[tuple[int, Tensor]]] = {number: [] for number in numbers}
        most = _PIECES.get(device.type, _PIECES_ELSEWHERE)
        while pieces:
            size = max(1, most // len(pieces[0].inputs["input_ids"]))
            batch, pieces = pieces[:size], pieces[size:]
            sizes = [own.window.keep_end - own.window.keep_start for own in batch]
            for own, part in zip(batch, _encode(shim, network, batch, reads).split(sizes)):
                kept = part.clamp(-_LARGEST_HALF, _LARGEST_HALF).half() if halves else part
                parts[own.number].append((own.window.keep_start, kept))
        for number, own_parts in parts.items():
            yield number, torch.cat([part for _, part in sorted(own_parts, key=lambda part: part[0])])

    network.eval()
    # What is remembered must be of use in training, too, where inference tensors are not.
    with torch.inference_mode(False), torch.no_grad():
        return torch.cat(encode_once(shim.cache, [kind + window.key for window in windows], encode, device)).float()
