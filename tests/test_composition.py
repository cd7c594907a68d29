"""The component beside others: twice, frozen, disabled, sourced, with shared embeddings."""

from __future__ import annotations

import warnings
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam, fix_random_seed
from tiny import assert_alike, for_task, snapshot, tiny_config, tiny_nlp, train, weights

from spacy_hmtl.annotations import TASKS, is_annotated

TOK2VEC = {
    "model": {
        "@architectures": "spacy.HashEmbedCNN.v2",
        "width": 32,
        "depth": 1,
        "embed_size": 300,
        "window_size": 1,
        "maxout_pieces": 2,
        "subword_features": True,
        "pretrained_vectors": None,
    }
}
LISTENER = {"@architectures": "spacy.Tok2VecListener.v1", "width": 32, "upstream": "tok2vec"}


def changed(before: dict[str, numpy.ndarray], after: dict[str, numpy.ndarray]) -> bool:
    return any(not numpy.array_equal(before[name], after[name]) for name in before)


def test_analysis_finds_no_problems(trained_nlp: Language) -> None:
    analysis = trained_nlp.analyze_pipes() or {}
    assert analysis["problems"] == {"hmtl": []}
    assigns = analysis["summary"]["hmtl"]["assigns"]
    assert {"doc.ents", "doc.spans", "doc._.coref_clusters", "doc._.relations"} <= set(assigns)


def test_the_default_config_is_complete_and_trains(demo_examples: list[Example]) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl")
    nlp.initialize(lambda: demo_examples)
    losses = nlp.update(demo_examples[:2], sgd=Adam(0.001))
    assert all(losses[f"hmtl_{task}"] > 0.0 for task in TASKS)
    assert set(nlp("Dell left Austin.").spans) == {"hmtl_entities", "mentions", "coref", "relations"}


def test_twice_under_two_names(demo_examples: list[Example], tmp_path: Path) -> None:
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", name="names", config=tiny_config([["ner"]]))
    nlp.add_pipe("hmtl", name="links", config=tiny_config([["coref"]]))
    nlp.initialize(lambda: demo_examples)
    losses = nlp.update(demo_examples[:4], sgd=Adam(0.01))
    assert set(losses) == {"names", "names_ner", "links", "links_coref"}
    doc = nlp("Dell said it left Austin.")
    assert set(doc.spans) == {"hmtl_entities", "coref"}
    nlp.to_disk(tmp_path / "model")
    assert snapshot(spacy.load(tmp_path / "model")(doc.text)) == snapshot(doc)


def test_frozen_it_predicts_but_does_not_learn(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples)
    nlp.add_pipe("hmtl", name="other", config=tiny_config([["ner"]]))
    with nlp.select_pipes(enable="other"):
        nlp.initialize(lambda: demo_examples)
    before = weights(nlp.get_pipe("hmtl")), weights(nlp.get_pipe("other"))
    losses = nlp.update(demo_examples[:2], sgd=Adam(0.01), exclude=["hmtl"], annotates=["hmtl"])
    assert set(losses) == {"other", "other_ner"}
    assert not changed(before[0], weights(nlp.get_pipe("hmtl")))
    assert changed(before[1], weights(nlp.get_pipe("other")))


def test_disabled_it_writes_nothing(trained_nlp: Language) -> None:
    with trained_nlp.select_pipes(disable="hmtl"):
        doc = trained_nlp("Dell left Austin.")
        assert not doc.spans
        assert not doc.has_annotation("ENT_IOB")
    assert "mentions" in trained_nlp("Dell left Austin.").spans


def test_sourced_into_another_pipeline_it_predicts_the_same(
    trained_nlp: Language, texts: list[str], tmp_path: Path
) -> None:
    # Loaded again, because spaCy renames the very component that is sourced.
    trained_nlp.to_disk(tmp_path / "model")
    other = spacy.blank("en")
    other.add_pipe("sentencizer")
    other.add_pipe("hmtl", name="borrowed", source=spacy.load(tmp_path / "model"))
    assert_alike(other(texts[1]), trained_nlp(texts[1]))
    assert "borrowed" in other.config["components"]
    other.to_disk(tmp_path / "other")
    assert_alike(spacy.load(tmp_path / "other")(texts[1]), trained_nlp(texts[1]))


def test_trained_beside_other_components(demo_examples: list[Example]) -> None:
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config=TOK2VEC)
    ner_model = {
        "@architectures": "spacy.TransitionBasedParser.v2",
        "state_type": "ner",
        "extra_state_tokens": False,
        "hidden_width": 16,
        "maxout_pieces": 2,
        "use_upper": True,
        "nO": None,
        "tok2vec": LISTENER,
    }
    nlp.add_pipe("ner", config={"model": ner_model})
    nlp.add_pipe("hmtl", config=tiny_config([["coref"]], model={"embed": LISTENER}))
    nlp.initialize(lambda: demo_examples)
    optimizer = Adam(0.01)
    losses: dict[str, float] = {}
    for _ in range(3):
        nlp.update(demo_examples, sgd=optimizer, losses=losses)
    assert losses["ner"] > 0.0
    assert losses["hmtl_coref"] > 0.0
    doc = nlp("Dell said it left Austin.")
    assert doc.has_annotation("ENT_IOB")
    assert "hmtl_entities" not in doc.spans
    assert is_annotated(doc, "coref")


@pytest.fixture(scope="module")
def listening(_demo_docs: list[Doc]) -> tuple[Language, list[Example], list[dict[str, float]]]:
    """A pipeline whose embeddings are a shared tok2vec's, trained a little; its examples and losses."""
    examples = [Example(Doc(doc.vocab, words=[t.text for t in doc]), doc.copy()) for doc in _demo_docs]
    fix_random_seed(0)
    nlp = spacy.blank("en")
    nlp.add_pipe("tok2vec", config=TOK2VEC)
    nlp.add_pipe("hmtl", config=tiny_config([["ner"], ["coref"]], model={"embed": LISTENER}))
    nlp.initialize(lambda: examples)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*cross a sentence end")
        return nlp, examples, train(nlp, examples, 12)


def test_a_shared_tok2vec_is_trained_through_the_listener(
    listening: tuple[Language, list[Example], list[dict[str, float]]],
) -> None:
    nlp, examples, history = listening
    assert history[-1]["hmtl_ner"] < 0.5 * history[0]["hmtl_ner"]
    tok2vec: Any = nlp.get_pipe("tok2vec")
    assert [name for name, _ in tok2vec.listener_map.items()] == ["hmtl"]
    before = weights(tok2vec)
    nlp.update(for_task(examples[:3], "ner"), sgd=Adam(0.01))
    assert changed(before, weights(tok2vec))


def test_a_listening_pipeline_is_saved_and_batched_alike(
    listening: tuple[Language, list[Example], list[dict[str, float]]], texts: list[str], tmp_path: Path
) -> None:
    nlp, *_ = listening
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    for doc, batched in zip(map(nlp, texts), loaded.pipe(texts, batch_size=5)):
        assert_alike(batched, doc)


def test_a_listening_pipeline_leaves_white_space_out_and_learns_beside_it(
    listening: tuple[Language, list[Example], list[dict[str, float]]],
) -> None:
    nlp, examples, _ = listening
    doc = nlp("\n Dell  left\n\nAustin. ")
    states = nlp.get_pipe("hmtl").states([doc])  # type: ignore[attr-defined]
    zero = [not row.any() for row in states["ner"][0]]
    assert zero == [token.is_space for token in doc]
    reference = examples[0].reference
    wrapped = Example(nlp.make_doc("\n".join(reference.text.split(" "))), reference)
    before = weights(nlp.get_pipe("tok2vec"))
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*cross a sentence end")
        losses = nlp.update(for_task([wrapped], "ner"), sgd=Adam(0.0001))
    assert losses["hmtl_ner"] > 0
    assert changed(before, weights(nlp.get_pipe("tok2vec")))


def test_listeners_can_be_replaced_by_a_copy(
    listening: tuple[Language, list[Example], list[dict[str, float]]], texts: list[str], tmp_path: Path
) -> None:
    nlp, *_ = listening
    nlp.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    expected = [snapshot(loaded(text)) for text in texts]
    loaded.replace_listeners("tok2vec", "hmtl", ["model.embed"])
    loaded.remove_pipe("tok2vec")
    assert [snapshot(loaded(text)) for text in texts] == expected
    loaded.to_disk(tmp_path / "alone")
    again = spacy.load(tmp_path / "alone")
    assert again.pipe_names == ["hmtl"]
    assert [snapshot(again(text)) for text in texts] == expected
    # And sourced, where spaCy replaces listeners by itself if asked to.
    third = spacy.blank("en")
    third.add_pipe("hmtl", source=again)
    assert [snapshot(third(text)) for text in texts] == expected
