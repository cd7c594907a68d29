"""Layers of a transformer: mixed, cut off above, trained from the top."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
import torch
from bridge.encoders import changed, encoder_weights, make_nlp, pieces_of
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam
from tiny import assert_alike, snapshot, weights


@pytest.mark.parametrize("frozen", [True, False])
def test_a_mix_of_layers_starts_as_their_mean_and_learns(
    demo_examples: list[Example], encoder: Path, frozen: bool, tmp_path: Path, texts: list[str]
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, scalar_mix=True, frozen=frozen)
    _, hidden = pieces_of(nlp, "a d")
    found = nlp.get_pipe("hmtl").states([nlp.make_doc("a d")])["embeddings"][0]  # type: ignore[attr-defined]
    numpy.testing.assert_allclose(found, hidden.mean(0), atol=1e-5)
    before = encoder_weights(nlp)
    nlp.update(demo_examples[:3], sgd=Adam(0.01))
    after = encoder_weights(nlp)
    moved = {name for name in before if not numpy.array_equal(before[name], after[name])}
    assert {"1.hmtl_transformer.weights", "1.hmtl_transformer.gamma"} <= moved
    assert (len(moved) == 2) == frozen
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    for text in texts:
        assert_alike(loaded(text), nlp(text))


@pytest.mark.parametrize("way", ["trained", "loaded and trained"])
def test_only_the_last_layers_are_fine_tuned(
    demo_examples: list[Example], encoder: Path, way: str, tmp_path: Path
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, frozen=False, last_layers=1)
    if way == "loaded and trained":
        nlp.to_disk(tmp_path / "model")
        nlp = spacy.load(tmp_path / "model")
    before = encoder_weights(nlp)
    nlp.update(demo_examples[:3], sgd=Adam(0.01, L2=0.1, use_averages=True))
    after = encoder_weights(nlp)
    moved = {name for name in before if not numpy.array_equal(before[name], after[name])}
    assert moved == {name for name in before if ".encoder.layer.1." in name}


def test_more_layers_than_there_are_stop_at_initialization(demo_examples: list[Example], encoder: Path) -> None:
    with pytest.raises(ValueError, match="last_layers is 3, but the encoder has 2 layers"):
        make_nlp(demo_examples[:3], encoder, frozen=False, last_layers=3)


@pytest.mark.parametrize(("frozen", "is_mixed"), [(True, True), (False, False)])
def test_a_frozen_encoder_is_mixed_unless_told_otherwise(
    demo_examples: list[Example], encoder: Path, frozen: bool, is_mixed: bool
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, frozen=frozen, scalar_mix=None)
    names = weights(nlp.get_pipe("hmtl"))
    assert any(name.endswith("gamma") for name in names) == is_mixed


@pytest.mark.parametrize("frozen", [True, False])
def test_a_mix_says_the_same_from_the_cache_and_without(
    demo_examples: list[Example], encoder: Path, frozen: bool
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, frozen=frozen, scalar_mix=True, cache_mb=1)
    docs = [eg.predicted for eg in demo_examples[:3]]
    pipe = nlp.get_pipe("hmtl")
    nlp.update(demo_examples[:3], sgd=Adam(0.05))
    during = pipe.states(docs)["embeddings"]  # type: ignore[attr-defined]
    for node in pipe.model.walk():  # type: ignore[attr-defined]
        for shim in node.shims:
            if hasattr(shim, "cache"):
                shim.cache.active = False
    for ours, theirs in zip(during, pipe.states(docs)["embeddings"]):  # type: ignore[attr-defined]
        # Half precision keeps three digits.
        assert numpy.allclose(ours, theirs, atol=2e-3)


@pytest.mark.parametrize("settings", [{"frozen": True}, {"frozen": False}, {"frozen": False, "last_layers": 1}])
def test_only_the_first_layers_are_run_trained_and_saved(
    demo_examples: list[Example], encoder: Path, settings: dict[str, Any], tmp_path: Path
) -> None:
    whole = make_nlp(demo_examples[:3], encoder, **settings)
    cut = make_nlp(demo_examples[:3], encoder, n_layers=1, **settings)
    names = [name for name in encoder_weights(cut) if ".layer." in name]
    assert {name.split(".layer.")[1][0] for name in names} == {"0"}
    assert len([name for name in encoder_weights(whole) if ".layer." in name]) == 2 * len(names)
    before = encoder_weights(cut)
    cut.update(demo_examples[:3], sgd=Adam(0.01))
    assert changed(before, encoder_weights(cut)) != settings["frozen"]
    cut.to_disk(tmp_path / "model")
    loaded, doc = spacy.load(tmp_path / "model"), demo_examples[0].predicted
    assert snapshot(loaded(doc.copy())) == snapshot(cut(doc.copy()))
    with pytest.raises(ValueError, match=r"n_layers is 2, but the encoder was saved with 1 layers"):
        spacy.load(tmp_path / "model", config={"components.hmtl.model.embed.n_layers": 2})


def test_the_first_layers_say_what_they_say_in_the_whole_encoder(demo_examples: list[Example], encoder: Path) -> None:
    from transformers import AutoModel

    nlp = make_nlp(demo_examples[:3], encoder, n_layers=1)
    found = nlp.get_pipe("hmtl").states([Doc(nlp.vocab, words=["a", "b"])])["embeddings"][0]  # type: ignore[attr-defined]
    network = AutoModel.from_pretrained(encoder).eval()
    nodes = nlp.get_pipe("hmtl").model.walk()  # type: ignore[attr-defined]
    tokenizer = next(node for node in nodes if node.name == "hf-pytorch").shims[0].loaded.tokenizer
    with torch.no_grad():
        layers = network(**tokenizer("a b", return_tensors="pt"), output_hidden_states=True).hidden_states
    assert numpy.allclose(found, layers[1][0, 1:3].numpy(), atol=1e-5)


def test_more_layers_than_there_are_stop_the_initialization(demo_examples: list[Example], encoder: Path) -> None:
    with pytest.raises(ValueError, match=r"H260|n_layers is 3, but the encoder is one of 2 layers"):
        make_nlp(demo_examples[:3], encoder, n_layers=3)
    with pytest.raises(ValueError, match=r"n_layers must be 0 or more, found -1"):
        make_nlp(demo_examples[:3], encoder, n_layers=-1)
