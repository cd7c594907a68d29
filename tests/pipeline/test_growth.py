"""Going on with a trained pipeline: new labels."""

from __future__ import annotations

from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import spacy
import torch
from pipeline.growing import (
    assert_kept,
    embeddings,
    pipe_of,
    same_numbers,
    training_config,
    weights,
    with_employers,
)
from spacy.cli.train import train as spacy_train
from spacy.language import Language
from spacy.tokens import DocBin, Span
from spacy.training import Example
from thinc.api import Adam
from tiny import LEVELS, assert_alike, tiny_config, tiny_nlp

pytestmark = pytest.mark.filterwarnings("ignore:.*W105", "ignore:.*W173")


def test_new_labels_leave_all_that_is_known(trained: Language, demo_examples: list[Example], tmp_path: Path) -> None:
    before, scores, below = weights(trained), same_numbers(trained, demo_examples), embeddings(trained)
    pipe = pipe_of(trained)
    known = deepcopy(pipe.label_data)
    assert pipe.add_labels_of(with_employers(demo_examples)) == {
        "ner": ["ZZZ_NAME"],
        "emd": ["ZZZ_MENTION"],
        "relation": ["ZZZ_RELATION"],
    }
    assert pipe.add_labels_of(with_employers(demo_examples)) == {}
    assert_kept(before, weights(trained))
    assert embeddings(trained) == below
    for task, own in known.items():
        assert pipe.label_data[task][: len(own)] == own
    again = same_numbers(trained, demo_examples)
    assert {key: value for key, value in again.items() if key != "speed"} == {
        key: value for key, value in scores.items() if key != "speed"
    }
    trained.to_disk(tmp_path / "grown")
    loaded = spacy.load(tmp_path / "grown")
    assert pipe_of(loaded).label_data == pipe.label_data
    for eg in demo_examples:
        assert_alike(loaded(eg.predicted.copy()), trained(eg.predicted.copy()))


def test_training_after_growth_learns_the_new_and_keeps_the_old(
    trained: Language, demo_examples: list[Example]
) -> None:
    examples = with_employers(demo_examples)
    optimizer = Adam(0.01)
    trained.update(demo_examples, sgd=optimizer)  # an optimizer that has seen the smaller network
    pipe_of(trained).add_labels_of(examples)
    for _ in range(40):
        trained.update(examples, sgd=optimizer)
    scores = same_numbers(trained, examples)
    assert scores["ents_per_type"]["ZZZ_NAME"]["f"] > 0.9
    assert scores["mentions_per_type"]["ZZZ_MENTION"]["f"] > 0.9
    assert scores["relations_per_type"]["ZZZ_RELATION"]["f"] > 0.9
    assert scores["ents_f"] > 0.9
    assert scores["mentions_f"] > 0.8
    assert scores["relations_f"] > 0.8


def test_labels_are_added_by_name(trained: Language, demo_examples: list[Example]) -> None:
    pipe, before = pipe_of(trained), weights(trained)
    assert pipe.add_label("ZZZ", "ner") == 1
    assert pipe.add_label("ZZZ", "ner") == 0
    assert pipe.add_label("ZZZ", "relation") == 1
    assert "ZZZ" in pipe.labels
    assert_kept(before, weights(trained))
    for wrong in [("ZZZ",), ("ZZZ", "coref"), ("ner", "ZZZ"), ("", "ner")]:
        with pytest.raises(ValueError, match=r'\[H310\].*ner, emd, relation.*add_label\("LABEL", "ner"\)'):
            pipe.add_label(*wrong)
    gold = demo_examples[0].reference.copy()
    gold.set_ents([Span(gold, 0, 1, "UNHEARD")])
    with pytest.raises(ValueError, match=r"\[H309\].*UNHEARD.*add_labels_of\(examples\)"):
        trained.update([Example(demo_examples[0].predicted, gold)])


def test_labels_can_be_added_before_there_are_weights(demo_examples: list[Example]) -> None:
    nlp = spacy.blank("en")
    pipe: Any = nlp.add_pipe("hmtl", config=tiny_config([["ner"]]))
    assert [pipe.add_label("ZZZ"), pipe.add_label("ZZZ")] == [1, 0]
    nlp.initialize(lambda: demo_examples)
    assert "ZZZ" in pipe.labels
    assert "PERSON" in pipe.labels


def test_initialize_keeps_what_is_trained(trained: Language, demo_examples: list[Example]) -> None:
    before = weights(trained)
    examples = with_employers(demo_examples)
    with pytest.warns(UserWarning, match=r"\[W173\].*keeps its weights.*ZZZ_NAME.*replace_pipe"):
        trained.initialize(lambda: examples)
    assert_kept(before, weights(trained))
    assert "ZZZ_NAME" in pipe_of(trained).labels
    nlp = tiny_nlp(demo_examples)
    untrained = weights(nlp)
    nlp.initialize(lambda: demo_examples)
    assert not all(torch.equal(value, untrained[name]) for name, value in weights(nlp).items())


def test_spacy_train_on_a_sourced_component_finds_new_labels_at_start(
    trained: Language, demo_examples: list[Example], tmp_path: Path
) -> None:
    DocBin(docs=[eg.reference for eg in with_employers(demo_examples)]).to_disk(tmp_path / "new.spacy")
    config = training_config(LEVELS, tmp_path / "new.spacy", {"source": str(tmp_path / "trained"), "component": "hmtl"})
    config.to_disk(tmp_path / "config.cfg")
    known = pipe_of(trained).label_data
    spacy_train(tmp_path / "config.cfg", tmp_path / "out")
    pipe = pipe_of(spacy.load(tmp_path / "out" / "model-last"))
    for task, own in known.items():
        assert pipe.label_data[task][: len(own)] == own
    assert {"ZZZ_NAME", "ZZZ_MENTION", "ZZZ_RELATION"} <= set(pipe.labels)


def test_reading_a_corpus_changes_no_pipeline_that_is_not_trained(
    trained: Language, demo_examples: list[Example], tmp_path: Path
) -> None:
    DocBin(docs=[eg.reference for eg in with_employers(demo_examples)]).to_disk(tmp_path / "new.spacy")
    reader: Any = spacy.registry.readers.get("spacy_hmtl.MultiTaskCorpus.v1")(ner={"path": str(tmp_path / "new.spacy")})
    known = pipe_of(trained).labels
    assert len(list(reader(trained))) > 0
    assert pipe_of(trained).labels == known
    trained.resume_training()
    assert len(list(reader(trained))) > 0
    assert set(pipe_of(trained).labels) - set(known) == {"ZZZ_NAME"}


def test_a_hierarchy_without_shortcuts_grows_and_is_saved_as_it_is(
    demo_examples: list[Example], tmp_path: Path
) -> None:
    def widths(nlp: Language) -> list[int]:
        encoders = pipe_of(nlp).model.shims[0].hierarchy.encoders
        return [encoders[task].lstm.input_size for task in ("emd", "relation", "coref")]

    nlp = tiny_nlp(demo_examples, model={"shortcuts": False})
    assert widths(nlp) == [64, 64, 64]
    pipe_of(nlp).add_label("PLANET", task="ner")
    assert widths(nlp) == [64, 64, 64]
    nlp.to_disk(tmp_path)
    assert widths(spacy.load(tmp_path)) == [64, 64, 64]
    with pytest.raises(ValueError, match=r"\[H209\]"):
        spacy.load(tmp_path, config={"components.hmtl.model.shortcuts": True})
