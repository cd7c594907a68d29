"""Loads, saves and identifies a transformer and its tokenizer; nothing is loaded half, no code is run."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from importlib.metadata import version
from pathlib import Path
from typing import Any

import srsly
import torch
from safetensors import SafetensorError
from safetensors.torch import load_file
from thinc.api import PyTorchShim, get_torch_default_device
from transformers import AutoModel
from transformers.models.auto.auto_factory import _get_model_class

from ...errors import Errors
from ...nn.precision import PRECISIONS, reduced, resolve, runs_on
from ..shim import TouchedParams
from ..state import build_fitting, save_state
from .cache import VectorCache, cache_folder, fingerprint
from .encoder_files import CONFIG, check_files, make_config, make_tokenizer, read_folder
from .encoder_layers import restrict
from .protocol import EmbeddingHooks
from .tokenizer import compare_tokenizers, tokenizer_files, tokenizer_hash

# What messages call the files inside a pipeline.
_SAVED = "the saved encoder"

# Settings that the size of most transformers depends on.
_SIZES = ("vocab_size", "hidden_size", "intermediate_size", "num_hidden_layers")

# What weights can be saved as.
SAVE_DTYPES = {"float32": torch.float32, "float16": torch.float16, "bfloat16": torch.bfloat16}


@dataclass(frozen=True)
class Encoder:
    """A transformer and what cuts text for it.

    transformer (PreTrainedModel): Loaded.
    tokenizer (PreTrainedTokenizerFast): Its own.
    vocabulary (bytes, optional): The file that some tokenizers are made from and want again when saved.
    """

    transformer: Any
    tokenizer: Any
    vocabulary: bytes | None = None


class EncoderShim(EmbeddingHooks, TouchedParams, PyTorchShim):
    """Holds an encoder, which is read from its folder at initialization.

    Its bytes carry config, tokenizer and weights of the encoder, and what to know the
    tokenizer by. last_layers is the number of layers that are trained, -1 for all; n_layers of
    those that are run, 0 for all; precision is that of prediction, save_dtype of
    the weights in its bytes.

    mixed_precision (bool): See `spacy_hmtl.Transformer.v1`.
    """

    cache = VectorCache(0)
    last_layers = -1
    n_layers = 0
    precision = "float32"
    save_dtype = "float32"
    encoder: Encoder | None = None
    _reduced: torch.nn.Module | None = None
    _reduced_from: tuple[tuple[int, int], ...] = ()

    def __init__(self, mixed_precision: bool) -> None:
        super().__init__(None, mixed_precision=mixed_precision)

    @property
    def mixed_precision(self) -> bool:
        """Whether half precision is asked for."""
        return bool(self._mixed_precision)

    @property
    def loaded(self) -> Encoder:
        """The encoder. RAISES (ValueError): H226, before initialization."""
        if self.encoder is None:
            raise ValueError(Errors.H226.format(embedding="Transformer"))
        return self.encoder

    def set(self, encoder: Encoder) -> None:
        """Take an encoder; only the layers to be trained get gradients. RAISES (ValueError): H235, H238.

        encoder (Encoder): On any device.
        """
        device = get_torch_default_device()
        if not runs_on(self.precision, device):
            known = ", ".join(PRECISIONS)
            raise ValueError(Errors.H238.format(value=self.precision, device=device.type, known=known))
        restrict(encoder.transformer, self.last_layers)
        self.encoder, self._model = encoder, encoder.transformer.to(device)
        self._reduced = None
        self.cache.clear()

    def predictor(self) -> Any:
        """The encoder to predict with: a copy of less precision where one is set, made again when weights change."""
        precision = resolve(self.precision, self._model.device)
        if precision == "float32":
            return self._model
        # In-place steps count a parameter's version up; averages come with memory of their own.
        state = tuple((p.data_ptr(), p._version) for p in self._model.parameters())
        if self._reduced is None or state != self._reduced_from:
            # Inference tensors know no version and could not be used where gradients are.
            with torch.inference_mode(False):
                self._reduced = reduced(self._model, precision).eval()
            self._reduced_from = state
        return self._reduced

    def identity(self, settings: str) -> bytes:
        """What the vectors depend on beside the text; settings are those of the layer around.

        settings (str): Of the layer, as far as vectors depend on them.
        """
        said = f"{fingerprint(self._model)} {tokenizer_hash(self.loaded.tokenizer)} {version('transformers')}"
        return (said + settings).encode()

    def set_precision(self, precision: str) -> bool:
        """See `EmbeddingHooks`."""
        self.precision = precision
        return True

    def local_paths(self) -> dict[str, str | None]:
        """See `EmbeddingHooks`: the folder of the cache."""
        return cache_folder(None if self.cache.store is None else str(self.cache.store.folder))

    def to_bytes(self) -> bytes:
        """Config, tokenizer, versions and weights; nothing before initialization."""
        if self.encoder is None:
            result: bytes = srsly.msgpack_dumps({})
            return result
        transformer = self.encoder.transformer
        result = srsly.msgpack_dumps(
            {
                "config": transformer.config.to_json_string(use_diff=False),
                "tokenizer": tokenizer_files(self.encoder.tokenizer, self.encoder.vocabulary),
                "tokenizer_hash": tokenizer_hash(self.encoder.tokenizer),
                "versions": {name: version(name) for name in ("transformers", "tokenizers")},
                "state": save_state(transformer, SAVE_DTYPES[self.save_dtype]),
            }
        )
        return result

    def from_bytes(self, bytes_data: bytes) -> EncoderShim:
        """Make the encoder that was saved, running no code that it brings.

        bytes_data (bytes): Made by `to_bytes`.
        RETURNS (EncoderShim): Itself.
        RAISES (ValueError): H209 where it was saved by another release; H207, H580 to H584.
        """
        message = srsly.msgpack_loads(bytes_data)
        if not message:
            return self
        if "tokenizer_hash" not in message:
            raise ValueError(Errors.H209.format(reason="the encoder was saved by another release"))
        files = {**message["tokenizer"], CONFIG: message["config"].encode()}
        config = make_config(check_files(files, _SAVED))
        tokenizer, vocabulary = make_tokenizer(files, config)
        _forget_folder(tokenizer, config)
        if self.n_layers and self.n_layers != config.num_hidden_layers:
            reason = f"n_layers is {self.n_layers}, but the encoder was saved with {config.num_hidden_layers} layers"
            raise ValueError(Errors.H209.format(reason=reason))
        build = partial(AutoModel.from_config, config, trust_remote_code=False)
        sizes = {name: getattr(config, name, None) for name in _SIZES}
        transformer = build_fitting(build, message["state"], sizes).eval()
        compare_tokenizers(tokenizer, message["tokenizer_hash"], message["versions"])
        self.set(Encoder(transformer, tokenizer, vocabulary))
        return self


def read_encoder(name: str) -> Encoder:
    """A transformer and its tokenizer from a folder, or by the name of a model.

    name (str): A folder saved by `save_pretrained`, or the name of a model on this machine.
    RETURNS (Encoder): On the CPU, in evaluation mode.
    RAISES (ValueError): H207 where there is none, it lacks weights, or its tokenizer cannot
        tell where its pieces stand in the text; H580 to H583 where it brings or asks for code.
    """
    files = read_folder(name)
    try:
        config = make_config(files.config)
        tokenizer, vocabulary = make_tokenizer(files.tokenizer, config)
        state = {key: value for path in files.weights for key, value in load_file(path).items()}
        kind = _get_model_class(config, AutoModel._model_mapping)
        # Without a name nothing but these weights is looked for, such as adapters of the folder.
        transformer, report = kind.from_pretrained(None, config=config, state_dict=state, output_loading_info=True)
    # ImportError: some tokenizers are tried with libraries that need not be there (protobuf, sentencepiece).
    except (ImportError, OSError, ValueError, KeyError, TypeError, RuntimeError, SafetensorError) as error:
        raise ValueError(Errors.H207.format(path=name, reason=f"could not be loaded: {error}")) from error
    # A pooler makes sentence vectors, which are not read here; many encoders come without.
    if missing := sorted(key for key in report["missing_keys"] if "pooler" not in key):
        reason = f"lacks {len(missing)} weights, such as {missing[0]}"
        raise ValueError(Errors.H207.format(path=name, reason=reason))
    # transformers 5 makes one of special pieces alone where the folder has no vocabulary.
    if not set(tokenizer.get_vocab()) - set(tokenizer.all_special_tokens):
        reason = "could not be loaded: its tokenizer has no vocabulary (no tokenizer.json)"
        raise ValueError(Errors.H207.format(path=name, reason=reason))
    if not tokenizer.is_fast:
        reason = "has a tokenizer without offsets (no tokenizer.json)"
        raise ValueError(Errors.H207.format(path=name, reason=reason))
    transformer.config._name_or_path = name
    _forget_folder(tokenizer, transformer.config)
    return Encoder(transformer.eval(), tokenizer, vocabulary)


def check_encoder(name: str, transformer: Any) -> None:
    """Fail where a model gives no vector for each piece. RAISES (ValueError): H207.

    name (str): What messages call it.
    transformer (Module): Loaded.
    """
    device = transformer.device
    pieces = torch.tensor([[0, 1, 0]], device=device)
    try:
        with torch.no_grad():
            output = transformer(input_ids=pieces, attention_mask=torch.ones_like(pieces))
        shape = tuple(output.last_hidden_state.shape)
    except (ValueError, TypeError, AttributeError, RuntimeError, KeyError) as error:
        raise ValueError(Errors.H207.format(path=name, reason=f"is no encoder of text: {error}")) from error
    if shape[:2] != (1, 3):
        raise ValueError(Errors.H207.format(path=name, reason=f"is no encoder of text: its output is {shape}"))


def _forget_folder(tokenizer: Any, config: Any) -> None:
    """Keep the encoder's name but not its folder: the path of one machine must not travel."""
    name = Path(str(config._name_or_path)).name
    config._name_or_path = tokenizer.name_or_path = name
    tokenizer.init_kwargs.pop("name_or_path", None)
