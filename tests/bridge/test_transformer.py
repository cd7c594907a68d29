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
from transformers import BertConfig, BertModel, BertTokenizerFast

LETTERS = "abcdefghijklmnopqrstuvwxyz0123456789.,'\""


@pytest.fixture(scope="module")
def encoder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a BERT of one layer that spells words out in letters."""
    folder = tmp_path_factory.mktemp("encoders") / "tiny-bert"
    folder.mkdir()
    pieces = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *LETTERS, *(f"##{letter}" for letter in LETTERS)]
    (folder / "vocab.txt").write_text("\n".join(pieces))
    BertTokenizerFast(str(folder / "vocab.txt"), model_max_length=64).save_pretrained(folder)
    torch.manual_seed(0)
    sizes = {"hidden_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2, "intermediate_size": 16}
    dropout = {"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0}
    BertModel(BertConfig(vocab_size=len(pieces), max_position_embeddings=64, **sizes, **dropout)).save_pretrained(
        folder
    )
    return folder


def embed(encoder: Path, **settings: Any) -> dict[str, Any]:
    defaults = {"frozen": True, "window": 30, "pooling": "mean", "lr_scale": 0.1, "cache_mb": 1}
    block = {"@architectures": "spacy_hmtl.Transformer.v1", "name": str(encoder), "mixed_precision": False}
    return {**block, **defaults, **settings}


def make_nlp(examples: list[Example], encoder: Path, **settings: Any) -> Language:
    return tiny_nlp(examples, [["ner"], ["coref"]], model={"embed": embed(encoder, **settings)})


def encoder_weights(nlp: Language) -> dict[str, numpy.ndarray]:
    return {name: value for name, value in weights(nlp.get_pipe("hmtl")).items() if ".hmtl." not in name}


def changed(before: dict[str, numpy.ndarray], after: dict[str, numpy.ndarray]) -> bool:
    return any(not numpy.array_equal(before[name], after[name]) for name in before)


@pytest.mark.parametrize("pooling", ["mean", "first"])
@pytest.mark.parametrize("window", [3, 30])
def test_alone_equals_batched(
    demo_examples: list[Example], encoder: Path, texts: list[str], pooling: str, window: int
) -> None:
    nlp = make_nlp(demo_examples[:3], encoder, pooling=pooling, window=window)
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


def test_the_cache_changes_nothing_but_the_time(
    demo_examples: list[Example], encoder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spacy_hmtl.bridge.embeddings import transformer

    encode, runs, calls = transformer._encode, [], []
    monkeypatch.setattr(transformer, "_encode", lambda *args: calls.append(1) or encode(*args))
    for cache_mb in (0, 1):
        nlp = make_nlp(demo_examples[:3], encoder, window=5, cache_mb=cache_mb)
        calls.clear()
        optimizer = Adam(0.01)
        for _ in range(3):
            nlp.update(demo_examples[:3], sgd=optimizer)
        assert len(calls) == (1 if cache_mb else 3)
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
    ],
)
def test_settings_out_of_range_are_named(encoder: Path, settings: dict[str, Any], message: str) -> None:
    config = {"model": {"embed": embed(encoder, **settings)}}
    with pytest.raises(ValueError, match=message):
        spacy.blank("en").add_pipe("hmtl", config=config)


@pytest.mark.parametrize(("exists", "message"), [(False, "does not exist"), (True, r"has no config\.json")])
def test_a_folder_without_an_encoder_is_named(
    demo_examples: list[Example], tmp_path: Path, exists: bool, message: str
) -> None:
    folder = tmp_path / "nothing"
    if exists:
        folder.mkdir()
    with pytest.raises(ValueError, match=f"The encoder folder .*nothing {message}"):
        make_nlp(demo_examples[:3], folder)
