"""precision of the model: a matter of prediction alone, set by one line of the config."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
import torch
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam
from tiny import assert_alike, tiny_config, tiny_nlp, weights
from tiny_encoder import encoder_block

from spacy_hmtl.nn import precision as precision_module

REDUCED = ("bfloat16", "int8")


def make_nlp(examples: list[Example], encoder: Path, precision: str = "float32", **settings: Any) -> Language:
    model = {"embed": encoder_block(encoder, **settings), "precision": precision}
    return tiny_nlp(examples, [["ner"], ["coref"]], model=model)


def states(nlp: Language, docs: list[Doc]) -> dict[str, Any]:
    return nlp.get_pipe("hmtl").states(docs)  # type: ignore[attr-defined]


def embeddings(nlp: Language, docs: list[Doc]) -> numpy.ndarray:
    return numpy.concatenate(states(nlp, docs)["embeddings"])


def same_weights(nlp: Language, other: Language) -> bool:
    ours, theirs = weights(nlp.get_pipe("hmtl")), weights(other.get_pipe("hmtl"))
    return all(numpy.array_equal(a, b) for a, b in zip(ours.values(), theirs.values(), strict=True))


@pytest.fixture
def docs(demo_examples: list[Example]) -> list[Doc]:
    return [eg.predicted for eg in demo_examples[:3]]


@pytest.mark.parametrize("precision", REDUCED)
def test_vectors_are_close_to_those_of_float32(
    demo_examples: list[Example], encoder: Path, docs: list[Doc], precision: str
) -> None:
    exact = embeddings(make_nlp(demo_examples[:3], encoder), docs)
    found = embeddings(make_nlp(demo_examples[:3], encoder, precision), docs)
    assert found.dtype == numpy.float32
    assert 0 < numpy.abs(found - exact).max() < 0.1
    cosine = (found * exact).sum(1) / numpy.linalg.norm(found, axis=1) / numpy.linalg.norm(exact, axis=1)
    assert cosine.min() > 0.995


def test_int8_says_the_same_alone_and_batched(demo_examples: list[Example], encoder: Path, texts: list[str]) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, "int8")
    for batch_size in (1, 5, 100):
        for doc, single in zip(nlp.pipe(texts, batch_size=batch_size), map(nlp, texts)):
            # Attention sums in another order beside longer texts, which may round one number the other way.
            assert_alike(doc, single, tolerance=1e-3)


@pytest.mark.parametrize("precision", REDUCED)
def test_a_trained_pipeline_is_loaded_with_less_and_saved_in_full(
    demo_examples: list[Example], encoder: Path, docs: list[Doc], tmp_path: Path, precision: str
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder)
    nlp.to_disk(tmp_path / "full")
    loaded = spacy.load(tmp_path / "full", config={"components.hmtl.model.precision": precision})
    reduced = embeddings(loaded, docs)
    assert not numpy.array_equal(reduced, embeddings(nlp, docs))
    loaded.to_disk(tmp_path / "again")
    full = spacy.load(tmp_path / "again", config={"components.hmtl.model.precision": "float32"})
    assert same_weights(full, nlp)
    assert numpy.array_equal(embeddings(full, docs), embeddings(nlp, docs))
    again = spacy.load(tmp_path / "again")
    assert again.config["components"]["hmtl"]["model"]["precision"] == precision
    assert numpy.array_equal(embeddings(again, docs), reduced)


@pytest.mark.parametrize("precision", REDUCED)
@pytest.mark.parametrize("frozen", [True, False])
def test_training_is_in_float32_whatever_was_predicted_in_between(
    demo_examples: list[Example], encoder: Path, docs: list[Doc], precision: str, frozen: bool, tmp_path: Path
) -> None:
    settings = {"frozen": frozen, "cache_dir": str(tmp_path / "cache") if frozen else None}
    trained = []
    for own in (precision, "float32"):
        nlp = make_nlp(demo_examples[:3], encoder, own, **settings)
        optimizer = Adam(0.01)
        for _ in range(3):
            nlp.update(demo_examples[:3], sgd=optimizer)
            embeddings(nlp, docs)
        trained.append(nlp)
    assert same_weights(*trained)


@pytest.mark.parametrize("precision", REDUCED)
def test_a_cache_keeps_vectors_of_each_precision_apart(
    demo_examples: list[Example], encoder: Path, docs: list[Doc], precision: str, tmp_path: Path
) -> None:
    found = []
    for cache in (None, str(tmp_path / "cache")):
        nlp = make_nlp(demo_examples[:3], encoder, precision, cache_dir=cache, cache_mb=1 if cache else 0)
        # Fills the cache with the same texts' vectors in float32.
        nlp.update(demo_examples[:3])
        found.append(embeddings(nlp, docs))
    assert numpy.array_equal(found[0], found[1])


@pytest.mark.parametrize("precision", REDUCED)
def test_predictions_follow_the_weights(
    demo_examples: list[Example], encoder: Path, docs: list[Doc], precision: str, tmp_path: Path
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, precision, frozen=False, lr_scale=1.0)
    before, optimizer = embeddings(nlp, docs), Adam(0.05)
    nlp.update(demo_examples[:3], sgd=optimizer)
    nlp.update(demo_examples[:3], sgd=optimizer)
    after = embeddings(nlp, docs)
    assert numpy.abs(after - before).max() > 0.05
    with nlp.use_params(optimizer.averages):
        averaged = embeddings(nlp, docs)
    assert not numpy.array_equal(averaged, after)
    assert numpy.array_equal(embeddings(nlp, docs), after)
    nlp.to_disk(tmp_path / "model")
    assert numpy.array_equal(embeddings(spacy.load(tmp_path / "model"), docs), after)


def test_states_can_be_asked_for_first(demo_examples: list[Example], encoder: Path, docs: list[Doc]) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, "int8", frozen=False)
    with torch.inference_mode():
        first = embeddings(nlp, docs)
    # Gradients, but no step.
    nlp.get_pipe("hmtl").update(demo_examples[:3])  # type: ignore[attr-defined]
    assert numpy.array_equal(embeddings(nlp, docs), first)


def test_unknown_precision_stops_at_start(encoder: Path) -> None:
    config = tiny_config([["ner"]], model={"embed": encoder_block(encoder), "precision": "int4"})
    with pytest.raises(ValueError, match=r"precision must be float32 or .* or int8 or auto, found 'int4'"):
        spacy.blank("en").add_pipe("hmtl", config=config)


def test_less_precision_without_a_transformer_stops_at_start() -> None:
    config = tiny_config([["ner"]], model={"precision": "int8"})
    with pytest.raises(ValueError, match=r"no spacy_hmtl\.Transformer\.v1"):
        spacy.blank("en").add_pipe("hmtl", config=config)


def test_a_precision_that_the_device_lacks_stops_before_the_first_text(
    demo_examples: list[Example], encoder: Path
) -> None:
    with pytest.raises(ValueError, match=r"'float16' does not run on this device \(cpu\)"):
        make_nlp(demo_examples[:3], encoder, "float16")


@pytest.mark.parametrize("multiplies", [True, False])
def test_auto_is_bfloat16_where_the_device_multiplies_it(
    demo_examples: list[Example], encoder: Path, docs: list[Doc], multiplies: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(precision_module, "multiplies_bfloat16", lambda device: multiplies)
    found = {
        name: embeddings(make_nlp(demo_examples[:3], encoder, name), docs) for name in ("auto", "bfloat16", "float32")
    }
    assert numpy.array_equal(found["auto"], found["bfloat16" if multiplies else "float32"])
    assert not numpy.array_equal(found["bfloat16"], found["float32"])


def test_auto_asks_for_no_transformer() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config([["ner"]], model={"precision": "auto"}))
