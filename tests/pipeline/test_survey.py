"""What is learnt of the training data before any network is made."""

from __future__ import annotations

import pytest
import spacy
from spacy.tokens import Doc

from spacy_hmtl.annotations import AnnotatedDocument, Layers, to_doc
from spacy_hmtl.pipeline.survey import Survey
from spacy_hmtl.types import LabeledSpan, Triple

VOCAB = spacy.blank("en").vocab


def gold(*relations: Triple, mentions: list[LabeledSpan] | None = None) -> Doc:
    layers = Layers(mentions=mentions, relations=list(relations))
    return to_doc(AnnotatedDocument("d", ["Ann", "left", "Rome", "."], [True, True, False, False], [0], layers), VOCAB)


def survey_of(docs: list[Doc], tasks: tuple[str, ...] = ("relation",)) -> Survey:
    survey = Survey([["relation"]], "innermost", 1)
    for doc in docs:
        survey.add(doc, tasks)
    return survey


ANN, ROME = LabeledSpan(0, 1, "PER"), LabeledSpan(2, 3, "GPE")


@pytest.mark.parametrize(("times", "is_known"), [(1, False), (2, False), (3, True), (4, True)])
def test_types_of_arguments_are_known_from_the_third_time_on(times: int, is_known: bool) -> None:
    # Types that relations had once or twice are more often slips than relations.
    survey = survey_of([gold(Triple(ANN, "LEFT", ROME))] * times + [gold(Triple(ROME, "LEFT", ANN))])
    assert survey.schema == ([["PER", "LEFT", "GPE"]] if is_known else [])


def test_types_are_counted_with_label_and_direction() -> None:
    triples = [Triple(ANN, "LEFT", ROME), Triple(ANN, "LIKES", ROME), Triple(ROME, "LEFT", ANN)]
    assert survey_of([gold(triple) for triple in triples]).schema == []
    assert len(survey_of([gold(triple) for triple in triples * 3]).schema) == 3


def test_types_of_what_relations_may_join_are_those_of_mentions_and_arguments() -> None:
    docs = [gold(Triple(ANN, "LEFT", ROME)), gold(mentions=[LabeledSpan(0, 3, "EVENT")])]
    assert survey_of(docs).arguments == ["EVENT", "GPE", "PER"]
    assert survey_of(docs, ()).arguments == []
