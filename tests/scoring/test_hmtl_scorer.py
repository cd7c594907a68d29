"""The registered scorer: which Docs count for which task, and how their offsets are compared."""

from __future__ import annotations

from typing import Any

import pytest
import spacy
from spacy.tokens import Doc, Span
from spacy.training import Example

from spacy_hmtl.annotations import set_clusters, set_entities, set_mentions, set_meta, set_relations, set_tasks
from spacy_hmtl.scoring.scorer import make_hmtl_scorer
from spacy_hmtl.types import LabeledSpan, Triple

WORDS = ["Ann", "Lee", "said", "she", "runs", "Lee", "Bank", "."]
ANN, SHE, BANK = (0, 2), (3, 4), (5, 7)
NAMES = [LabeledSpan(*ANN, "PER"), LabeledSpan(*BANK, "ORG")]
RELATION = Triple(LabeledSpan(*ANN, "PER"), "runs", LabeledSpan(*BANK, "ORG"))
HEADLINES = {"ner": "ents_f", "emd": "mentions_f", "coref": "coref_f", "relation": "relations_f"}
NLP = spacy.blank("en")
score = make_hmtl_scorer()


def make_doc(words: list[str] = WORDS, spaces: list[bool] | None = None) -> Doc:
    return Doc(NLP.vocab, words=words, spaces=spaces)


def annotate(doc: Doc, *tasks: str) -> Doc:
    if "ner" in tasks:
        set_entities(doc, NAMES)
    if "emd" in tasks:
        set_mentions(doc, [*NAMES, LabeledSpan(5, 6, "PER")])
    if "coref" in tasks:
        set_clusters(doc, [[ANN, SHE], [BANK]])
    if "relation" in tasks:
        set_relations(doc, [RELATION])
    return doc


def headlines(examples: list[Example], **settings: Any) -> dict[str, float | None]:
    scores = score(examples, **settings)
    return {task: scores[key] for task, key in HEADLINES.items()}


ALL = tuple(HEADLINES)


def test_perfect_prediction_scores_one_in_every_task() -> None:
    scores = score([Example(annotate(make_doc(), *ALL), annotate(make_doc(), *ALL))])
    numbers = {key: value for key, value in scores.items() if not key.endswith("per_type")}
    assert numbers == pytest.approx(dict.fromkeys(numbers, 1.0))
    assert set(scores["ents_per_type"]) == {"PER", "ORG"}
    assert scores["mentions_per_type"]["PER"] == {"p": 1.0, "r": 1.0, "f": 1.0}
    assert set(scores["relations_per_type"]) == {"runs"}


def test_keys_of_the_contract_are_there_without_any_example() -> None:
    scores = score([])
    wanted = {
        f"{name}_{suffix}" for name in ("ents", "mentions", "relations") for suffix in ("p", "r", "f", "per_type")
    }
    wanted |= {f"coref_{m}_{suffix}" for m in ("muc", "b3", "ceafe", "lea", "mentions") for suffix in "prf"}
    wanted |= {
        "coref_f",
        "coref_f_no_singletons",
        "relations_boundaries_f",
        "relations_last_token_f",
        "relations_hmtl_f",
    }
    assert wanted <= set(scores)
    assert set(scores.values()) == {None}


@pytest.mark.parametrize("task", ALL)
def test_a_task_that_no_reference_is_annotated_for_has_no_score(task: str) -> None:
    annotated = [t for t in ALL if t != task]
    found = headlines([Example(annotate(make_doc(), *ALL), annotate(make_doc(), *annotated))])
    assert found == {t: None if t == task else 1.0 for t in ALL}


@pytest.mark.parametrize("task", ALL)
def test_a_layer_that_was_not_predicted_counts_as_empty(task: str) -> None:
    found = headlines([Example(make_doc(), annotate(make_doc(), task))])
    assert found == {t: 0.0 if t == task else None for t in ALL}


@pytest.mark.parametrize("task", ALL)
def test_a_reference_annotated_with_nothing_counts(task: str) -> None:
    reference = make_doc()
    {
        "ner": lambda: set_entities(reference, []),
        "emd": lambda: set_mentions(reference, []),
        "coref": lambda: set_clusters(reference, []),
        "relation": lambda: set_relations(reference, []),
    }[task]()
    found = headlines([Example(annotate(make_doc(), *ALL), reference)])
    assert found == {t: 0.0 if t == task else None for t in ALL}


def test_a_reference_not_annotated_for_a_task_does_not_cost_precision() -> None:
    examples = [Example(annotate(make_doc(), *ALL), annotate(make_doc(), task)) for task in ALL]
    assert headlines(examples) == dict.fromkeys(ALL, 1.0)


def test_a_reference_counts_only_for_the_tasks_it_is_meant_for() -> None:
    reference = annotate(make_doc(), "ner", "emd")
    set_tasks(reference, ["emd", "coref"])
    assert headlines([Example(annotate(make_doc(), *ALL), reference)]) == {
        "ner": None,
        "emd": 1.0,
        "coref": None,
        "relation": None,
    }


def test_tasks_outside_the_levels_have_no_score() -> None:
    example = Example(make_doc(), annotate(make_doc(), *ALL))
    found = headlines([example], levels=[["ner"], ["coref"]])
    assert found == {"ner": 0.0, "coref": 0.0, "emd": None, "relation": None}


def test_scores_of_other_components_are_left_alone() -> None:
    # spaCy merges the scores of components: a None from us would replace the score of `ner`.
    example = Example(annotate(make_doc(), "ner"), annotate(make_doc(), *ALL))
    assert "ents_f" not in score([example], levels=[["emd"]])


def test_other_settings_of_the_pipe_are_ignored() -> None:
    example = Example(annotate(make_doc(), *ALL), annotate(make_doc(), *ALL))
    assert headlines([example], threshold=0.5, nlp=NLP) == dict.fromkeys(ALL, 1.0)


def test_groups_may_have_other_keys() -> None:
    reference, predicted = make_doc(), make_doc()
    for doc in (reference, predicted):
        set_mentions(doc, NAMES, key="things")
    assert score([Example(predicted, reference)])["mentions_f"] is None
    assert score([Example(predicted, reference)], spans_keys={"mentions": "things"})["mentions_f"] == 1.0


def test_gold_singletons_count_unless_asked_otherwise() -> None:
    predicted = make_doc()
    set_clusters(predicted, [[ANN, SHE]])
    scores = score([Example(predicted, annotate(make_doc(), "coref"))])
    assert scores["coref_f_no_singletons"] == 1.0
    assert scores["coref_mentions_r"] == pytest.approx(2 / 3)
    assert scores["coref_f"] < 1.0


SPLIT = ["An", "n", "Lee", "said", "she", "runs", "Lee", "Bank", "."]


def move(span: tuple[int, int]) -> tuple[int, int]:
    """Offsets in SPLIT of a span of WORDS: the first token became two."""
    return (span[0] + 1 if span[0] else 0), span[1] + 1


@pytest.mark.parametrize("spaces", [None, [False, True, True, True, True, True, True, False, False]])
def test_other_tokens_are_compared_by_characters(spaces: list[bool] | None) -> None:
    predicted = make_doc(SPLIT, spaces)
    names = [LabeledSpan(*move(name[:2]), name.label) for name in NAMES]
    set_entities(predicted, names)
    set_mentions(predicted, [*names, LabeledSpan(*move((5, 6)), "PER")])
    set_clusters(predicted, [[move(ANN), move(SHE)], [move(BANK)]])
    set_relations(predicted, [Triple(names[0], "runs", names[1])])
    assert headlines([Example(predicted, annotate(make_doc(), *ALL))]) == dict.fromkeys(ALL, 1.0)
    assert score([Example(predicted, annotate(make_doc(), *ALL))])["relations_last_token_f"] == 1.0


def test_same_tokens_with_other_spaces_are_the_same() -> None:
    predicted = make_doc(spaces=[True] * 6 + [False, False])
    assert headlines([Example(annotate(predicted, *ALL), annotate(make_doc(), *ALL))]) == dict.fromkeys(ALL, 1.0)


def test_sentences_without_gold_relations_are_left_out_where_sentences_are_known() -> None:
    words = WORDS * 2
    reference = Doc(NLP.vocab, words=words, sent_starts=[i % len(WORDS) == 0 for i in range(len(words))])
    set_relations(reference, [RELATION])
    predicted = make_doc(words)
    later = Triple(LabeledSpan(8, 10, "PER"), "runs", LabeledSpan(13, 15, "ORG"))
    set_relations(predicted, [RELATION, later])
    scores = score([Example(predicted, reference)])
    assert (scores["relations_hmtl_p"], scores["relations_last_token_p"]) == (1.0, 0.5)


def test_names_agree_with_the_scorer_of_spacy() -> None:
    predicted, reference = make_doc(), annotate(make_doc(), "ner")
    predicted.set_ents([Span(predicted, *ANN, label="PER"), Span(predicted, 6, 7, label="ORG")], default="outside")
    examples = [Example(predicted, reference)]
    expected = spacy.scorer.get_ner_prf(examples)
    scores = score(examples)
    assert {key: scores[key] for key in expected} == expected


def test_an_empty_doc_is_scored() -> None:
    reference, predicted = make_doc([]), make_doc([])
    set_mentions(reference, [])
    assert headlines([Example(predicted, reference)]) == {"ner": None, "emd": 0.0, "coref": None, "relation": None}


def test_of_partial_coreference_only_its_own_mentions_are_scored() -> None:
    gold, found = annotate(make_doc(), "coref"), make_doc()
    set_clusters(gold, [[ANN, SHE]])
    set_clusters(found, [[ANN, SHE, (5, 6)], [BANK, (7, 8)]])
    assert score([Example(found, gold)])["coref_f"] < 1.0
    set_meta(gold, {"partial": ["coref"]})
    assert score([Example(found, gold)])["coref_f"] == 1.0
    set_clusters(found, [[ANN, BANK], [SHE, (5, 6)]])  # the pronoun means someone else
    assert score([Example(found, gold)])["coref_muc_f"] == 0.0
