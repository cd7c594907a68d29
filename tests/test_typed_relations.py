"""Relations between typed spans in a pipeline: learnt, saved, ruled by a schema, given arguments, across sentences."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, Span, SpanGroup
from spacy.training import Example
from tiny import _encoder, assert_alike, tiny_config, tiny_nlp, train

from spacy_hmtl.annotations import get_relations, set_mentions, set_relations
from spacy_hmtl.types import LabeledSpan, Triple

LEVELS = [["emd"], ["relation"]]


def with_head(levels: list[list[str]] = LEVELS, **settings: Any) -> dict[str, Any]:
    head = {
        "@architectures": "spacy_hmtl.SpanPairs.v1",
        "encoder": _encoder(32),
        **{"arguments": "own", "layers": 2, "hidden_width": 32, "feature_width": 8, "context": True, "dropout": 0.0},
        **{"prior": 0.05, "window": 0, "warmup_updates": 5, "seen_types": True},
    }
    return {**tiny_config(levels)["model"]["heads"], "relation": {**head, **settings}}


def make(examples: list[Example], levels: list[list[str]] = LEVELS, **settings: Any) -> Language:
    return tiny_nlp(examples, levels, model={"heads": with_head(levels, **settings)})


_TRAINED: list[Language] = []


@pytest.fixture
def trained(demo_examples: list[Example]) -> Language:
    """Trained once for all tests."""
    if not _TRAINED:
        nlp = make(demo_examples)
        train(nlp, demo_examples, 60)
        _TRAINED.append(nlp)
    return _TRAINED[0]


def test_it_learns_arguments_types_and_relations(trained: Language, demo_examples: list[Example]) -> None:
    scores = trained.evaluate(demo_examples)
    assert scores["relations_f"] > 0.9
    assert scores["relations_boundaries_f"] > 0.9


def test_it_is_saved_with_all_that_it_says(trained: Language, demo_examples: list[Example], tmp_path: Path) -> None:
    trained.to_disk(tmp_path / "model")
    loaded = spacy.load(tmp_path / "model")
    for eg in demo_examples:
        assert_alike(loaded(eg.predicted.copy()), trained(eg.predicted.copy()))


def test_a_batch_says_what_single_docs_say(trained: Language, texts: list[str]) -> None:
    for doc, single in zip(trained.pipe(texts), map(trained, texts)):
        assert_alike(doc, single)


def test_arguments_can_be_what_the_level_below_finds(demo_examples: list[Example]) -> None:
    nlp = make(demo_examples, arguments="emd")
    train(nlp, demo_examples, 60)
    found = 0
    for eg in demo_examples:
        doc = nlp(eg.predicted.copy())
        mentions = {(s.start, s.end, s.label_) for s in doc.spans["mentions"]}
        for rel in get_relations(doc) or []:
            assert rel.head[:3] in mentions
            assert rel.tail[:3] in mentions
            found += 1
    assert found > 10
    assert nlp.evaluate(demo_examples)["relations_f"] > 0.7


def test_arguments_of_another_label_set_stop_the_start(demo_examples: list[Example]) -> None:
    with pytest.raises(ValueError, match=r'\[H263\] arguments = \'ner\' .* Set arguments = "own"'):
        make(demo_examples, [["ner"], ["relation"]], arguments="ner")


def test_given_arguments_are_taken(demo_examples: list[Example], trained: Language) -> None:
    trained.get_pipe("hmtl").cfg["gold_mentions_key"] = "given"  # type: ignore[attr-defined]
    try:
        for eg in demo_examples[:3]:
            doc = eg.predicted.copy()
            spans = [Span(doc, s.start, s.end, label=s.label_) for s in eg.reference.spans["mentions"]]
            doc.spans["given"] = SpanGroup(doc, name="given", spans=spans)
            doc = trained(doc)
            given = {(s.start, s.end, s.label_) for s in spans}
            assert all(a[:3] in given for rel in get_relations(doc) or [] for a in (rel.head, rel.tail))
            assert get_relations(doc)
            empty = eg.predicted.copy()
            empty.spans["given"] = SpanGroup(empty, name="given", spans=[Span(empty, 0, 2, label=spans[0].label_)])
            assert get_relations(trained(empty)) == []
    finally:
        trained.get_pipe("hmtl").cfg["gold_mentions_key"] = None  # type: ignore[attr-defined]


def sentences(n: int) -> list[Example]:
    """Texts of two sentences in which the one named first lives in the place of the second sentence."""
    nlp = spacy.blank("en")
    examples = []
    people, places = ["Ann", "Bo", "Cid", "Dora"], ["Oslo", "Rome", "Kyoto"]
    for i in range(n):
        words = [people[i % 4], "went", "home", ".", "It", "is", "in", places[i % 3], "."]
        gold = Doc(nlp.vocab, words=words, sent_starts=[j in (0, 4) for j in range(9)])
        head, tail = LabeledSpan(0, 1, "PER"), LabeledSpan(7, 8, "LOC")
        set_mentions(gold, [head, tail])
        set_relations(gold, [Triple(head, "LIVES_IN", tail)])
        predicted = Doc(nlp.vocab, words=words, sent_starts=[j in (0, 4) for j in range(9)])
        examples.append(Example(predicted, gold))
    return examples


@pytest.mark.parametrize("window", [0, 50])
@pytest.mark.filterwarnings("ignore:.*cross a sentence end")
def test_relations_may_cross_sentences_within_a_window(window: int) -> None:
    examples = sentences(12)
    nlp = make(examples, [["relation"]], window=window, layers=1)
    train(nlp, examples, 40)
    assert (nlp.evaluate(examples)["relations_f"] or 0.0) == (1.0 if window else 0.0)


def test_a_schema_rules_what_may_be_said() -> None:
    examples = sentences(12)
    rules = {"LIVES_IN": {"heads": ["LOC"], "tails": ["PER"]}}
    nlp = make(examples, [["relation"]], window=50, layers=1, schema=rules)
    train(nlp, examples, 40)
    assert nlp.evaluate(examples)["relations_f"] == 0.0
    symmetric = make(examples, [["relation"]], window=50, layers=1, schema={"LIVES_IN": {"symmetric": True}})
    train(symmetric, examples, 40)
    found = [get_relations(symmetric(eg.predicted.copy())) for eg in examples]
    assert [[(r.head.label, r.tail.label) for r in own or []] for own in found] == [[("PER", "LOC")]] * 12


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (
            {"schema": {"LIVES_IN": {"head": ["PER"]}}},
            r"\[H264\] The schema of the relation 'LIVES_IN' has the unknown key",
        ),
        ({"schema": {"LIVES_IN": {"heads": "PER"}}}, "has the value 'PER' for heads"),
        ({"schema": {"LIKES": {}}}, r"\[H261\] The schema of relations names the label 'LIKES'"),
        ({"schema": {"LIVES_IN": {"tails": ["X"]}}}, r"\[H262\] .* lets 'LIVES_IN' have arguments of the type 'X'"),
        ({"arguments": "coref"}, "arguments must be own or emd or ner, found 'coref'"),
        ({"prior": 1.0}, "prior must be between 0 and 1"),
        ({"window": -1}, "window must be 0 or more"),
        ({"dropout": 1.0}, "dropout must be at least 0 and below 1"),
        ({"layers": 0}, "layers must be at least 1"),
    ],
)
def test_wrong_settings_stop_the_start(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        make(sentences(4), [["relation"]], **settings)


def test_thresholds_of_labels_and_links_are_saved(
    trained: Language, demo_examples: list[Example], tmp_path: Path
) -> None:
    pipe: Any = trained.get_pipe("hmtl")
    before = {key: pipe.cfg[key] for key in ("relation_thresholds", "coref_threshold")}
    labels = {rel.label for eg in demo_examples for rel in get_relations(trained(eg.predicted.copy())) or []}
    silenced = sorted(labels)[0]
    try:
        pipe.cfg.update(relation_thresholds={silenced: 1.0}, coref_threshold=0.25)
        trained.to_disk(tmp_path / "model")
        loaded: Any = spacy.load(tmp_path / "model")
        cfg = loaded.get_pipe("hmtl").cfg
        assert (cfg["relation_thresholds"], cfg["coref_threshold"]) == ({silenced: 1.0}, 0.25)
        left = {rel.label for eg in demo_examples for rel in get_relations(loaded(eg.predicted.copy())) or []}
        assert left == labels - {silenced}
    finally:
        pipe.cfg.update(before)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"coref_threshold": 1.5}, r"coref_threshold must be between 0 and 1, found 1\.5"),
        ({"relation_thresholds": {"ROLE": -1.0}}, r"relation_thresholds\.ROLE must be between 0 and 1, found -1\.0"),
    ],
)
def test_thresholds_that_are_no_probabilities_are_refused(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spacy.blank("en").add_pipe("hmtl", config=tiny_config(LEVELS, **settings))
