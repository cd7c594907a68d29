"""ELMo's published files: what is wrong with them is said, and nothing is loaded half."""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import h5py
import numpy
import pytest
from tiny_elmo import OPTIONS, tiny_arrays, write_elmo

from spacy_hmtl.bridge.embeddings.elmo_files import read_options, read_weights

Change = Callable[[dict[str, Any]], Any]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda o: o["lstm"].pop("dim"), "there is no 'dim'"),
        (lambda o: o.pop("char_cnn"), "there is no 'char_cnn'"),
        (lambda o: o["lstm"].update(dim="wide"), "a value is of the wrong kind"),
        (lambda o: o["lstm"].update(dim=0), "a size is not positive"),
        (lambda o: o["lstm"].update(n_layers=3), "n_layers is 3, but every published model has 2"),
        (lambda o: o["char_cnn"].update(filters=[]), "a size is not positive"),
        (lambda o: o["char_cnn"].update(n_characters=261), "n_characters is 261, but a trained model has 262"),
        (lambda o: o["char_cnn"].update(activation="gelu"), "activation is 'gelu'"),
        (lambda o: o["char_cnn"].update(filters=[[20, 2]]), "a filter sees 20 characters, but a word has 12"),
    ],
)
def test_options_that_make_no_network_are_refused(change: Change, message: str, tmp_path: Path) -> None:
    options = copy.deepcopy(OPTIONS)
    change(options)
    with pytest.raises(ValueError, match=f"options.json: not the options of an ELMo model: {message}"):
        read_options(write_elmo(tmp_path, options=options)["options"])


def test_options_that_are_no_json_are_refused(tmp_path: Path) -> None:
    (tmp_path / "options.json").write_text("{")
    with pytest.raises(ValueError, match="not a JSON file"):
        read_options(tmp_path / "options.json")


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"nowhere\.json: no such file"):
        read_options(tmp_path / "nowhere.json")
    config = read_options(write_elmo(tmp_path)["options"])
    with pytest.raises(ValueError, match=r"nowhere\.hdf5: no such file"):
        read_weights(tmp_path / "nowhere.hdf5", config)


@pytest.mark.parametrize("share", [0.0, 0.3, 0.9, 0.999])
def test_a_truncated_file_is_refused(share: float, tmp_path: Path) -> None:
    paths = write_elmo(tmp_path)
    weights = Path(paths["weights"])
    content = weights.read_bytes()
    weights.write_bytes(content[: int(share * len(content))])
    with pytest.raises(ValueError, match=r"weights\.hdf5: the weights cannot be read"):
        read_weights(weights, read_options(paths["options"]))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda a: a.update(char_embed=a["char_embed"][:100]), r"char_embed has the shape \(100, 3\) instead of \(261"),
        (lambda a: a.pop("CNN_proj/W_proj"), "CNN_proj/W_proj is missing"),
        (lambda a: a.update(extra=numpy.zeros(3)), "extra is not expected"),
        (
            lambda a: a.update({"CNN/b_cnn_0": numpy.full(2, numpy.nan)}),
            "CNN/b_cnn_0 holds numbers that are not finite",
        ),
    ],
)
def test_arrays_of_another_model_are_refused(change: Change, message: str, tmp_path: Path) -> None:
    arrays: dict[str, Any] = tiny_arrays()
    change(arrays)
    paths = write_elmo(tmp_path, arrays)
    with pytest.raises(ValueError, match=f"the weights do not fit the options: {message}"):
        read_weights(paths["weights"], read_options(paths["options"]))


@pytest.mark.parametrize(("section", "key", "value"), [("lstm", "dim", 12), ("char_cnn", "n_highway", 1)])
def test_options_of_another_model_are_refused(section: str, key: str, value: int, tmp_path: Path) -> None:
    options = copy.deepcopy(OPTIONS)
    options[section][key] = value
    paths = write_elmo(tmp_path, options=options)
    with pytest.raises(ValueError, match="the weights do not fit the options"):
        read_weights(paths["weights"], read_options(paths["options"]))


def test_the_softmax_of_training_is_passed_over(tmp_path: Path) -> None:
    paths = write_elmo(tmp_path, {**tiny_arrays(), "softmax/W": numpy.zeros((5, 4))})
    assert not any("softmax" in name for name in read_weights(paths["weights"], read_options(paths["options"])))


def test_arrays_that_hold_no_numbers_are_refused(tmp_path: Path) -> None:
    paths = write_elmo(tmp_path)
    with h5py.File(paths["weights"], "a") as file:
        file["note"] = "not a number"
    with pytest.raises(ValueError, match="the weights cannot be read"):
        read_weights(paths["weights"], read_options(paths["options"]))


def test_without_h5py_the_extra_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = write_elmo(tmp_path)
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="pip install h5py"):
        read_weights(paths["weights"], read_options(paths["options"]))


def test_options_are_read_as_published(tmp_path: Path) -> None:
    published: dict[str, Any] = {
        "lstm": {"use_skip_connections": True, "projection_dim": 512, "cell_clip": 3, "proj_clip": 3, "dim": 4096},
        "char_cnn": {"activation": "relu", "n_highway": 2, "embedding": {"dim": 16}, "n_characters": 262},
    }
    published["lstm"]["n_layers"] = 2
    published["char_cnn"]["filters"] = [[1, 32], [2, 32], [3, 64], [4, 128], [5, 256], [6, 512], [7, 1024]]
    published["char_cnn"]["max_characters_per_token"] = 50
    (tmp_path / "options.json").write_text(json.dumps(published))
    config = read_options(tmp_path / "options.json")
    assert (config.width, config.n_filters, config.widest_filter) == (1024, 2048, 7)


def test_an_array_from_another_file_is_refused(tmp_path: Path) -> None:
    paths = write_elmo(tmp_path)
    secret = tmp_path / "secret.bin"
    secret.write_bytes(bytes(4 * 1000))
    config = read_options(paths["options"])
    with h5py.File(paths["weights"], "a") as file:
        shape = file["char_embed"].shape
        del file["char_embed"]
        size = 4 * shape[0] * shape[1]
        file.create_dataset("char_embed", shape, dtype="float32", external=[(str(secret), 0, size)])
    with pytest.raises(ValueError, match=r"\[H581\].*the array char_embed leads out"):
        read_weights(paths["weights"], config)
