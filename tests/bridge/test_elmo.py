"""The ELMo embedding: parity, a frozen language model below a trained mix, where its weights travel."""

from __future__ import annotations

import json
import os
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
from tiny_elmo import PROJECTION, ElmoFiles, reference_layers, tiny_arrays, write_elmo

from spacy_hmtl.bridge.embeddings.elmo import BiLMShim, make_elmo
from spacy_hmtl.nn.bilm.network import BiLM

NLP = spacy.blank("en")
WORDS = [["Dell", "said", "it", "."], ["a"], ["naïve", "日本", "😀"]]


@pytest.fixture
def paths(tmp_path: Path) -> ElmoFiles:
    return write_elmo(tmp_path / "elmo")


def make_doc(words: list[str]) -> Doc:
    """A Doc of one sentence."""
    starts: list[bool | int | None] = [i == 0 for i in range(len(words))]
    return Doc(NLP.vocab, words=words, sent_starts=starts or None)


def embed(paths: ElmoFiles, **settings: Any) -> dict[str, Any]:
    return {"@architectures": "spacy_hmtl.ELMo.v1", **paths, "cache_mb": 1, **settings}


def make_nlp(examples: list[Example], paths: ElmoFiles, **settings: Any) -> Language:
    return tiny_nlp(examples, [["ner"], ["coref"]], model={"embed": embed(paths, **settings)})


def take_top(model: Any) -> None:
    """Let the mix be the top layer."""
    with torch.no_grad():
        model.shims[1]._model.mix.weights.copy_(torch.tensor([-1e3, -1e3, 1e3]))


def test_vectors_are_the_mix_of_the_reference(paths: ElmoFiles) -> None:
    model: Any = make_elmo(**paths)
    model.initialize(X=[make_doc(["a"])])
    assert model.get_dim("nO") == 2 * PROJECTION
    docs = [make_doc(words) for words in ([], *WORDS)]
    for doc, found in zip(docs[1:], model.predict(docs)[1:]):
        expected = reference_layers(tiny_arrays(), [token.text for token in doc]).mean(1)
        numpy.testing.assert_allclose(found, expected, atol=1e-5)
    assert [array.shape for array in model.predict([make_doc([])])] == [(0, 2 * PROJECTION)]


@pytest.mark.skipif("HMTL_DATA" not in os.environ, reason="needs the ELMo fixture: set HMTL_DATA to the data folder")
def test_the_published_fixture_is_reproduced() -> None:
    import h5py

    folder = Path(os.environ["HMTL_DATA"]) / "elmo_fixture"
    files: ElmoFiles = {"options": str(folder / "options.json"), "weights": str(folder / "lm_weights.hdf5")}
    model: Any = make_elmo(**files, stateful=True, cache_mb=0)
    model.initialize()
    take_top(model)
    lists = json.loads((folder / "sentences.json").read_text(encoding="utf8"))
    with h5py.File(folder / "lm_embeddings_0.hdf5", "r") as file:
        for number, sentences in enumerate(zip(*lists)):
            found = model.predict([make_doc(sentence.split(" ")) for sentence in sentences])[0]
            expected = numpy.concatenate(list(file[str(number)][...]), axis=1)
            numpy.testing.assert_allclose(found, expected, atol=1e-5)


def test_a_stateful_elmo_remembers_what_a_stateless_one_does_not(paths: ElmoFiles) -> None:
    docs = [make_doc(words) for words in WORDS]
    for stateful in (False, True):
        model: Any = make_elmo(**paths, stateful=stateful, cache_mb=0)
        model.initialize()
        take_top(model)
        first, again = model.predict(docs)[0], model.predict(docs[:2])[0]
        assert numpy.allclose(first, again) != stateful
        state: dict[Any, Any] = {}
        for found in (first, again):
            slow = reference_layers(tiny_arrays(), WORDS[0], state if stateful else None)
            numpy.testing.assert_allclose(found, slow[:, 2], atol=1e-5)
    # More rows than before begin without memory.
    numpy.testing.assert_allclose(
        model.predict([make_doc(["x"])] * 3 + [docs[0]])[3], reference_layers(tiny_arrays(), WORDS[0])[:, 2], atol=1e-5
    )


def test_alone_equals_batched(demo_examples: list[Example], paths: ElmoFiles, texts: list[str]) -> None:
    nlp = make_nlp(demo_examples[:3], paths)
    for batch_size in (1, 5, 100):
        for doc, single in zip(nlp.pipe(texts, batch_size=batch_size), map(nlp, texts)):
            assert_alike(doc, single)


def test_the_mix_learns_and_the_language_model_does_not(demo_examples: list[Example], paths: ElmoFiles) -> None:
    nlp = make_nlp(demo_examples[:3], paths)
    before = weights(nlp.get_pipe("hmtl"))
    # With everything that could move a frozen weight.
    nlp.update(demo_examples[:3], sgd=Adam(0.01, L2=0.1, use_averages=True))
    after = weights(nlp.get_pipe("hmtl"))
    changed = {name for name in before if not numpy.array_equal(before[name], after[name])}
    assert {name for name in changed if "hmtl_elmo" in name} == {"1.hmtl_elmo.mix.gamma", "1.hmtl_elmo.mix.weights"}
    assert sum("hmtl_elmo" in name for name in before) > 20


def test_the_cache_changes_nothing_but_the_time(
    demo_examples: list[Example], paths: ElmoFiles, monkeypatch: pytest.MonkeyPatch
) -> None:
    forward, runs, calls = BiLM.forward, [], []
    monkeypatch.setattr(BiLM, "forward", lambda *args: calls.append(1) or forward(*args))
    for cache_mb in (0, 1):
        nlp = make_nlp(demo_examples[:3], paths, cache_mb=cache_mb)
        nlp.get_pipe("hmtl").states([eg.reference for eg in demo_examples[:3]])  # type: ignore[attr-defined]
        calls.clear()
        optimizer = Adam(0.01)
        for _ in range(3):
            nlp.update(demo_examples[:3], sgd=optimizer)
        assert len(calls) == (1 if cache_mb else 3)
        runs.append(weights(nlp.get_pipe("hmtl")))
    assert all(numpy.allclose(runs[0][name], runs[1][name], atol=1e-6) for name in runs[0])


def test_a_folder_keeps_layers_from_one_training_to_the_next(
    demo_examples: list[Example], paths: ElmoFiles, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "cache"
    forward, calls = BiLM.forward, []
    monkeypatch.setattr(BiLM, "forward", lambda *args: calls.append(1) or forward(*args))
    results = []
    for _ in range(2):
        nlp = make_nlp(demo_examples[:3], paths, cache_mb=0, cache_dir=str(folder))
        calls.clear()
        nlp.update(demo_examples[:3], sgd=Adam(0.01))
        results.append((len(calls), weights(nlp.get_pipe("hmtl"))))
    assert [n for n, _ in results] == [1, 0]
    assert all(numpy.array_equal(results[0][1][name], results[1][1][name]) for name in results[0][1])
    # Other weights are another encoder.
    other = write_elmo(tmp_path / "other", tiny_arrays(seed=1))
    nlp = make_nlp(demo_examples[:3], other, cache_mb=0, cache_dir=str(folder))
    calls.clear()
    nlp.update(demo_examples[:3], sgd=Adam(0.01))
    assert len(calls) == 1


def test_the_weights_travel_inside_and_paths_do_not(
    demo_examples: list[Example], paths: ElmoFiles, texts: list[str], tmp_path: Path
) -> None:
    nlp = make_nlp(demo_examples[:3], paths, cache_dir=str(tmp_path / "cache"))
    nlp.update(demo_examples[:3], sgd=Adam(0.01))
    nlp.to_disk(tmp_path / "model")
    files = [path for path in (tmp_path / "model").rglob("*") if path.is_file()]
    assert [path.name for path in files if str(tmp_path).encode() in path.read_bytes()] == []
    (tmp_path / "elmo").rename(tmp_path / "elsewhere")
    loaded = spacy.load(tmp_path / "model")
    for text in texts:
        assert_alike(loaded(text), nlp(text))


def test_weights_outside_are_found_checked_and_missed(
    demo_examples: list[Example], paths: ElmoFiles, texts: list[str], tmp_path: Path
) -> None:
    whole: Any = make_nlp(demo_examples[:3], paths).get_pipe("hmtl")
    nlp = make_nlp(demo_examples[:3], paths, include_weights=False)
    n_bytes = sum(array.nbytes for array in tiny_arrays().values())
    without: Any = nlp.get_pipe("hmtl")
    assert len(whole.to_bytes()) - len(without.to_bytes()) > n_bytes
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    for text in texts[:3]:
        assert snapshot(loaded(text)) == snapshot(nlp(text))
    write_elmo(tmp_path / "elmo", tiny_arrays(seed=1))
    with pytest.raises(
        ValueError, match=r"weights\.hdf5: these are not the ELMo weights that the pipeline was trained"
    ):
        spacy.load(tmp_path / "model")
    Path(paths["weights"]).unlink()
    with pytest.raises(ValueError, match=r"elmo/weights\.hdf5: no such file"):
        spacy.load(tmp_path / "model")


def test_a_failed_load_leaves_the_layer_as_it_was(paths: ElmoFiles) -> None:
    model: Any = make_elmo(**paths)
    model.initialize()
    shim: BiLMShim = model.shims[0]
    before, network = model.predict([make_doc(WORDS[0])])[0], shim.network
    data = shim.to_bytes()
    with pytest.raises(ValueError):
        shim.from_bytes(data[: len(data) // 2])
    assert shim.network is network
    numpy.testing.assert_array_equal(model.predict([make_doc(WORDS[0])])[0], before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"stateful": True}, "A stateful ELMo gives a sentence different vectors each time"),
        ({"stateful": True, "cache_mb": 0, "cache_dir": "x"}, "A stateful ELMo"),
        ({"max_segment": 0}, "max_segment must be at least 1, found 0"),
        ({"dropout": 1.0}, "dropout must be from 0 to below 1"),
        ({"cache_mb": -1}, "cache_mb must be 0 or more, found -1"),
        ({"wieghts": "x"}, "wieghts"),
    ],
)
def test_impossible_settings_stop_at_the_start(
    paths: ElmoFiles, settings: dict[str, Any], message: str, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match=message):
        spacy.blank("en").add_pipe("hmtl", config={"model": {"embed": embed(paths, **settings)}})


def test_a_bare_name_is_looked_for_at_initialization(demo_examples: list[Example]) -> None:
    with pytest.raises(ValueError, match=r"options\.json: no such file"):
        make_nlp(demo_examples[:3], {"options": "options.json", "weights": "weights.hdf5"})


def test_an_empty_layer_says_what_to_do(paths: ElmoFiles) -> None:
    with pytest.raises(ValueError, match="no weights yet"):
        make_elmo(**paths).predict([make_doc(["a"])])
