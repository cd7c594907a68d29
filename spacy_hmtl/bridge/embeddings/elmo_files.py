"""Reads the published files of an ELMo model, options.json and weights.hdf5, and checks that they fit."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path
from typing import Any

import numpy

from ...errors import Errors
from ...nn.bilm.config import BiLMConfig

Shape = tuple[int, ...]


def read_options(path: str | Path) -> BiLMConfig:
    """Sizes of a biLM.

    path (str): Of options.json.
    RETURNS (BiLMConfig): Its sizes.
    RAISES (ValueError): H220 if there is no such file, H221 if it is not an ELMo model's.

    Source: format of bilm-tf (Peters et al., 2018).
    """
    path = _existing(path)
    try:
        options = json.loads(path.read_text(encoding="utf8"))
    except ValueError as error:
        raise ValueError(Errors.H221.format(path=path, reason=f"not a JSON file: {error}")) from error
    try:
        characters, lstm = options["char_cnn"], options["lstm"]
        config = BiLMConfig(
            character_width=int(characters["embedding"]["dim"]),
            filters=tuple((int(width), int(number)) for width, number in characters["filters"]),
            n_highway=int(characters["n_highway"]),
            max_characters=int(characters["max_characters_per_token"]),
            activation=str(characters["activation"]),
            projection=int(lstm["projection_dim"]),
            hidden=int(lstm["dim"]),
            n_layers=int(lstm["n_layers"]),
            cell_clip=float(lstm.get("cell_clip") or 0),
            projection_clip=float(lstm.get("proj_clip") or 0),
            residual=bool(lstm.get("use_skip_connections", False)),
        )
        n_characters = int(characters["n_characters"])
    except KeyError as error:
        raise ValueError(Errors.H221.format(path=path, reason=f"there is no {error}")) from error
    except (TypeError, ValueError) as error:
        raise ValueError(Errors.H221.format(path=path, reason=f"a value is of the wrong kind: {error}")) from error
    if fault := _fault(config, n_characters):
        raise ValueError(Errors.H221.format(path=path, reason=fault))
    return config


def _fault(config: BiLMConfig, n_characters: int) -> str | None:
    """What is wrong with the sizes, if anything."""
    if n_characters != 262:
        return f"n_characters is {n_characters}, but a trained model has 262"
    if config.n_layers != 2:
        return f"n_layers is {config.n_layers}, but every published model has 2"
    if config.activation not in ("relu", "tanh"):
        return f"activation is {config.activation!r}, but relu and tanh are known"
    sizes = (config.character_width, config.projection, config.hidden, config.n_layers, *sum(config.filters, ()))
    if not config.filters or min(sizes) < 1 or config.n_highway < 0:
        return "a size is not positive"
    if config.max_characters < max(3, config.widest_filter):
        return f"a filter sees {config.widest_filter} characters, but a word has {config.max_characters}"
    return None


def array_shapes(config: BiLMConfig) -> dict[str, Shape]:
    """Names and shapes of the arrays that a weights file with these sizes holds.

    config (BiLMConfig): Sizes of the model.
    RETURNS (dict): Name of each array in the file -> its shape.
    """
    shapes: dict[str, Shape] = {"char_embed": (261, config.character_width)}
    for i, (width, number) in enumerate(config.filters):
        shapes[f"CNN/W_cnn_{i}"] = (1, width, config.character_width, number)
        shapes[f"CNN/b_cnn_{i}"] = (number,)
    for i in range(config.n_highway):
        for kind in ("carry", "transform"):
            shapes[f"CNN_high_{i}/W_{kind}"] = (config.n_filters, config.n_filters)
            shapes[f"CNN_high_{i}/b_{kind}"] = (config.n_filters,)
    shapes["CNN_proj/W_proj"] = (config.n_filters, config.projection)
    shapes["CNN_proj/b_proj"] = (config.projection,)
    for direction in (0, 1):
        for layer in range(config.n_layers):
            cell = _cell(direction, layer)
            shapes[f"{cell}/W_0"] = (2 * config.projection, 4 * config.hidden)
            shapes[f"{cell}/B"] = (4 * config.hidden,)
            shapes[f"{cell}/W_P_0"] = (config.hidden, config.projection)
    return shapes


def _cell(direction: int, layer: int) -> str:
    return f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell"


def read_weights(path: str | Path, config: BiLMConfig) -> dict[str, numpy.ndarray]:
    """Weights by the names of the parameters of `nn.bilm.network.BiLM`.

    path (str): Of weights.hdf5.
    config (BiLMConfig): Sizes of the options beside it.
    RETURNS (dict): Float32 arrays.
    RAISES (ValueError): H220 if there is no such file, H222 if it is damaged, H581 if it
        takes numbers from another file, H223 if its
        arrays are not those of `config`, in name or shape; ImportError: H224 without h5py.
    """
    path = _existing(path)
    arrays = _read_arrays(path)
    expected = array_shapes(config)
    wrong = [f"{name} is missing" for name in expected if name not in arrays]
    wrong += [f"{name} is not expected" for name in sorted(set(arrays) - set(expected))]
    wrong += [
        f"{name} has the shape {arrays[name].shape} instead of {shape}"
        for name, shape in expected.items()
        if name in arrays and arrays[name].shape != shape
    ]
    wrong += [f"{name} holds numbers that are not finite" for name in arrays if not numpy.isfinite(arrays[name]).all()]
    if wrong:
        reason = "; ".join(wrong[:3]) + (f" and {len(wrong) - 3} more" if len(wrong) > 3 else "")
        raise ValueError(Errors.H223.format(path=path, reason=reason))
    return _rename(arrays, config)


def _existing(path: str | Path) -> Path:
    path = Path(path)
    if not path.is_file():
        raise ValueError(Errors.H220.format(path=path))
    return path


def _read_arrays(path: Path) -> dict[str, numpy.ndarray]:
    if importlib.util.find_spec("h5py") is None:
        raise ImportError(Errors.H224.format(path=path))
    import h5py

    arrays: dict[str, numpy.ndarray] = {}
    elsewhere: list[str] = []

    def keep(name: str, item: Any) -> None:
        # The softmax over the vocabulary is of use in training the biLM only.
        if isinstance(item, h5py.Dataset) and "softmax" not in name:
            # HDF5 can take an array's content from any other file of the machine.
            if item.external or item.is_virtual:
                elsewhere.append(name)
                return
            arrays[name] = numpy.asarray(item[...], dtype="float32")

    try:
        with h5py.File(path, "r") as file:
            file.visititems(keep)
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise ValueError(Errors.H222.format(path=path, reason=error)) from error
    if elsewhere:
        raise ValueError(Errors.H581.format(path=path, found=f"the array {elsewhere[0]}"))
    return arrays


def _rename(arrays: dict[str, numpy.ndarray], config: BiLMConfig) -> dict[str, numpy.ndarray]:
    width = config.projection
    # Row 0 stands for no character at all.
    table = numpy.vstack([numpy.zeros((1, config.character_width), dtype="float32"), arrays["char_embed"]])
    named = {"tokens.embed.weight": table}
    for i in range(len(config.filters)):
        named[f"tokens.convolutions.{i}.weight"] = arrays[f"CNN/W_cnn_{i}"][0].transpose(2, 1, 0)
        named[f"tokens.convolutions.{i}.bias"] = arrays[f"CNN/b_cnn_{i}"]
    for i in range(config.n_highway):
        for kind, name in (("carry", "carries"), ("transform", "transforms")):
            named[f"tokens.{name}.{i}.weight"] = arrays[f"CNN_high_{i}/W_{kind}"].T
            named[f"tokens.{name}.{i}.bias"] = arrays[f"CNN_high_{i}/b_{kind}"]
    named["tokens.project.weight"] = arrays["CNN_proj/W_proj"].T
    named["tokens.project.bias"] = arrays["CNN_proj/b_proj"]
    for layer in range(config.n_layers):
        cells = [_cell(direction, layer) for direction in (0, 1)]
        kernels = numpy.stack([arrays[f"{cell}/W_0"] for cell in cells])  # (2, 2 * projection, 4 * cells)
        bias = numpy.stack([arrays[f"{cell}/B"][None] for cell in cells])  # (2, 1, 4 * cells)
        # TensorFlow's LSTMCell adds 1 to the forget gate when it runs; here it is in the bias.
        bias[:, :, 2 * config.hidden : 3 * config.hidden] += 1.0
        named[f"layers.{layer}.from_input"] = kernels[:, :width]
        named[f"layers.{layer}.from_output"] = kernels[:, width:]
        named[f"layers.{layer}.bias"] = bias
        named[f"layers.{layer}.project"] = numpy.stack([arrays[f"{cell}/W_P_0"] for cell in cells])
    return {name: numpy.ascontiguousarray(array) for name, array in named.items()}
