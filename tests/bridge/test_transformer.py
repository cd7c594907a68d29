"""The transformer embedding on a tiny random encoder: frozen or trained, cached, saved inside the pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
from bridge.encoders import changed, encoder_weights, make_nlp, pieces_of
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam
from tiny import assert_alike, snapshot, weights
from tiny_encoder import encoder_block

from spacy_hmtl.bridge.state import exact_weights


@pytest.mark.parametrize(
    "settings",
    [
        {"pooling": "mean", "window": 3},
        {"pooling": "first", "window": 30},
        {"pooling": "last", "window": 30, "stride": 15},
        {"window": 12, "stride": 5, "scalar_mix": True},
    ],
)
def test_alone_equals_batched(
    demo_examples: list[Example], encoder: Path, texts: list[str], settings: dict[str, Any]
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, **settings)
    for batch_size in (1, 5, 100):
        for doc, single in zip(nlp.pipe(texts, batch_size=batch_size), map(nlp, texts)):
            assert_alike(doc, single)


def test_words_of_more_pieces_than_the_encoder_takes_are_not_lost(demo_examples: list[Example], encoder: Path) -> None:
    nlp = make_nlp(demo_examples[:3], encoder)
    words = ["abc"] * 40 + ["z" * 200, "😀", "\n", "abc"]
    embeddings = nlp.get_pipe("hmtl").states([Doc(nlp.vocab, words=words)])["embeddings"][0]  # type: ignore[attr-defined]
    assert embeddings.shape == (len(words), 16)
    assert (numpy.abs(embeddings[:41]).sum(axis=1) > 0).all()


@pytest.mark.parametrize("frozen", [True, False])
def test_a_frozen_encoder_stays_and_another_learns(demo_examples: list[Example], encoder: Path, frozen: bool) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, frozen=frozen)
    before, all_before = encoder_weights(nlp), weights(nlp.get_pipe("hmtl"))
    nlp.update(demo_examples[:3], sgd=Adam(0.01))
    assert changed(before, encoder_weights(nlp)) != frozen
    assert changed(all_before, weights(nlp.get_pipe("hmtl")))


def count_windows(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """A list that grows by the number of windows in each batch that goes through the encoder."""
    from spacy_hmtl.bridge.embeddings import transformer

    encode, encoded = transformer._encode, []
    monkeypatch.setattr(transformer, "_encode", lambda *args: encoded.append(len(args[2])) or encode(*args))
    return encoded


def windows_by_update(nlp: Language, examples: list[Example], n_updates: int, encoded: list[int]) -> list[int]:
    """How many windows the encoder read in each update; `encoded` is the list of `count_windows`."""
    optimizer, counts = Adam(0.01), []
    for _ in range(n_updates):
        encoded.clear()
        nlp.update(examples, sgd=optimizer)
        counts.append(sum(encoded))
    assert counts[0] > 0
    return counts


def test_the_cache_changes_nothing_but_the_time(
    demo_examples: list[Example], encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, encoded = [], count_windows(monkeypatch)
    for cache_mb in (0, 1):
        nlp = make_nlp(demo_examples[:3], encoder, window=5, cache_mb=cache_mb)
        counts = windows_by_update(nlp, demo_examples[:3], 3, encoded)
        assert counts == [counts[0], *([0, 0] if cache_mb else [counts[0]] * 2)]
        runs.append(weights(nlp.get_pipe("hmtl")))
    assert all(numpy.allclose(runs[0][name], runs[1][name], atol=1e-6) for name in runs[0])


def test_the_encoder_travels_inside_and_its_folder_does_not(
    demo_examples: list[Example], encoder: Path, texts: list[str], tmp_path: Path
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, frozen=False)
    nlp.update(demo_examples[:3], sgd=Adam(0.01))
    nlp.to_disk(tmp_path / "model")
    leaks = [
        str(path.relative_to(tmp_path))
        for path in (tmp_path / "model").rglob("*")
        if path.is_file() and str(encoder.parent).encode() in path.read_bytes()
    ]
    assert leaks == []
    hidden = encoder.rename(encoder.with_name("elsewhere"))
    try:
        loaded = spacy.load(tmp_path / "model")
        for text in texts:
            assert snapshot(loaded(text)) == snapshot(nlp(text))
    finally:
        hidden.rename(encoder)


def test_no_transformer_output_stays_on_the_doc(demo_examples: list[Example], encoder: Path) -> None:
    doc = make_nlp(demo_examples[:3], encoder)("Dell left Austin.")
    assert not (Doc.has_extension("trf_data") and doc._.trf_data is not None)
    assert doc.user_data == {}


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"pooling": "max"}, "pooling must be mean, first or last, found 'max'"),
        ({"window": 0}, "window must be at least 1, found 0"),
        ({"stride": 31}, "stride must be from 0 to window = 30, found 31"),
        ({"last_layers": -1}, "last_layers must be 0 or more, found -1"),
        ({"last_layers": 1}, "last_layers is 1, but frozen = true trains none"),
        ({"frozen": False, "cache_dir": "x"}, "x: a folder of vectors is named for an encoder that changes"),
        ({"cache_mb": -1}, "cache_mb must be 0 or more, found -1"),
        ({"poolign": "mean"}, "poolign"),
    ],
)
def test_settings_out_of_range_are_named(encoder: Path, settings: dict[str, Any], message: str) -> None:
    config = {"model": {"embed": encoder_block(encoder, **settings)}}
    with pytest.raises(ValueError, match=message):
        spacy.blank("en").add_pipe("hmtl", config=config)


@pytest.mark.parametrize(("pooling", "pieces"), [("mean", [0, 1, 2]), ("first", [0]), ("last", [2])])
def test_a_token_is_pooled_from_its_pieces(
    demo_examples: list[Example], encoder: Path, pooling: str, pieces: list[int]
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, pooling=pooling)
    _, hidden = pieces_of(nlp, "abc d")
    found = nlp.get_pipe("hmtl").states([nlp.make_doc("abc d")])["embeddings"][0]  # type: ignore[attr-defined]
    numpy.testing.assert_allclose(found[0], hidden[-1, pieces].mean(0), atol=1e-5)
    numpy.testing.assert_allclose(found[1], hidden[-1, 3], atol=1e-5)


def test_overlapping_windows_see_beyond_their_ends(demo_examples: list[Example], encoder: Path) -> None:
    doc_words = list("abcdefghijklmnop")
    found = {}
    for name, settings in {
        "cut": {"window": 8},
        "strided": {"window": 8, "stride": 4},
        "whole": {"window": 30},
    }.items():
        nlp = make_nlp(demo_examples[:3], encoder, **settings)
        doc = Doc(nlp.vocab, words=doc_words, sent_starts=[i % 8 == 0 for i in range(16)])
        found[name] = nlp.get_pipe("hmtl").states([doc])["embeddings"][0]  # type: ignore[attr-defined]
    assert not numpy.allclose(found["cut"][8], found["strided"][8])
    assert found["cut"].shape == found["strided"].shape == found["whole"].shape


def test_a_folder_keeps_vectors_from_one_training_to_the_next(
    demo_examples: list[Example], encoder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    results, encoded = [], count_windows(monkeypatch)
    folder = tmp_path / "cache"
    for settings in ({}, {}, {"pooling": "first"}, {"scalar_mix": True}):
        nlp = make_nlp(demo_examples[:3], encoder, cache_mb=0, cache_dir=str(folder), **settings)
        encoded.clear()
        nlp.update(demo_examples[:3], sgd=Adam(0.01))
        results.append((sum(encoded), weights(nlp.get_pipe("hmtl"))))
    # The second finds what the first made; other settings make other vectors.
    first = results[0][0]
    assert first > 0
    assert [n for n, _ in results] == [first, 0, first, first]
    assert all(numpy.array_equal(results[0][1][name], results[1][1][name]) for name in results[0][1])
    nlp.to_disk(tmp_path / "model")
    files = [path for path in (tmp_path / "model").rglob("*") if path.is_file()]
    assert [path.name for path in files if str(folder).encode() in path.read_bytes()] == []
    assert nlp.config["components"]["hmtl"]["model"]["embed"]["cache_dir"] is None


def test_windows_of_too_many_pieces_are_remembered_whole(
    demo_examples: list[Example], encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    encoded = count_windows(monkeypatch)
    nlp = make_nlp(demo_examples[:3], encoder, window=60)
    assert windows_by_update(nlp, demo_examples[:3], 2, encoded)[1] == 0


def test_mixed_precision_trains_in_bfloat16_where_a_processor_multiplies_it(
    demo_examples: list[Example], encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spacy_hmtl.nn import precision

    results = {}
    for name, mixed, multiplies in (("off", False, True), ("on", True, True), ("lacking", True, False)):
        monkeypatch.setattr(precision, "multiplies_bfloat16", lambda device, is_so=multiplies: is_so)
        nlp = make_nlp(demo_examples[:3], encoder, frozen=False, mixed_precision=mixed)
        nlp.update(demo_examples[:3], sgd=Adam(0.01))
        results[name] = encoder_weights(nlp)
    assert not changed(results["off"], results["lacking"])
    assert changed(results["off"], results["on"])
    # Weights stay in float32; a step of 0.01 goes the same way nearly everywhere.
    near = [numpy.abs(results["off"][name] - results["on"][name]) < 0.005 for name in results["off"]]
    assert numpy.mean(numpy.concatenate([part.ravel() for part in near])) > 0.8


@pytest.mark.parametrize("save_dtype", ["float16", "bfloat16"])
def test_weights_saved_in_half_the_space_are_float32_again_and_predict_alike(
    demo_examples: list[Example], encoder: Path, texts: list[str], save_dtype: str, tmp_path: Path
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, save_dtype=save_dtype)
    exact = make_nlp(demo_examples[:3], encoder)
    sizes = []
    for name, own in (("half", nlp), ("exact", exact)):
        own.to_disk(tmp_path / name)
        sizes.append((tmp_path / name / "hmtl" / "model").stat().st_size)
    assert sizes[0] < sizes[1]
    loaded = spacy.load(tmp_path / "half")
    before, after = encoder_weights(nlp), encoder_weights(loaded)
    assert changed(before, after)
    for name, value in after.items():
        assert value.dtype == numpy.float32
        assert numpy.allclose(value, before[name], rtol=0.01, atol=1e-3)
    docs = [Doc(own.vocab, words=["Dell", "moved", "."]) for own in (nlp, loaded)]
    states = [
        own.get_pipe("hmtl").states([doc])["embeddings"][0]  # type: ignore[attr-defined]
        for own, doc in zip((nlp, loaded), docs)
    ]
    assert numpy.allclose(states[0], states[1], atol=0.05)
    # Saved again, it is the same to the bit.
    loaded.to_disk(tmp_path / "again")
    assert not changed(after, encoder_weights(spacy.load(tmp_path / "again")))


def test_a_checkpoint_holds_weights_exactly_whatever_they_are_saved_as(
    demo_examples: list[Example], encoder: Path
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, save_dtype="float16")
    before = encoder_weights(nlp)
    model = nlp.get_pipe("hmtl").model  # type: ignore[attr-defined]
    with exact_weights():
        data = model.to_bytes()
    model.from_bytes(data)
    assert not changed(before, encoder_weights(nlp))


def test_a_type_that_weights_cannot_be_saved_as_is_refused(demo_examples: list[Example], encoder: Path) -> None:
    with pytest.raises(ValueError, match=r"\[H205\].*float32 or float16 or bfloat16"):
        make_nlp(demo_examples[:3], encoder, save_dtype="int8")
