"""The transformer embedding on a tiny random encoder: frozen or trained, cached, saved inside the pipeline."""

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
from tiny import assert_alike, snapshot, tiny_nlp, weights
from tiny_encoder import encoder_block, write_encoder

from spacy_hmtl.bridge.state import exact_weights


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_encoder(tmp_path_factory.mktemp("encoders") / "tiny-bert")


def make_nlp(examples: list[Example], encoder: Path, **settings: Any) -> Language:
    return tiny_nlp(examples, [["ner"], ["coref"]], model={"embed": encoder_block(encoder, **settings)})


def encoder_weights(nlp: Language) -> dict[str, numpy.ndarray]:
    return {name: value for name, value in weights(nlp.get_pipe("hmtl")).items() if ".hmtl." not in name}


def changed(before: dict[str, numpy.ndarray], after: dict[str, numpy.ndarray]) -> bool:
    return any(not numpy.array_equal(before[name], after[name]) for name in before)


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


def test_the_cache_changes_nothing_but_the_time(
    demo_examples: list[Example], encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    runs, encoded = [], count_windows(monkeypatch)
    for cache_mb in (0, 1):
        nlp = make_nlp(demo_examples[:3], encoder, window=5, cache_mb=cache_mb)
        optimizer, counts = Adam(0.01), []
        for _ in range(3):
            encoded.clear()
            nlp.update(demo_examples[:3], sgd=optimizer)
            counts.append(sum(encoded))
        assert counts[0] > 0
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


def pieces_of(nlp: Language, text: str) -> tuple[Any, torch.Tensor]:
    """The encoder, and its output on a text of one window, special pieces left out, shape (layers + 1, P, H)."""
    model: Any = nlp.get_pipe("hmtl").model.layers[0].layers[0]  # type: ignore[attr-defined]
    encoder = model.layers[0].shims[0].loaded
    inputs = encoder.tokenizer(text, return_tensors="pt")
    encoder.transformer.eval()
    with torch.no_grad():
        hidden = encoder.transformer(**inputs, output_hidden_states=True).hidden_states
    return model, torch.stack(hidden)[:, 0, 1:-1]


@pytest.mark.parametrize(("pooling", "pieces"), [("mean", [0, 1, 2]), ("first", [0]), ("last", [2])])
def test_a_token_is_pooled_from_its_pieces(
    demo_examples: list[Example], encoder: Path, pooling: str, pieces: list[int]
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, pooling=pooling)
    _, hidden = pieces_of(nlp, "abc d")
    found = nlp.get_pipe("hmtl").states([nlp.make_doc("abc d")])["embeddings"][0]  # type: ignore[attr-defined]
    numpy.testing.assert_allclose(found[0], hidden[-1, pieces].mean(0), atol=1e-5)
    numpy.testing.assert_allclose(found[1], hidden[-1, 3], atol=1e-5)


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
    optimizer, counts = Adam(0.01), []
    for _ in range(2):
        encoded.clear()
        nlp.update(demo_examples[:3], sgd=optimizer)
        counts.append(sum(encoded))
    assert counts[0] > 0
    assert counts[1] == 0


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
