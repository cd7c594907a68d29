"""Gold that is broken is refused with its place: the file and the document's number, or the example's."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc, DocBin, Span, SpanGroup
from spacy.training import Example
from thinc.api import Adam
from tiny import tiny_config, tiny_nlp, weights

from spacy_hmtl.annotations import to_doc
from spacy_hmtl.annotations.documents import AnnotatedDocument
from spacy_hmtl.annotations.gold import check_gold
from spacy_hmtl.annotations.layers import Layers
from spacy_hmtl.bridge import lessons
from spacy_hmtl.bridge import model as bridge_model
from spacy_hmtl.pipeline import learning
from spacy_hmtl.scoring.scorer import hmtl_score
from spacy_hmtl.training.corpus import make_multi_task_corpus
from spacy_hmtl.types import LabeledSpan

NLP = spacy.blank("en")
WORDS = "Ann Lee met Bo Ray in New York .".split()
SPANS = {
    "mentions": [(0, 2, "PER"), (3, 5, "PER")],
    "coref": [(0, 2, ""), (3, 5, "")],
    "relations": [(0, 2, "PER"), (6, 8, "GPE")],
}


def doc_with(key: str, spans: list[tuple[int, int, str]] | None = None, **attrs: Any) -> Doc:
    doc = Doc(NLP.vocab, words=WORDS)
    own = [Span(doc, start, end, label=label) for start, end, label in spans or SPANS[key]]
    doc.spans[key] = SpanGroup(doc, name=key, spans=own, attrs=attrs)
    return doc


RELATION: dict[str, Any] = {"labels": ["IN"], "pairs": [[0, 1]]}
BROKEN: dict[str, tuple[Callable[[], Doc], str]] = {
    "too few scores": (lambda: doc_with("mentions", scores=[1.0]), "have 1 scores for 2 spans"),
    "a score as a text": (lambda: doc_with("mentions", scores=[1.0, "high"]), "have 'high' among the scores"),
    "a score beyond 1": (lambda: doc_with("mentions", scores=[1.0, 1.5]), "have the score 1.5, which is not within"),
    "a negative score": (lambda: doc_with("mentions", scores=[-0.1, 1.0]), "have the score -0.1"),
    "a score that is no number": (lambda: doc_with("mentions", scores=numpy.asarray([1.0, math.nan])), "score .*nan"),
    "scores that are no list": (lambda: doc_with("mentions", scores=0.5), "have scores of the type float, not a list"),
    "no clusters": (lambda: doc_with("coref"), "lack clusters"),
    "too many clusters": (lambda: doc_with("coref", clusters=[0, 0, 1]), "have 3 clusters for 2 spans"),
    "clusters by name": (lambda: doc_with("coref", clusters=["a", "a"]), "have 'a' among the clusters"),
    "clusters as a number": (lambda: doc_with("coref", clusters=2), "have clusters of the type int, not a list"),
    "a mention of two clusters": (
        lambda: doc_with("coref", [(0, 2, ""), (0, 2, "")], clusters=[0, 1]),
        r"mention \[0, 2\) occurs twice in the clusters",
    ),
    "a pair out of range": (
        lambda: doc_with("relations", **{**RELATION, "pairs": [[0, 2]]}),
        "have pairs of spans that the group does not hold",
    ),
    "a negative pair": (lambda: doc_with("relations", **{**RELATION, "pairs": [[-1, 0]]}), "have pairs of spans"),
    "a pair of three": (lambda: doc_with("relations", **{**RELATION, "pairs": [[0, 1, 1]]}), r"have \[0, 1, 1\] among"),
    "a pair of texts": (lambda: doc_with("relations", **{**RELATION, "pairs": [["0", "1"]]}), r"have \['0', '1'\] am"),
    "a pair of fractions": (lambda: doc_with("relations", **{**RELATION, "pairs": [[0, 0.5]]}), r"have \[0, 0.5\] amo"),
    "pairs in a row": (lambda: doc_with("relations", **{**RELATION, "pairs": [0]}), "have 0 among the pairs"),
    "a label that is a number": (lambda: doc_with("relations", **{**RELATION, "labels": [7]}), "have 7 among the labe"),
    "no label": (lambda: doc_with("relations", **{**RELATION, "labels": [None]}), "have 'None' among the labels"),
    "labels without pairs": (lambda: doc_with("relations", labels=["IN"]), "lack pairs"),
    "more labels than pairs": (lambda: doc_with("relations", **{**RELATION, "labels": ["A", "B"]}), "have 2 labels"),
    "a confident relation": (lambda: doc_with("relations", **RELATION, scores=[2]), "have the score 2, which"),
}


@pytest.mark.parametrize("make_broken", BROKEN)
def test_broken_gold_is_refused_with_its_place(tmp_path: Path, make_broken: str) -> None:
    make, reason = BROKEN[make_broken]
    broken, sound = make(), doc_with("mentions")
    with pytest.raises(ValueError, match=rf"\[H\d+\] example 2, Doc 'Ann Lee met Bo Ray in \.\.\.'.*{reason}"):
        check_gold(broken, "example 2")
    if "negative pair" not in make_broken and not isinstance(broken.spans[next(iter(broken.spans))].attrs, str):
        path = tmp_path / "train.spacy"
        DocBin(docs=[sound, broken]).to_disk(path)
        reader = make_multi_task_corpus(emd={"path": str(path)})
        with pytest.raises(ValueError, match=rf"\[H\d+\] .*train\.spacy, document 2, Doc 'Ann Lee .*{reason}"):
            list(reader(spacy.blank("en")))


@pytest.fixture(scope="module")
def untrained(_demo_docs: list[Doc]) -> Language:
    return tiny_nlp([Example(doc.copy(), doc) for doc in _demo_docs[:3]])


@pytest.fixture
def nlp() -> Language:
    return spacy.blank("en")


def example(nlp: Language, doc: Doc) -> Example:
    return Example(nlp.make_doc(doc.text), doc)


def test_plain_examples_are_checked_at_initialization_and_in_every_update(
    trained_nlp: Language, demo_docs: list[Doc]
) -> None:
    broken, _ = BROKEN["too many clusters"]
    good = [example(trained_nlp, doc) for doc in demo_docs[:2]]
    bad = example(trained_nlp, broken())
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config())
    with pytest.raises(ValueError, match=r"\[H645\] example 3, Doc 'Ann Lee .* group 'coref'"):
        nlp.initialize(lambda: [*good, bad])
    with pytest.raises(ValueError, match=r"\[H645\] example 2 of the batch, Doc 'Ann Lee .* group 'coref'"):
        trained_nlp.update([good[0], bad], sgd=Adam(0.001))


@pytest.mark.parametrize("make_broken", BROKEN)
def test_broken_gold_is_not_scored(untrained: Language, make_broken: str) -> None:
    make, reason = BROKEN[make_broken]
    nlp = untrained
    with pytest.raises(ValueError, match=rf"\[H\d+\] example 2, Doc 'Ann Lee met Bo Ray in \.\.\.'.*{reason}"):
        nlp.evaluate([example(nlp, doc_with("mentions", scores=[1.0, 1.0])), example(nlp, make())])


def test_a_task_that_is_not_scored_may_have_gold_of_any_kind(nlp: Language) -> None:
    make, _ = BROKEN["too many clusters"]
    assert hmtl_score([example(nlp, make())], levels=[["ner"], ["emd"]])["mentions_f"] is None
    with pytest.raises(ValueError, match=r"\[H645\] example 1, .* group 'coref'"):
        hmtl_score([example(nlp, make())])


def test_a_document_without_a_name_is_called_by_its_first_words() -> None:
    layers = Layers(mentions=[LabeledSpan(0, 20, "PER")])
    with pytest.raises(ValueError, match=r"\[H105\] document 'Ann Lee met Bo Ray in \.\.\.': span"):
        to_doc(AnnotatedDocument("", WORDS, [True] * len(WORDS), layers=layers), NLP.vocab)


@pytest.mark.parametrize("what", ["loss", "gradient"])
def test_what_is_no_number_stops_training_before_the_weights_change(
    trained_nlp: Language, demo_docs: list[Doc], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    pipe: Any = trained_nlp.get_pipe("hmtl")
    if what == "loss":
        real_loss = lessons.loss

        def nan_loss(*args: Any) -> Any:
            losses, backprop = real_loss(*args)
            return {**losses, "emd": math.nan}, backprop

        monkeypatch.setattr(bridge_model, "loss", nan_loss)
        expected = r"\[H646\] The loss of emd is nan, .*Its documents: example 1, .*; example 2, "
    else:
        monkeypatch.setattr(learning, "clip_global_norm", lambda *args: math.inf)
        expected = r"\[H646\] The gradient of ner, emd, relation, coref is inf, .*Its documents: example 1, "
    before = weights(pipe)
    with pytest.raises(ValueError, match=expected):
        trained_nlp.update([example(trained_nlp, doc) for doc in demo_docs[:2]], sgd=Adam(0.01))
    assert all(numpy.array_equal(before[name], value) for name, value in weights(pipe).items())
    monkeypatch.undo()
    # No gradient is left for whoever goes on.
    trained_nlp.get_pipe("hmtl").finish_update(Adam(0.01))  # type: ignore[attr-defined]
    assert all(numpy.array_equal(before[name], value) for name, value in weights(pipe).items())
