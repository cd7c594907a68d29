"""Embedding layers: concatenation, hash embeddings, character CNN; forwards and backwards."""

from __future__ import annotations

from typing import Any

import numpy
import pytest
import spacy
import torch
from spacy.tokens import Doc
from thinc.api import SGD, Model, fix_random_seed
from tiny import weights

from spacy_hmtl.bridge.embeddings import characters as characters_module
from spacy_hmtl.bridge.embeddings import concat
from spacy_hmtl.bridge.embeddings.characters import make_char_cnn
from spacy_hmtl.bridge.embeddings.concat import make_concat, make_hash_embedding

NLP = spacy.blank("en")
WORDS = ["Dell", "a", "naïve", "Ἀθῆναι", "日本", "😀", "x" * 80, "\n", "Dell"]


def make_doc(words: list[str]) -> Doc:
    return Doc(NLP.vocab, words=words)


def char_cnn(filter_width: int = 3) -> Model[list[Doc], Any]:
    fix_random_seed(0)
    model = make_char_cnn(character_width=4, n_filters=5, filter_width=filter_width, dropout=0.0)
    model.initialize()
    return model


@pytest.mark.parametrize("filter_width", [1, 3, 5])
def test_a_word_has_one_vector_whatever_stands_beside_it(filter_width: int) -> None:
    model = char_cnn(filter_width)
    together = model.predict([make_doc(WORDS)])[0]
    assert together.shape == (len(WORDS), 5)
    for word, vector in zip(WORDS, together):
        numpy.testing.assert_allclose(model.predict([make_doc([word])])[0][0], vector, atol=1e-6)
    numpy.testing.assert_array_equal(together[0], together[-1])
    assert len({vector.tobytes() for vector in together[:-1]}) == len(WORDS) - 1


def test_a_word_of_any_length_costs_what_fifty_characters_do_and_changes_no_other() -> None:
    model, ordinary = char_cnn(), [word for word in WORDS if len(word) < 50]
    beside = model.predict([make_doc(ordinary), make_doc(["x" * 50])])
    huge = model.predict([make_doc(ordinary), make_doc(["x" * 100_000])])
    for one, other in zip(beside, huge):
        numpy.testing.assert_array_equal(one, other)
    characters, lengths, _ = characters_module._rows([make_doc([*ordinary, "(" * 100_000])])
    assert (characters.shape, lengths.max()) == ((len(set(ordinary)) + 1, 50), 50)


def test_characters_are_convolved_and_the_largest_value_wins() -> None:
    model = char_cnn()
    network = model.shims[0]._model
    for word in ("a", "Dell", "Überfahrt"):
        padded = torch.zeros(len(word) + 2, 4)
        padded[1:-1] = torch.stack([network.embed.weight[1 + ord(c) % 1536] for c in word])
        weight, bias = network.convolve.weight, network.convolve.bias  # (F, C, 3)
        values = [(weight * padded[i : i + 3].T).sum((1, 2)) + bias for i in range(len(word))]
        expected = torch.stack(values).relu().amax(0).detach()
        numpy.testing.assert_allclose(model.predict([make_doc([word])])[0][0], expected, atol=1e-5)


def test_empty_docs_have_no_vectors() -> None:
    model = char_cnn()
    assert [array.shape for array in model.predict([make_doc([]), make_doc(["a"]), make_doc([])])] == [
        (0, 5),
        (1, 5),
        (0, 5),
    ]
    assert [array.shape for array in model.predict([make_doc([])])] == [(0, 5)]


def test_the_gradient_reaches_every_part() -> None:
    fix_random_seed(0)
    characters = make_char_cnn(character_width=4, n_filters=5, filter_width=3, dropout=0.0)
    model = make_hash_embedding(width=6, rows=[50, 50], attrs=["NORM", "SHAPE"], characters=characters)
    docs = [make_doc(["Dell", "left"]), make_doc([]), make_doc(["Austin"])]
    model.initialize(X=docs)
    assert model.get_dim("nO") == 11
    pipe = type("Pipe", (), {"model": model})
    before = weights(pipe)
    output, backprop = model(docs, True)
    assert [array.shape for array in output] == [(2, 11), (0, 11), (1, 11)]
    random = numpy.random.RandomState(0)
    backprop([random.rand(*array.shape).astype("f") for array in output])
    model.finish_update(SGD(0.1, L2=0.0, grad_clip=0.0))
    after = weights(pipe)
    assert [name for name in before if numpy.array_equal(before[name], after[name])] == []


def test_layers_are_concatenated_in_the_order_of_their_names() -> None:
    def constant(value: float, width: int) -> Model[list[Doc], Any]:
        def forward(model: Model[list[Doc], Any], docs: list[Doc], is_train: bool) -> Any:
            return [numpy.full((len(doc), width), value, dtype="f") for doc in docs], lambda d: seen.update({value: d})

        return Model("constant", forward, dims={"nO": width})

    seen: dict[float, Any] = {}
    model = make_concat(layers={"b": constant(2.0, 3), "a": constant(1.0, 2)})
    docs = [make_doc(["x", "y"]), make_doc([])]
    model.initialize(X=docs)
    output, backprop = model(docs, True)
    assert output[0].tolist() == [[1.0, 1.0, 2.0, 2.0, 2.0]] * 2
    assert model.get_dim("nO") == 5
    backprop([numpy.arange(10, dtype="f").reshape(2, 5), numpy.zeros((0, 5), dtype="f")])
    assert seen[1.0][0].tolist() == [[0.0, 1.0], [5.0, 6.0]]
    assert seen[2.0][0].tolist() == [[2.0, 3.0, 4.0], [7.0, 8.0, 9.0]]


@pytest.mark.parametrize("factor", [concat._FACTOR, 0], ids=["sorted by key", "two words with one key"])
def test_prediction_by_distinct_words_is_that_of_each_token(factor: int, monkeypatch: pytest.MonkeyPatch) -> None:
    # With the factor 0 the key of a word is its norm alone, so that "DELL" and "dell" share one.
    monkeypatch.setattr(concat, "_FACTOR", factor)
    attrs = ["NORM", "PREFIX", "SHAPE"]
    model = make_hash_embedding(width=8, rows=[50, 50, 50], attrs=attrs, characters=char_cnn())
    docs = [make_doc(words) for words in ([], WORDS, ["DELL", "dell", "a", "dell"], [])]
    model.initialize(X=docs)
    token_by_token, _ = model(docs, is_train=True)
    found: Any
    expected: Any
    for found, expected in zip(model.predict(docs), token_by_token, strict=True):
        numpy.testing.assert_allclose(found, expected, atol=1e-6)
    assert [len(array) for array in model.predict([docs[0]])] == [0]


def test_the_seed_set_before_initialization_decides() -> None:
    runs: list[Any] = []
    for seed in (1, 1, 2):
        model = make_char_cnn(character_width=4, n_filters=5, filter_width=3, dropout=0.0)
        fix_random_seed(seed)
        model.initialize()
        runs.append(model.predict([make_doc(["Dell"])])[0])
    assert numpy.array_equal(runs[0], runs[1])
    assert not numpy.array_equal(runs[0], runs[2])


@pytest.mark.parametrize(
    ("setting", "value", "message"),
    [
        ("filter_width", 2, "filter_width must be odd and at least 1, found 2"),
        ("filter_width", 0, "filter_width must be odd"),
        ("n_filters", 0, "n_filters must be at least 1, found 0"),
        ("character_width", 0, "character_width must be at least 1, found 0"),
        ("dropout", 1.0, "dropout must be from 0 to below 1, found 1.0"),
    ],
)
def test_impossible_settings_of_characters_stop_at_the_start(setting: str, value: float, message: str) -> None:
    settings: dict[str, Any] = {"character_width": 4, "n_filters": 5, "filter_width": 3, "dropout": 0.0}
    with pytest.raises(ValueError, match=message):
        make_char_cnn(**{**settings, setting: value})


def test_nothing_to_concatenate_stops_at_the_start() -> None:
    with pytest.raises(ValueError, match=r"layers of spacy_hmtl\.Concat\.v1 is empty"):
        make_concat(layers={})
