"""ELMo inside the component: a frozen language model below a trained mix of its layers."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy
import srsly
import torch
from spacy.tokens import Doc
from thinc.api import Model, Optimizer, PyTorchShim, get_torch_default_device, torch2xp, xp2torch
from thinc.types import Floats2d
from torch import Tensor

from ...errors import Errors
from ...nn.bilm.characters import character_rows
from ...nn.bilm.config import BiLMConfig
from ...nn.bilm.network import BiLM, State
from ...nn.scalar_mix import MixedLayers
from ..segments import segment_starts
from ..shim import ModuleShim, TouchedParams
from ..state import build_fitting, save_state
from .cache import VectorCache, cache_folder, encode_once, fingerprint, make_cache, text_key
from .elmo_files import read_options, read_weights
from .protocol import EmbeddingHooks

_SECTION = "the ELMo embedding"


class BiLMShim(EmbeddingHooks, TouchedParams, PyTorchShim):
    """Holds the language model, which is read from its files at initialization.

    Its bytes carry the sizes, and the weights or, with `include_weights` off, their fingerprint.

    options, weights (str, optional): Paths of the published files.
    include_weights (bool): Save the weights, not only their fingerprint.
    cache (VectorCache): Of the layers.
    """

    def __init__(self, options: str | None, weights: str | None, include_weights: bool, cache: VectorCache) -> None:
        super().__init__(None)
        self.options, self.weights = options, weights
        self.include_weights = include_weights
        self.cache = cache
        self.state: State | None = None
        cache.identity = self.identity

    @property
    def network(self) -> BiLM:
        """The language model. RAISES (ValueError): H226, before initialization."""
        if self._model is None:
            raise ValueError(Errors.H226.format(embedding="ELMo"))
        result: BiLM = self._model
        return result

    def identity(self) -> bytes:
        """What the vectors depend on beside the text."""
        return fingerprint(self.network).encode()

    def read(self) -> None:
        """Read the published files. RAISES (ValueError): H220 to H224, H227."""
        options, _ = self._paths()
        self._set(self._from_files(read_options(options)))

    def _paths(self) -> tuple[str, str]:
        """RAISES (ValueError): H227, where one is not given."""
        if self.options is None or self.weights is None:
            raise ValueError(Errors.H227.format(options=self.options, weights=self.weights, section=_SECTION))
        return self.options, self.weights

    def _from_files(self, config: BiLMConfig) -> BiLM:
        network = BiLM(config)
        weights = read_weights(self._paths()[1], config)
        network.load_state_dict({name: torch.from_numpy(array) for name, array in weights.items()})
        return network

    def _set(self, network: BiLM) -> None:
        self._model = network.eval().to(get_torch_default_device())
        self.state = None
        self.cache.clear()

    def finish_update(self, optimizer: Optimizer) -> None:
        """Nothing to step: the language model is frozen.

        optimizer (Optimizer): Of the update.
        """

    def local_paths(self) -> dict[str, str | None]:
        """Paths of this machine that a saved config does not keep, each with what stands in its place."""
        store = self.cache.store
        paths = cache_folder(None if store is None else str(store.folder))
        if self.include_weights:
            paths |= {path: Path(path).name for path in (self.options, self.weights) if path is not None}
        return paths

    def to_bytes(self) -> bytes:
        """The sizes, and the weights or their fingerprint."""
        if self._model is None:
            result: bytes = srsly.msgpack_dumps({})
            return result
        message: dict[str, Any] = {"config": json.dumps(asdict(self.network.config))}
        if self.include_weights:
            message["state"] = save_state(self.network)
        else:
            message["fingerprint"] = fingerprint(self.network)
        result = srsly.msgpack_dumps(message)
        return result

    def from_bytes(self, bytes_data: bytes) -> BiLMShim:
        """Make the network that was saved.

        bytes_data (bytes): Made by `to_bytes`.
        RETURNS (BiLMShim): Itself.
        RAISES (ValueError): H225 where the weights beside the pipeline are others.
        """
        message = srsly.msgpack_loads(bytes_data)
        if not message:
            self._model = None
            return self
        sizes = json.loads(message["config"])
        sizes["filters"] = tuple((width, number) for width, number in sizes["filters"])
        config = BiLMConfig(**sizes)
        if "state" in message:
            network = build_fitting(partial(BiLM, config), message["state"], asdict(config))
        else:
            network = self._from_files(config)
            found, expected = fingerprint(network), message["fingerprint"]
            if found != expected:
                error = Errors.H225.format(path=self.weights, found=found[:12], expected=expected[:12])
                raise ValueError(error)
        self._set(network)
        return self


def make_elmo(
    *,
    options: str | None = None,
    weights: str | None = None,
    include_weights: bool = True,
    stateful: bool = False,
    max_segment: int = 256,
    dropout: float = 0.0,
    cache_mb: int = 1000,
    cache_dir: str | None = None,
    cache_dir_mb: int = 10_000,
) -> Model[list[Doc], list[Floats2d]]:
    """ELMo: character convolutions and biLSTMs, frozen; the mix of their three layers is trained.

    options (str, optional): Path of the published options.json. It may be left out until initialization, and in a
        pipeline that holds the weights.
    weights (str, optional): Path of the published weights.hdf5, original, medium or small; likewise.
    include_weights (bool): Save the weights inside the pipeline; the paths are not kept. If
        not, the pipeline is small, but needs both files at these paths wherever it is loaded.
    stateful (bool): Begin a sentence with what the LSTMs remember of the sentence at the same
        place in the batch before, as the original code does. Vectors then depend on what was
        read before.
    max_segment (int): Longest sentence, in tokens; longer ones are cut.
    dropout (float): On the output.
    cache_mb (int): Megabytes of layers kept in memory from the first update on; 0 keeps none.
    cache_dir (str, optional): Folder that keeps layers from one training to the next.
    cache_dir_mb (int): Most megabytes in that folder.
    RETURNS (Model): From Docs to arrays of shape (tokens, 2 * projection), twice the width of the projections.
    RAISES (ValueError): H205, H228 at start; H220 to H224 and H227 at initialization, when the files are read.

    Source: Peters et al. (2018), "Deep contextualized word representations"; settings of the
    HMTL authors' configurations (one mix for all tasks, no layer norm, dropout 0).
    """
    if stateful and (cache_mb or cache_dir is not None):
        raise ValueError(Errors.H228.format(section=_SECTION))
    if max_segment < 1:
        raise ValueError(
            Errors.H205.format(key="max_segment", expected="at least 1", value=max_segment, section=_SECTION)
        )
    if not 0.0 <= dropout < 1.0:
        message = Errors.H205.format(key="dropout", expected="from 0 to below 1", value=dropout, section=_SECTION)
        raise ValueError(message)
    cache = make_cache(frozen=True, cache_mb=cache_mb, cache_dir=cache_dir, cache_dir_mb=cache_dir_mb, section=_SECTION)
    # The token layer and two LSTM layers: read_options sees to it.
    trained = ModuleShim(MixedLayers(3, dropout))
    return Model(
        "hmtl_elmo",
        _forward,
        init=_init,
        shims=[BiLMShim(options, weights, include_weights, cache), trained],
        dims={"nO": None},
        attrs={"stateful": stateful, "max_segment": max_segment},
    )


def _init(model: Any, X: Any = None, Y: Any = None) -> None:
    lm, trained = model.shims
    if lm._model is None:
        lm.read()
    trained._model.mix.reset_parameters()
    model.set_dim("nO", lm.network.config.width, force=True)


def _forward(model: Any, docs: list[Doc], is_train: bool) -> tuple[list[Floats2d], Callable[..., Any]]:
    shim, module = model.shims[0], model.shims[1]._model
    sizes = model.ops.asarray1i([len(doc) for doc in docs])
    filled = [doc for doc in docs if len(doc)]
    if not filled:
        return [model.ops.alloc2f(0, shim.network.config.width) for _ in docs], lambda d_output: docs
    # What is remembered must be of use in training, too, where inference tensors are not.
    with torch.inference_mode(False), torch.no_grad():
        layers = _layers(shim, filled, model.attrs["max_segment"], model.attrs["stateful"], is_train)
    module.train(is_train)
    with torch.set_grad_enabled(is_train):
        vectors = module(layers)

    def backprop(d_output: list[Floats2d]) -> list[Doc]:
        vectors.backward(xp2torch(model.ops.xp.concatenate(d_output), device=vectors.device))
        return docs

    return model.ops.unflatten(torch2xp(vectors.detach()), sizes), backprop


def _layers(shim: BiLMShim, docs: Sequence[Doc], max_segment: int, stateful: bool, is_train: bool) -> Tensor:
    """All layers of the tokens of Docs, shape (T, layers + 1, 2 * projection)."""
    shim.cache.active |= is_train
    segments = [part for doc in docs for part in _segments(doc, max_segment)]
    strings, network = docs[0].vocab.strings, shim.network

    def encode(numbers: list[int]) -> Iterator[tuple[int, Tensor]]:
        own = [segments[number] for number in numbers]
        distinct, words = numpy.unique(numpy.concatenate(own), return_inverse=True)
        characters = character_rows([strings[int(word)] for word in distinct], network.config)
        arrays = (characters, words.reshape(-1), numpy.asarray([len(part) for part in own]))
        inputs = [torch.as_tensor(array, device=get_torch_default_device()) for array in arrays]
        result = network(*inputs, _state(shim, len(own), stateful))
        yield from zip(numbers, result.split([len(part) for part in own]))

    keys = [text_key("", part.tobytes()) for part in segments]
    if stateful:
        # Equal sentences differ by what was read before them.
        keys = [text_key(str(number)) for number in range(len(segments))]
    # (T, projection + layers * 2 * projection)
    flat = torch.cat(encode_once(shim.cache, keys, encode, get_torch_default_device()))
    width = network.config.projection
    # The token layer has no direction: both halves are the same, and kept once.
    return torch.cat([flat[:, :width], flat], dim=1).reshape(len(flat), -1, 2 * width)


def _segments(doc: Doc, max_segment: int) -> list[numpy.ndarray]:
    """The words (hashes of their text) of each sentence."""
    return numpy.split(doc.to_array("ORTH").reshape(-1), segment_starts(doc, max_segment)[1:])


def _state(shim: BiLMShim, n_rows: int, stateful: bool) -> State:
    """A state to begin with: empty, or what the rows remember; it is overwritten."""
    if not stateful:
        return shim.network.start(n_rows)
    if shim.state is None:
        shim.state = shim.network.start(n_rows)
    known = shim.state.output.shape[2]
    if known < n_rows:
        more = shim.network.start(n_rows - known)
        shim.state = State(*(torch.cat(pair, dim=2) for pair in zip(shim.state, more)))
    return State(*(part[:, :, :n_rows] for part in shim.state))
