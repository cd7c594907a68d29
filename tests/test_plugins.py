"""Heads and encoders of other packages plug in by the config; what does not fit is refused when it is resolved."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import plugins
import pytest
import spacy
from spacy.language import Language
from spacy.training import Example
from thinc.api import Adam
from tiny import for_task, snapshot, tiny_config, tiny_nlp, train, weights

from spacy_hmtl.annotations import get_mentions

LEVELS = [["ner"], ["emd"], ["relation", "coref"]]


# As an entry point of the other package would do.
spacy.registry.architectures.register("other.Window.v1", func=plugins.make_window)
spacy.registry.architectures.register("other.WordTagger.v1", func=plugins.make_word_tagger)
spacy.registry.architectures.register("other.Pairs.v1", func=plugins.make_pairs)


def with_heads(levels: list[list[str]], **heads: Any) -> dict[str, Any]:
    config = tiny_config(levels)
    config["model"]["heads"].update(heads)
    return config


def tagger() -> dict[str, Any]:
    return {"@architectures": "other.WordTagger.v1", "encoder": {"@architectures": "other.Window.v1", "size": 12}}


def pairs(mentions: str = "emd", tokens: int = 30) -> dict[str, Any]:
    encoder = tiny_config()["model"]["heads"]["relation"]["encoder"]
    return {"@architectures": "other.Pairs.v1", "encoder": encoder, "mentions": mentions, "tokens": tokens}


def make_nlp(examples: list[Example], levels: list[list[str]], **heads: Any) -> Language:
    return tiny_nlp(examples, levels, model={"heads": with_heads(levels, **heads)["model"]["heads"]})


@pytest.mark.parametrize("levels", [LEVELS, [["relation"], ["emd"], ["ner", "coref"]]])
def test_heads_of_another_package_are_trained_saved_and_loaded(
    demo_examples: list[Example], levels: list[list[str]], tmp_path: Path
) -> None:
    nlp = make_nlp(demo_examples, levels, ner=tagger(), relation=pairs())
    before = weights(nlp.get_pipe("hmtl"))
    losses = train(nlp, demo_examples, 40)
    assert losses[-1]["hmtl_ner"] < losses[0]["hmtl_ner"]
    assert losses[-1]["hmtl_relation"] < losses[0]["hmtl_relation"]
    after = weights(nlp.get_pipe("hmtl"))
    for part in ("heads.ner.scores", "encoders.ner.linear", "heads.relation.scores"):
        assert any(part in name and before[name].tobytes() != after[name].tobytes() for name in before)
    nlp.get_pipe("hmtl").cfg["relation_threshold"] = 0.2  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "model")
    texts = [eg.text for eg in demo_examples]
    found = [snapshot(doc) for doc in nlp.pipe(texts)]
    assert any(len(doc["relations"][1]) for doc in found)
    assert any(doc["ents"] for doc in found)
    assert [snapshot(doc) for doc in spacy.load(tmp_path / "model").pipe(texts)] == found


def test_arguments_are_the_spans_that_the_head_says(demo_examples: list[Example], tmp_path: Path) -> None:
    nlp = make_nlp(demo_examples, LEVELS, relation=pairs())
    train(nlp, demo_examples, 40)
    nlp.get_pipe("hmtl").cfg["relation_threshold"] = 0.0  # type: ignore[attr-defined]
    doc = nlp(demo_examples[0].text)
    mentions = {mention[:3] for mention in get_mentions(doc) or []}
    arguments = {(a.start, a.end, a.label_) for relation in doc._.relations for a in (relation.head, relation.tail)}
    assert len(arguments) > 5
    assert arguments <= mentions


def test_parts_of_a_document_do_not_change_what_a_head_with_a_window_finds(
    demo_examples: list[Example], monkeypatch: pytest.MonkeyPatch
) -> None:
    nlp = make_nlp(demo_examples, [["emd"], ["relation"]], relation=pairs(tokens=30))
    train(nlp, demo_examples, 30)
    nlp.get_pipe("hmtl").cfg["relation_threshold"] = 0.0  # type: ignore[attr-defined]
    text = " ".join(eg.text for eg in demo_examples)
    whole = snapshot(nlp(text))["relations"]
    assert len(whole[1]) > 10
    monkeypatch.setattr("spacy_hmtl.nn.decoding._CHUNK", 30)
    parts = snapshot(nlp(text))["relations"]
    assert parts[1] == whole[1]
    assert parts[2].pop("scores") == pytest.approx(whole[2].pop("scores"), abs=1e-5)
    assert parts[2] == whole[2]


def test_learning_relations_leaves_the_level_that_is_read(demo_examples: list[Example]) -> None:
    nlp = make_nlp(demo_examples, [["relation"], ["emd"]], relation=pairs())
    before = weights(nlp.get_pipe("hmtl"))
    nlp.update(for_task(demo_examples, "relation"), sgd=Adam(0.01))
    changed = {name for name, old in weights(nlp.get_pipe("hmtl")).items() if old.tobytes() != before[name].tobytes()}
    assert any("heads.relation" in name for name in changed)
    assert not any("emd" in name for name in changed)


@pytest.mark.parametrize(
    ("task", "found"),
    [("ner", "relation"), ("emd", "coref"), ("relation", "emd"), ("coref", "ner"), ("coref", "relation")],
)
def test_a_head_of_another_kind_is_refused_when_the_config_is_resolved(task: str, found: str) -> None:
    kinds = {"ner": "spans", "emd": "spans", "relation": "relations", "coref": "clusters"}
    heads = tiny_config()["model"]["heads"]
    message = rf"H240.*task '{task}' needs a head that finds {kinds[task]}, but \[components.hmtl.model.heads.{task}\]"
    with pytest.raises(ValueError, match=rf"{message} is one that finds {kinds[found]}"):
        spacy.blank("en").add_pipe("hmtl", config=with_heads(LEVELS, **{task: heads[found]}))


def test_what_is_no_head_is_refused() -> None:
    encoder = tiny_config()["model"]["heads"]["ner"]["encoder"]
    with pytest.raises(ValueError, match=r"H240.*heads.ner\] is a BiLSTMConfig"):
        spacy.blank("en").add_pipe("hmtl", config=with_heads(LEVELS, ner=encoder))


def test_a_level_that_is_needed_must_be_there() -> None:
    with pytest.raises(ValueError, match=r"H212.*The head of relation needs what the level emd finds"):
        spacy.blank("en").add_pipe("hmtl", config=with_heads([["ner"], ["relation"]], relation=pairs()))


@pytest.mark.parametrize(
    ("mentions", "reason"), [("coref", "known only at the end"), ("relation", "need each other, relation -> relation")]
)
def test_what_cannot_be_read_is_refused(mentions: str, reason: str) -> None:
    with pytest.raises(ValueError, match=f"H241.*{reason}"):
        spacy.blank("en").add_pipe("hmtl", config=with_heads(LEVELS, relation=pairs(mentions)))
