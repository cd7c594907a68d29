"""The hierarchy is data: any non-empty subset and any order of the tasks is a config override."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc
from spacy.training import Example
from thinc.api import Adam
from tiny import LEVELS, for_task, tiny_config, tiny_nlp

from spacy_hmtl.annotations import TASKS, is_annotated

GROUPS = {"ner": "hmtl_entities", "emd": "mentions", "coref": "coref", "relation": "relations"}
SUBSETS = [list(subset) for size in range(1, 5) for subset in itertools.combinations(TASKS, size)]
ORDERS = [
    *([[task] for task in subset] for subset in SUBSETS),
    [["coref"], ["ner"], ["relation"], ["emd"]],
    [["relation", "coref"], ["emd"], ["ner"]],
    [["emd", "ner", "coref", "relation"]],
    [["coref", "relation"]],
    [["relation"], ["ner", "emd"]],
]


@pytest.mark.parametrize("levels", ORDERS, ids=str)
def test_any_subset_and_order_builds_learns_and_predicts(levels: list[list[str]], demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples[:3], levels)
    tasks = [task for level in levels for task in level]
    assert list(nlp.get_pipe("hmtl").label_data) == tasks  # type: ignore[attr-defined]
    for task in tasks:
        losses = nlp.update(for_task(demo_examples[:2], task), sgd=Adam(0.01))
        assert [name for name, loss in losses.items() if loss > 0] == ["hmtl", f"hmtl_{task}"]
    doc = nlp("Dell said she left Austin.")
    assert sorted(doc.spans) == sorted(GROUPS[task] for task in tasks)
    assert doc.has_annotation("ENT_IOB") == ("ner" in tasks)
    assert [task for task in GROUPS if is_annotated(doc, task)] == [task for task in GROUPS if task in tasks]
    assert isinstance(doc._.coref_clusters, list)
    assert isinstance(doc._.relations, list)


def test_tasks_outside_levels_leave_what_others_wrote(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples[:3], [["coref"]])
    ruler = nlp.add_pipe("entity_ruler", before="hmtl")
    ruler.add_patterns([{"label": "BRAND", "pattern": "Dell"}])  # type: ignore[attr-defined]
    doc = nlp.make_doc("Dell left Austin.")
    doc.spans["mentions"] = [doc[0:1]]
    doc._.relations = [(doc[0:1], "LEFT", doc[2:3])]
    doc = nlp(doc)
    assert [(ent.text, ent.label_) for ent in doc.ents] == [("Dell", "BRAND")]
    assert [span.text for span in doc.spans["mentions"]] == ["Dell"]
    assert [relation.label for relation in doc._.relations] == ["LEFT"]
    assert is_annotated(doc, "coref")
    assert "hmtl_entities" not in doc.spans


def test_scores_of_tasks_outside_levels_are_left_to_others(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples[:3], [["ner"]])
    examples = [Example(eg.predicted.copy(), eg.reference) for eg in demo_examples[:3]]
    scores = nlp.evaluate(examples)
    assert isinstance(scores["ents_f"], float)
    assert [scores.get(key) for key in ("mentions_f", "coref_f", "relations_f")] == [None] * 3


def test_relation_arguments_are_tokens_where_no_task_finds_spans(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples[:3], [["relation"]], relation_threshold=0.0)
    doc = nlp("Dell left Austin.")
    assert {len(span) for span in doc.spans["relations"]} == {1}
    assert len(doc._.relations) == 4 * 3 * len(nlp.get_pipe("hmtl").labels)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("levels", "message"),
    [
        ([["ner"], ["parsing"]], "unknown task 'parsing'"),
        ([["ner"], ["emd", "ner"]], "names the task 'ner' twice"),
        ([["ner"], []], r"empty level \(number 1\)"),
    ],
)
def test_levels_that_make_no_sense_are_refused(levels: list[list[str]], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spacy.blank("en").add_pipe("hmtl", config=tiny_config(levels))


def test_no_levels_are_refused() -> None:
    config = tiny_config()
    config["model"]["levels"] = []
    with pytest.raises(ValueError, match="levels is empty"):
        spacy.blank("en").add_pipe("hmtl", config=config)


def test_heads_must_fit_the_levels() -> None:
    from spacy_hmtl.bridge.levels import check_levels

    pipe: Any = spacy.blank("en").add_pipe("hmtl", config=tiny_config())
    heads = dict(pipe.model.attrs["heads"])
    check_levels(LEVELS, heads)
    with pytest.raises(ValueError, match=r"unknown tasks \['parsing'\]"):
        check_levels(LEVELS, {**heads, "parsing": heads["ner"]})
    del heads["relation"]
    check_levels([["ner"]], heads)
    with pytest.raises(ValueError, match=r"no \[components.hmtl.model.heads.relation\]"):
        check_levels(LEVELS, heads)


BAD: list[tuple[dict[str, Any], str]] = [
    ({"relation_threshold": 1.5}, "relation_threshold must be between 0 and 1, found 1.5"),
    ({"singleton_threshold": -0.1}, "singleton_threshold must be between 0 and 1, found -0.1"),
    ({"nesting": "middle"}, "nesting must be innermost or outermost, found 'middle'"),
    ({"max_grad_norm": -1.0}, "max_grad_norm must be 0 or more, found -1.0"),
    ({"model": {"max_segment": 0}}, "max_segment must be at least 1, found 0"),
]


@pytest.mark.parametrize(("settings", "message"), BAD, ids=str)
def test_settings_out_of_range_are_named(settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=rf"{message}. Set it in \[components.hmtl"):
        spacy.blank("en").add_pipe("hmtl", config=tiny_config(**settings))


BAD_HEADS: list[tuple[str, str, Any]] = [
    ("ner.encoder", "hidden_width", 0),
    ("emd.encoder", "depth", 0),
    ("ner.encoder", "dropout", 1.0),
    ("relation", "activation", "gelu"),
    ("relation", "prior", 0.0),
    ("relation", "max_distance", -1),
    ("relation", "hidden_width", 0),
    ("coref", "spans_per_token", 0.0),
    ("coref", "pair_width", -1),
    ("coref", "max_span_width", 0),
    ("coref", "dropout", -0.1),
    ("coref", "window", 0),
    ("coref", "top_antecedents", -1),
    ("coref", "candidates", "tokens"),
    ("coref", "train_candidates", "none"),
]


@pytest.mark.parametrize(("section", "key", "value"), BAD_HEADS)
def test_settings_of_heads_out_of_range_are_named(section: str, key: str, value: Any) -> None:
    config = tiny_config()
    block = config["model"]["heads"]
    for name in section.split("."):
        block = block[name]
    block[key] = value
    with pytest.raises(ValueError, match=f"{key} must be .*, found {value!r}"):
        spacy.blank("en").add_pipe("hmtl", config=config)


def test_a_task_without_examples_or_labels_is_named(demo_examples: list[Example]) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config([["ner"]]))
    plain = Doc(nlp.vocab, words=["Dell"])
    with pytest.raises(ValueError, match="No example is annotated for the task 'ner'"):
        nlp.initialize(lambda: [Example(plain, plain.copy())])
    with pytest.raises(ValueError, match="needs training examples"):
        nlp.get_pipe("hmtl").initialize(lambda: [])  # type: ignore[attr-defined]


def test_a_label_unknown_at_initialization_is_named(demo_examples: list[Example]) -> None:
    nlp = tiny_nlp(demo_examples[:3], [["ner"]])
    doc = Doc(nlp.vocab, words=["Dell"], ents=["B-SPACESHIP"])
    with pytest.raises(ValueError, match="'SPACESHIP' of task 'ner' is not known"):
        nlp.update([Example(Doc(nlp.vocab, words=["Dell"]), doc)], sgd=Adam(0.01))


def test_nested_mentions_that_the_layers_cannot_hold_are_reported(demo_examples: list[Example]) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config([["emd"]]))
    with pytest.warns(UserWarning, match=r"'emd' has 2 layer\(s\).* keeps \d+ of \d+ gold spans from the innermost"):
        nlp.initialize(lambda: demo_examples)


def test_a_corpus_block_for_a_removed_level_stops_at_start(demo_examples: list[Example]) -> None:
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config([["ner"]]))
    with pytest.raises(ValueError, match="'relation' is not in levels"):
        nlp.initialize(lambda: for_task(demo_examples[:2], "relation"))
