"""ELMo's language model against a slow computation, and the scalar mix."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy
import pytest
import torch
from tiny_elmo import PROJECTION, reference_layers, tiny_arrays, token_vector, write_elmo

from spacy_hmtl.bridge.embeddings.elmo_files import read_options, read_weights
from spacy_hmtl.nn.bilm import lstm, network
from spacy_hmtl.nn.bilm.characters import character_rows
from spacy_hmtl.nn.bilm.network import BiLM
from spacy_hmtl.nn.scalar_mix import ScalarMix

SENTENCES = [
    ["Dell", "said", "it", "."],
    ["a"],
    ["naïve", "Ἀθῆναι", "日本日本日本", "😀", "x" * 30, "to", "Austin", "Dell"],
    ["Dell", "Dell"],
]


@pytest.fixture
def bilm(tmp_path: Path) -> BiLM:
    paths = write_elmo(tmp_path)
    config = read_options(paths["options"])
    model = BiLM(config)
    model.load_state_dict({n: torch.from_numpy(a) for n, a in read_weights(paths["weights"], config).items()})
    return model


def run(bilm: BiLM, sentences: list[list[str]], state: network.State | None = None) -> list[numpy.ndarray]:
    """Layers of each sentence, shape (tokens, 3, 2P)."""
    distinct, words = numpy.unique(numpy.concatenate(sentences), return_inverse=True)
    characters = torch.from_numpy(character_rows([str(word) for word in distinct], bilm.config))
    lengths = [len(sentence) for sentence in sentences]
    state = bilm.start(len(sentences)) if state is None else state
    flat = bilm(characters, torch.from_numpy(words), torch.tensor(lengths), state)
    flat = torch.cat([flat[:, :PROJECTION], flat], dim=1).view(len(words), 3, -1)
    return [part.numpy() for part in flat.split(lengths)]


def test_every_layer_is_what_the_slow_computation_says(bilm: BiLM) -> None:
    for sentence, found in zip(SENTENCES, run(bilm, SENTENCES)):
        numpy.testing.assert_allclose(found, reference_layers(tiny_arrays(), sentence), atol=1e-5)


def test_clipping_takes_part(bilm: BiLM) -> None:
    layers = run(bilm, SENTENCES)[2]
    assert numpy.isclose(numpy.abs(layers[:, 1]).max(), 0.3)


def test_the_state_is_carried_from_sentence_to_sentence(bilm: BiLM) -> None:
    state = bilm.start(2)
    slow: list[dict[Any, Any]] = [{}, {}]
    for batch in (SENTENCES[:2], SENTENCES[2:], [SENTENCES[1], SENTENCES[0]]):
        for row, found in enumerate(run(bilm, batch, state)):
            numpy.testing.assert_allclose(found, reference_layers(tiny_arrays(), batch[row], slow[row]), atol=1e-5)


@pytest.mark.parametrize("limit", [("_BLOCK", 1), ("_TOKENS", 1)])
def test_batches_and_blocks_of_any_size_give_the_same(
    bilm: BiLM, limit: tuple[str, int], monkeypatch: pytest.MonkeyPatch
) -> None:
    expected = run(bilm, SENTENCES)
    monkeypatch.setattr(lstm if limit[0] == "_BLOCK" else network, *limit)
    for found, layers in zip(run(bilm, SENTENCES), expected):
        numpy.testing.assert_allclose(found, layers, atol=1e-6)


@pytest.mark.parametrize("word", ["", "a", "Austin", "日本日本日本", "x" * 30, "\ud800"])
def test_a_table_as_wide_as_the_words_gives_what_full_padding_gives(bilm: BiLM, word: str) -> None:
    if word == "\ud800":
        # A lone surrogate has no UTF-8; it must not raise.
        assert character_rows([word], bilm.config).shape[0] == 3
        return
    found = bilm.tokens(torch.from_numpy(character_rows([word], bilm.config)))
    tokens: list[str | int] = [word, 256, 257]
    for vector, expected in zip(found, tokens):
        numpy.testing.assert_allclose(vector, token_vector(tiny_arrays(), expected), atol=1e-5)


def test_nothing_is_trained(bilm: BiLM) -> None:
    assert not any(parameter.requires_grad for parameter in bilm.parameters())


def test_a_mix_starts_as_the_mean_and_its_weights_learn() -> None:
    mix, layers = ScalarMix(3), torch.arange(12.0).view(2, 3, 2)
    output = mix(layers)
    torch.testing.assert_close(output, layers.mean(1))
    output.sum().backward()
    assert mix.weights.grad is not None
    assert (mix.weights.grad != 0).any()
    assert mix.gamma.grad is not None
    with torch.no_grad():
        mix.weights.copy_(torch.tensor([-1e3, 0.0, -1e3]))
        mix.gamma.fill_(2.0)
    torch.testing.assert_close(mix(layers), 2.0 * layers[:, 1])
