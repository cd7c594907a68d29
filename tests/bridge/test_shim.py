"""The hierarchy's bytes carry what is needed to build it again, and say so where it does not fit."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import pytest
import spacy
import torch
from spacy.language import Language
from spacy.training import Example
from tiny import tiny_config, tiny_nlp, weights

from spacy_hmtl.bridge.embeddings.characters import make_char_cnn
from spacy_hmtl.bridge.state import load_state, save_state


def component(levels: list[list[str]] | None = None, width: int | None = None) -> Any:
    config = tiny_config(levels)
    if width is not None:
        config["model"]["heads"]["ner"]["encoder"]["hidden_width"] = width
    return spacy.blank("en").add_pipe("hmtl", config=config)


def test_bytes_build_the_network_labels_and_all(trained_nlp: Language) -> None:
    pipe: Any = trained_nlp.get_pipe("hmtl")
    other = component().from_bytes(pipe.to_bytes())
    assert other.label_data == pipe.label_data
    ours, theirs = weights(pipe), weights(other)
    assert all((ours[name] == theirs[name]).all() for name in ours)
    assert other.to_bytes() == pipe.to_bytes()


def test_levels_of_another_training_are_refused(demo_examples: list[Example]) -> None:
    trained: Any = tiny_nlp(demo_examples[:3], [["ner"], ["emd"]]).get_pipe("hmtl")
    with pytest.raises(ValueError, match=r"do not fit the config: levels are .* but were \[\['ner'\], \['emd'\]\]"):
        component([["ner", "emd"]]).from_bytes(trained.to_bytes())


def test_weights_of_another_width_are_refused_by_name(demo_examples: list[Example]) -> None:
    trained: Any = tiny_nlp(demo_examples[:3], [["ner"]]).get_pipe("hmtl")
    with pytest.raises(ValueError, match=r"do not fit the config: .*encoders.ner.lstm.* instead of"):
        component([["ner"]], width=5).from_bytes(trained.to_bytes())


def test_an_override_that_does_not_fit_is_refused_at_load(trained_nlp: Language, tmp_path: Path) -> None:
    trained_nlp.to_disk(tmp_path / "model")
    override = {"components": {"hmtl": {"model": {"levels": [["ner"]]}}}}
    with pytest.raises(ValueError, match="levels are"):
        spacy.load(tmp_path / "model", config=override)


def test_nothing_is_loaded_unless_all_fits() -> None:
    small, large = (
        make_char_cnn(character_width=3, n_filters=n, filter_width=3, dropout=0.0).shims[0]._model for n in (4, 5)
    )
    before = save_state(small)
    with pytest.raises(ValueError, match="instead of"):
        load_state(small, save_state(large))
    assert save_state(small) == before


def test_weights_beyond_the_range_of_float16_are_said_by_name() -> None:
    module = torch.nn.Linear(2, 1)
    with torch.no_grad():
        module.weight[0, 0] = 1e6
    with pytest.warns(UserWarning, match=r"\[W195\] 1 weights .*\(weight\) are beyond .* float16 .*65504"):
        data = save_state(module, torch.float16)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        save_state(module, torch.bfloat16)
    load_state(module, data)
    assert module.weight[0, 0] == 65504.0
