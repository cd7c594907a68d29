"""What coreference ranks, and what it is told about speakers and genres."""

from __future__ import annotations

from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Token
from spacy.training import Example
from thinc.api import Adam
from tiny import for_task, snapshot, tiny_config, tiny_nlp, train, weights

from spacy_hmtl.annotations import copy_tokens, get_clusters, get_mentions, set_meta
from spacy_hmtl.bridge.context import genre_of, make_context, speakers_of
from spacy_hmtl.bridge.segments import make_layout

LEVELS = [["emd"], ["coref"]]


def with_coref(levels: list[list[str]], **settings: Any) -> dict[str, Any]:
    config = tiny_config(levels)
    config["model"]["heads"]["coref"].update(settings)
    return config


def make(examples: list[Example], levels: list[list[str]], **settings: Any) -> Language:
    heads = with_coref(levels, **settings)["model"]["heads"]
    return tiny_nlp(examples, levels, model={"heads": heads})


@pytest.mark.parametrize("train_candidates", ["gold", "predicted"])
def test_clusters_can_be_made_of_the_mentions_found_below(demo_examples: list[Example], train_candidates: str) -> None:
    nlp = make(demo_examples, LEVELS, candidates="mentions", train_candidates=train_candidates)
    train(nlp, demo_examples, 40)
    clustered = 0
    for eg in demo_examples:
        doc = nlp(eg.predicted.copy())
        mentions = {(m.start, m.end) for m in get_mentions(doc) or []}
        clusters = get_clusters(doc)
        assert clusters is not None
        members = [mention[:2] for cluster in clusters for mention in cluster]
        assert set(members) <= mentions
        clustered += len(members)
    assert clustered > 20
    scores = nlp.evaluate(demo_examples)
    assert scores["coref_f"] > 0.6


@pytest.mark.parametrize("levels", [LEVELS, [["coref"], ["emd"]]])
@pytest.mark.parametrize("train_candidates", ["gold", "predicted"])
def test_learning_from_mentions_leaves_the_head_that_finds_them(
    demo_examples: list[Example], levels: list[list[str]], train_candidates: str
) -> None:
    nlp = make(demo_examples, levels, candidates="mentions", train_candidates=train_candidates)
    train(nlp, demo_examples[:3], 10)  # so that some are found
    before = weights(nlp.get_pipe("hmtl"))
    nlp.update(for_task(demo_examples[:3], "coref"), sgd=Adam(0.01))
    after = weights(nlp.get_pipe("hmtl"))
    changed = {name for name in before if before[name].tobytes() != after[name].tobytes()}
    assert any(".hmtl.heads.coref." in name for name in changed)
    assert not any(".hmtl.heads.emd." in name for name in changed)
    assert any(".hmtl.encoders.emd." in name for name in changed) == (levels == LEVELS)


@pytest.mark.parametrize("text", ["", "Nobody here."])
def test_no_mentions_give_no_clusters(demo_examples: list[Example], text: str) -> None:
    nlp = make(demo_examples, LEVELS, candidates="mentions")
    doc = nlp(text)
    assert get_clusters(doc) is not None


def test_coarse_to_fine_learns_what_the_full_head_learns(demo_examples: list[Example]) -> None:
    nlp = make(demo_examples, [["coref"]], top_antecedents=3)
    train(nlp, demo_examples, 40)
    assert nlp.evaluate(demo_examples)["coref_f"] > 0.8


def test_a_document_is_resolved_alike_whatever_the_batch_and_the_part(
    demo_examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    nlp = make(demo_examples, [["coref"]], top_antecedents=3, window=20)
    train(nlp, demo_examples, 15)
    text = " ".join(eg.text for eg in demo_examples)
    whole = snapshot(nlp(text))
    monkeypatch.setattr("spacy_hmtl.nn.decoding._CHUNK", 30)
    parts = snapshot(nlp(text))
    assert parts["coref"][1] == whole["coref"][1]
    assert parts["coref"][2]["clusters"] == whole["coref"][2]["clusters"]
    assert parts["coref"][2]["scores"] == pytest.approx(whole["coref"][2]["scores"], abs=1e-5)
    # Links reach over the boundaries of parts.
    clusters = get_clusters(nlp(text))
    assert clusters is not None
    assert max(cluster[-1][0] - cluster[0][0] for cluster in clusters) > 60


def test_speakers_and_genre_are_read_from_where_people_keep_them() -> None:
    nlp = spacy.blank("en")
    doc = nlp.make_doc("I see you")
    assert speakers_of(doc) == ["", "", ""]
    assert genre_of(doc) == ""
    set_meta(doc, {"speakers": ["Ann", "Ann", "-"], "genre": "bc"})
    assert speakers_of(doc) == ["Ann", "Ann", "-"]
    assert genre_of(doc) == "bc"
    doc.user_data["speakers"] = ["Bob", "Bob", "Bob"]
    doc.user_data["genre"] = "nw"
    assert speakers_of(doc) == ["Bob"] * 3
    assert genre_of(doc) == "nw"
    Token.set_extension("speaker", default="", force=True)
    try:
        doc[2]._.speaker = "Cy"
        assert speakers_of(doc) == ["Bob", "Bob", "Cy"]
    finally:
        Token.remove_extension("speaker")


def test_speakers_of_the_wrong_length_are_left_alone() -> None:
    doc = spacy.blank("en").make_doc("I see you")
    doc.user_data["speakers"] = ["Ann"]
    assert speakers_of(doc) == ["", "", ""]


def test_numbers_of_speakers_and_genres() -> None:
    nlp = spacy.blank("en")
    docs = [nlp.make_doc("I see you"), nlp.make_doc(""), nlp.make_doc("You do")]
    docs[0].user_data.update(speakers=["Ann", "Bob", "-"], genre="bc")
    docs[2].user_data.update(speakers=["Bob", ""])
    layout = make_layout(docs, 100)
    context = make_context(docs, ["speaker", "genre"], layout, None)
    assert context is not None
    first, second, third, fourth, fifth = context.speakers.tolist()
    assert third == fifth == -1
    assert second == fourth != first
    assert min(first, second) >= 0
    assert context.genres.tolist()[0] > 0
    assert context.genres.tolist()[1:] == [0, 0]
    assert make_context(docs, [], layout, None) is None
    alone = make_context(docs, ["genre"], layout, None)
    assert alone is not None
    assert set(alone.speakers.tolist()) == {-1}


@pytest.mark.filterwarnings(r"ignore:\[W160\]")
def test_features_reach_training_and_prediction(demo_examples: list[Example]) -> None:
    nlp = make(demo_examples, [["coref"]], features=["speaker", "genre"])
    told = [Example(eg.predicted.copy(), eg.reference) for eg in demo_examples]
    for eg in told:
        eg.predicted.user_data["speakers"] = ["Ann" if i % 2 else "Bob" for i in range(len(eg.predicted))]
    optimizer = Adam(0.0)
    losses = [nlp.update(egs, sgd=optimizer, losses={})["hmtl_coref"] for egs in (demo_examples, told, told)]
    assert losses[0] != losses[1] == losses[2]
    train(nlp, demo_examples, 30)
    plain, other = nlp(demo_examples[0].predicted.copy()), nlp(told[0].predicted.copy())
    assert snapshot(plain)["coref"][2]["scores"] != snapshot(other)["coref"][2]["scores"]


def test_the_reader_hands_speakers_on_to_what_is_predicted() -> None:
    vocab = spacy.blank("en").vocab
    doc = Doc(vocab, words=["I", "see"])
    set_meta(doc, {"speakers": ["Ann", "Ann"], "genre": "bc"})
    copy = copy_tokens(doc, vocab)
    assert speakers_of(copy) == ["Ann", "Ann"]
    assert genre_of(copy) == "bc"


@pytest.mark.parametrize("features", [["mood"], ["speaker", "speaker"]])
def test_unknown_or_doubled_features_are_named(features: list[str]) -> None:
    with pytest.raises(ValueError, match="features must be a list of speaker and genre and words, each at most once"):
        spacy.blank("en").add_pipe("hmtl", config=with_coref([["coref"]], features=features))
