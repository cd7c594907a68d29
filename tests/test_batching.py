"""Alone equals batched, for every head and the whole pipe; empty, tiny and huge Docs."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy
import pytest
import spacy
from hypothesis import given
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc
from tiny import assert_alike, tiny_config

from spacy_hmtl.pipeline import predicting
from spacy_hmtl.pipeline.batches import batches

LAYERS = ("hmtl_entities", "mentions", "coref", "relations")


@pytest.fixture(scope="module")
def alone(trained_nlp: Language, texts: list[str]) -> list[Doc]:
    return [trained_nlp(text) for text in texts]


def test_the_trained_pipeline_finds_something_of_every_layer(alone: list[Doc]) -> None:
    for layer in LAYERS:
        assert sum(len(doc.spans[layer]) for doc in alone) > 3
    assert any(len(cluster) > 1 for doc in alone for cluster in doc._.coref_clusters)


@pytest.mark.parametrize("batch_size", [1, 2, 7, 100])
def test_pipe_gives_what_single_calls_give_in_order(
    trained_nlp: Language, texts: list[str], alone: list[Doc], batch_size: int
) -> None:
    batched = list(trained_nlp.pipe(texts, batch_size=batch_size))
    assert [doc.text for doc in batched] == texts
    for doc, single in zip(batched, alone):
        assert_alike(doc, single)


def test_order_in_the_batch_does_not_matter(trained_nlp: Language, texts: list[str], alone: list[Doc]) -> None:
    for doc, single in zip(trained_nlp.pipe(reversed(texts)), reversed(alone)):
        assert_alike(doc, single)


def test_batches_are_cut_by_tokens_and_give_the_same(
    trained_nlp: Language, texts: list[str], alone: list[Doc], monkeypatch: pytest.MonkeyPatch
) -> None:
    pipe: Any = trained_nlp.get_pipe("hmtl")
    sizes: list[list[int]] = []
    predictions = type(pipe)._predictions

    def counting(self: Any, docs: list[Doc], settings: Any) -> Any:
        sizes.append([len(doc) for doc in docs])
        return predictions(self, docs, settings)

    monkeypatch.setattr(type(pipe), "_predictions", counting)
    monkeypatch.setattr(predicting, "_MOST_TOKENS", 60)
    for doc, single in zip(trained_nlp.pipe(texts, batch_size=5), alone):
        assert_alike(doc, single)
    assert [n for batch in sizes for n in batch] == [len(doc) for doc in alone]
    assert all(len(batch) <= 5 and (sum(batch) <= 60 or len(batch) == 1) for batch in sizes)
    assert len(sizes) > len(texts) / 5 + 1


class Length(list[None]):
    """All that is asked of a Doc."""


@given(st.lists(st.integers(0, 9)), st.integers(1, 5), st.integers(1, 20))
def test_no_batch_is_larger_than_it_may_be_or_smaller_than_it_must(
    lengths: list[int], most_docs: int, most_tokens: int
) -> None:
    docs: list[Any] = [Length([None] * n) for n in lengths]
    read: list[Any] = []
    found = []
    for batch in batches((read.append(doc) or doc for doc in docs), most_docs, most_tokens):
        found.append(batch)
        assert len(read) <= sum(map(len, found)) + 1  # one is read ahead at most
    assert [len(doc) for batch in found for doc in batch] == lengths
    for batch in found:
        assert 1 <= len(batch) <= most_docs
        assert len(batch) == 1 or sum(map(len, batch)) <= most_tokens
    for batch, following in pairwise(found):
        assert len(batch) == most_docs or sum(map(len, batch)) + len(following[0]) > most_tokens


@pytest.mark.parametrize("text", ["", " ", "\n\n", "Dell"])
def test_every_layer_is_annotated_even_where_nothing_is(trained_nlp: Language, text: str) -> None:
    doc = trained_nlp(text)
    assert all(layer in doc.spans for layer in LAYERS)
    assert isinstance(doc._.coref_clusters, list)
    assert isinstance(doc._.relations, list)
    assert doc.has_annotation("ENT_IOB")
    assert len(doc.spans["mentions"].attrs["scores"]) == len(doc.spans["mentions"])


def test_batches_without_any_token(trained_nlp: Language) -> None:
    assert list(trained_nlp.pipe([])) == []
    assert [len(doc) for doc in trained_nlp.pipe(["", "", ""])] == [0, 0, 0]
    assert trained_nlp.get_pipe("hmtl").predict([]) == []  # type: ignore[attr-defined]


def test_every_confidence_lies_between_zero_and_one(alone: list[Doc]) -> None:
    for doc in alone:
        for layer in LAYERS:
            scores = numpy.asarray(doc.spans[layer].attrs["scores"], dtype=float)
            assert ((scores >= 0.0) & (scores <= 1.0)).all()
        assert len(doc.ents) == len(doc.spans["hmtl_entities"].attrs["scores"])


def test_states_alone_are_those_in_a_batch(trained_nlp: Language, texts: list[str]) -> None:
    pipe, docs = trained_nlp.get_pipe("hmtl"), [trained_nlp.make_doc(text) for text in texts]
    together = pipe.states(docs)  # type: ignore[attr-defined]
    assert set(together) == {"embeddings", "ner", "emd", "relation", "coref"}
    for number, doc in enumerate(docs):
        for task, states in pipe.states([doc]).items():  # type: ignore[attr-defined]
            assert together[task][number].shape == states[0].shape
            assert together[task][number].shape[0] == len(doc)
            numpy.testing.assert_allclose(together[task][number], states[0], atol=1e-5)


def test_sentence_boundaries_are_used_where_the_doc_has_them(trained_nlp: Language) -> None:
    words = "Maria Lind met Dell . She left Austin .".split()
    starts: list[list[bool | int | None] | None] = [[True, *[False] * 8], [i in (0, 5) for i in range(9)], None]
    docs = [Doc(trained_nlp.vocab, words=words, sent_starts=own) for own in starts]
    states = trained_nlp.get_pipe("hmtl").states(docs)["ner"]  # type: ignore[attr-defined]
    assert not numpy.allclose(states[0], states[1])
    # Without boundaries, sentence-final punctuation decides; the Doc is left as it was.
    numpy.testing.assert_allclose(states[1], states[2], atol=1e-6)
    assert not docs[2].has_annotation("SENT_START")


@pytest.mark.parametrize("words", [["word"], ["a", "Dell", "b", ".", "\n"]])
def test_a_doc_of_twenty_thousand_tokens(trained_nlp: Language, words: list[str]) -> None:
    n_tokens = 20_000
    doc = Doc(trained_nlp.vocab, words=words * (n_tokens // len(words)))
    trained_nlp.get_pipe("hmtl")(doc)
    assert len(doc) == n_tokens
    assert all(layer in doc.spans for layer in LAYERS)


def test_segments_are_bounded_and_longer_sentences_cut(trained_nlp: Language) -> None:
    # 200 tokens without any sentence end, at most 64 in a segment: windows do not see each other.
    doc = Doc(trained_nlp.vocab, words=["word"] * 200)
    states = trained_nlp.get_pipe("hmtl").states([doc])["ner"][0]  # type: ignore[attr-defined]
    numpy.testing.assert_allclose(states[:64], states[64:128], atol=1e-6)


def test_an_untrained_pipe_says_what_to_do() -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config())
    with pytest.raises(ValueError, match="no labels yet"):
        nlp("Dell")
