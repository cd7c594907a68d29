"""A tiny ELMo with random weights in the published format, and what it says, computed the slow way."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypedDict

import h5py
import numpy

PROJECTION, HIDDEN, CHARACTER = 4, 6, 3
FILTERS = [[1, 2], [2, 3], [3, 4]]
OPTIONS: dict[str, Any] = {
    "lstm": {
        "cell_clip": 0.4,
        "proj_clip": 0.3,
        "use_skip_connections": True,
        "n_layers": 2,
        "projection_dim": PROJECTION,
        "dim": HIDDEN,
    },
    "char_cnn": {
        "embedding": {"dim": CHARACTER},
        "filters": FILTERS,
        "n_highway": 2,
        "n_characters": 262,
        "max_characters_per_token": 12,
        "activation": "relu",
    },
}


def tiny_arrays(seed: int = 0) -> dict[str, numpy.ndarray]:
    """Random weights by their names in the published files; written out, not taken from the package."""
    random, n_filters = numpy.random.RandomState(seed), sum(number for _, number in FILTERS)
    shapes: dict[str, tuple[int, ...]] = {"char_embed": (261, CHARACTER)}
    for i, (width, number) in enumerate(FILTERS):
        shapes |= {f"CNN/W_cnn_{i}": (1, width, CHARACTER, number), f"CNN/b_cnn_{i}": (number,)}
    for i in (0, 1):
        for kind in ("carry", "transform"):
            shapes |= {f"CNN_high_{i}/W_{kind}": (n_filters, n_filters), f"CNN_high_{i}/b_{kind}": (n_filters,)}
    shapes |= {"CNN_proj/W_proj": (n_filters, PROJECTION), "CNN_proj/b_proj": (PROJECTION,)}
    for direction in (0, 1):
        for layer in (0, 1):
            cell = f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell"
            shapes |= {f"{cell}/W_0": (2 * PROJECTION, 4 * HIDDEN), f"{cell}/B": (4 * HIDDEN,)}
            shapes |= {f"{cell}/W_P_0": (HIDDEN, PROJECTION)}
    return {name: random.normal(0.0, 0.7, shape).astype("float32") for name, shape in shapes.items()}


class ElmoFiles(TypedDict):
    """The settings of an embedding that name its files."""

    options: str
    weights: str


def write_elmo(
    folder: Path, arrays: Mapping[str, numpy.ndarray] | None = None, options: Mapping[str, Any] = OPTIONS
) -> ElmoFiles:
    """Write options.json and weights.hdf5; the settings that name them."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "options.json").write_text(json.dumps(options))
    with h5py.File(folder / "weights.hdf5", "w") as file:
        for name, array in (tiny_arrays() if arrays is None else arrays).items():
            file[name] = array
    return {"options": str(folder / "options.json"), "weights": str(folder / "weights.hdf5")}


def _sigmoid(x: Any) -> Any:
    return 1.0 / (1.0 + numpy.exp(-x))


def token_vector(arrays: Mapping[str, numpy.ndarray], word: str | int) -> numpy.ndarray:
    """Token layer of a word, or of a sentence's start (256) or end (257): one filter position after the other."""
    content = [word] if isinstance(word, int) else list(word.encode("utf8"))[:10]
    characters = [258, *content, 259]
    characters += [260] * (12 - len(characters))
    embedded = arrays["char_embed"].astype("float64")[characters]  # (12, CHARACTER)
    pooled = []
    for i, (width, _) in enumerate(FILTERS):
        kernel = arrays[f"CNN/W_cnn_{i}"][0]  # (width, CHARACTER, number)
        places = [
            sum(embedded[start + k] @ kernel[k] for k in range(width)) + arrays[f"CNN/b_cnn_{i}"]
            for start in range(12 - width + 1)
        ]
        pooled.append(numpy.maximum(numpy.max(places, axis=0), 0.0))
    x = numpy.concatenate(pooled)
    for i in (0, 1):
        gate = _sigmoid(x @ arrays[f"CNN_high_{i}/W_carry"] + arrays[f"CNN_high_{i}/b_carry"])
        new = numpy.maximum(x @ arrays[f"CNN_high_{i}/W_transform"] + arrays[f"CNN_high_{i}/b_transform"], 0.0)
        x = gate * new + (1.0 - gate) * x
    return x @ arrays["CNN_proj/W_proj"] + arrays["CNN_proj/b_proj"]


def reference_layers(
    arrays: Mapping[str, numpy.ndarray], sentence: list[str], state: dict[Any, Any] | None = None
) -> numpy.ndarray:
    """All layers of one sentence, step by step in double precision, shape (tokens, 3, 2 * PROJECTION).

    state (dict): Carried from sentence to sentence, if given.
    """
    state = {} if state is None else state
    words: list[str | int] = [256, *sentence, 257]
    tokens = [token_vector(arrays, word) for word in words]
    halves = []
    for direction in (0, 1):
        inputs, layers = (tokens if direction == 0 else tokens[::-1]), []
        for layer in (0, 1):
            cell = f"RNN_{direction}/RNN/MultiRNNCell/Cell{layer}/LSTMCell"
            zeros = numpy.zeros(PROJECTION), numpy.zeros(HIDDEN)
            h, c = state.get((direction, layer), zeros)
            outputs = []
            for x in inputs:
                gates = numpy.concatenate([x, h]) @ arrays[f"{cell}/W_0"] + arrays[f"{cell}/B"]
                i, j, f, o = numpy.split(gates, 4)
                c = numpy.clip(_sigmoid(f + 1.0) * c + _sigmoid(i) * numpy.tanh(j), -0.4, 0.4)
                h = numpy.clip((_sigmoid(o) * numpy.tanh(c)) @ arrays[f"{cell}/W_P_0"], -0.3, 0.3)
                outputs.append(h + x if layer else h)
            state[direction, layer] = h, c
            layers.append(outputs if direction == 0 else outputs[::-1])
            inputs = outputs
        halves.append(layers)
    rows = []
    for t in range(1, len(sentence) + 1):
        first = numpy.concatenate([tokens[t], tokens[t]])
        rest = [numpy.concatenate([halves[0][layer][t], halves[1][layer][t]]) for layer in (0, 1)]
        rows.append([first, *rest])
    return numpy.asarray(rows)
