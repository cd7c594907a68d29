"""Groups that no longer say what they said: without their attrs, or of tokens that were merged or split."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterator

import pytest
import spacy
from spacy.pipeline import merge_entities
from spacy.tokens import Doc, Span, SpanGroup

from spacy_hmtl.annotations import fitting, from_doc, get_entities, is_annotated
from spacy_hmtl.annotations.groups import get_clusters, get_mentions, get_relations, set_entities, set_mentions
from spacy_hmtl.types import LabeledSpan

NLP = spacy.blank("en")
READERS: dict[str, Callable[[Doc], object]] = {
    "emd": get_mentions,
    "coref": get_clusters,
    "relation": get_relations,
}


@pytest.fixture(autouse=True)
def _nothing_said_yet() -> Iterator[None]:
    fitting._warned.clear()
    yield
    fitting._warned.clear()


def annotated(text: str = "Ann Lee said she left New York . Bo Ray saw her in New York .") -> Doc:
    doc = Doc(NLP.vocab, words=text.split())
    set_entities(doc, [LabeledSpan(0, 2, "PER", 0.75), LabeledSpan(5, 7, "GPE", 0.5), LabeledSpan(8, 10, "PER", 0.25)])
    set_mentions(doc, [LabeledSpan(0, 2, "PER"), LabeledSpan(13, 15, "GPE")])
    doc._.coref_clusters = [[doc[0:2], doc[3:4], doc[11:12]], [doc[5:7], doc[13:15]]]
    doc._.relations = [(doc[8:10], "IN", doc[13:15])]
    return doc


LOSSES: dict[str, Callable[[Doc], Doc]] = {
    "from_docs": lambda doc: Doc.from_docs([doc, doc]),
    "from_json": lambda doc: Doc(NLP.vocab).from_json(doc.to_json()),
}


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_spans_without_their_attrs_are_not_annotated_which_is_said_once(lose: Callable[[Doc], Doc]) -> None:
    lost = lose(annotated())
    assert len(lost.spans["coref"]) > 0
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        for _ in range(3):
            assert not is_annotated(lost, "coref")
            assert not is_annotated(lost, "relation")
            assert lost._.coref_clusters == lost._.relations == lost[0]._.coref_clusters == lost[0:2]._.relations == []
            assert from_doc(lost).layers.clusters is None
            assert from_doc(lost).layers.relations is None
    said = [str(warning.message) for warning in caught]
    assert len(said) == 2
    assert "'coref'" in said[0]
    assert "'relations'" in said[1]
    assert all("spacy_hmtl.helpers.join_docs" in message for message in said)
    # Mentions and names say all they say in their spans.
    assert is_annotated(lost, "emd")
    assert is_annotated(lost, "ner")


@pytest.mark.parametrize("lose", LOSSES.values(), ids=LOSSES)
def test_nothing_there_needs_no_attrs(lose: Callable[[Doc], Doc]) -> None:
    doc = NLP("Ann left")
    doc._.coref_clusters = []
    doc._.relations = []
    lost = lose(doc)
    assert is_annotated(lost, "coref")
    assert is_annotated(lost, "relation")
    assert lost._.coref_clusters == lost._.relations == []


MISFITS = {
    "a span too many": ("mentions", "emd", lambda doc: doc.spans["mentions"].append(doc[3:4])),
    "a cluster number too few": ("coref", "coref", lambda doc: doc.spans["coref"].attrs["clusters"].pop()),
    "a confidence too many": ("coref", "coref", lambda doc: doc.spans["coref"].attrs["scores"].append(1.0)),
    "no labels": ("relations", "relation", lambda doc: doc.spans["relations"].attrs.pop("labels")),
    "a label too many": ("relations", "relation", lambda doc: doc.spans["relations"].attrs["labels"].append("X")),
    "an argument that is not there": (
        "relations",
        "relation",
        lambda doc: doc.spans["relations"].attrs["pairs"].__setitem__(0, [0, 2]),
    ),
    "half a pair": ("relations", "relation", lambda doc: doc.spans["relations"].attrs["pairs"].__setitem__(0, [0])),
}


@pytest.mark.parametrize(("key", "task", "spoil"), MISFITS.values(), ids=MISFITS)
def test_attrs_that_do_not_fit_the_spans_are_no_annotation(key: str, task: str, spoil: Callable[[Doc], None]) -> None:
    doc = annotated()
    assert is_annotated(doc, task)
    spoil(doc)
    with pytest.warns(UserWarning, match=f"W170|group '{key}'"):
        assert not is_annotated(doc, task)
    assert READERS[task](doc) is None


def test_human_annotation_needs_no_confidences() -> None:
    doc = annotated()
    doc.spans["mentions"] = [Span(doc, 0, 2, "PER")]
    doc.spans["coref"] = SpanGroup(doc, name="coref", spans=[doc[0:2], doc[3:4]], attrs={"clusters": [0, 0]})
    assert get_mentions(doc) == [LabeledSpan(0, 2, "PER", 1.0)]
    assert [[span.text for span in cluster] for cluster in doc._.coref_clusters] == [["Ann Lee", "she"]]


def split_york(doc: Doc) -> None:
    with doc.retokenize() as retokenizer:
        retokenizer.split(doc[6], ["Yo", "rk"], heads=[(doc[6], 0), (doc[6], 0)])


CHANGES: dict[str, Callable[[Doc], object]] = {"merge_entities": merge_entities, "split": split_york}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_layers_of_other_tokens_are_refused_with_the_remedy(change: Callable[[Doc], object]) -> None:
    doc = annotated()
    assert doc[0]._.coref_clusters  # the index is made for the old tokens
    change(doc)
    for read in (
        lambda doc: doc._.coref_clusters,
        lambda doc: doc._.relations,
        lambda doc: doc[0]._.coref_clusters,
        lambda doc: doc[0:1]._.coref_cluster,
        lambda doc: doc[0:1]._.relations,
        lambda doc: doc._.entity_relations,
        get_mentions,
        get_clusters,
        get_relations,
    ):
        with pytest.raises(ValueError, match=r"tokens were merged or split .* hmtl_retokenizer") as raised:
            read(doc)
        assert "E035" not in str(raised.value)
    assert doc._.coref_resolved == doc.text


def test_names_and_their_confidences_are_right_after_tokens_were_merged() -> None:
    doc = annotated()
    merge_entities(doc)
    assert get_entities(doc) == [
        LabeledSpan(0, 1, "PER", 0.75),
        LabeledSpan(4, 5, "GPE", 0.5),
        LabeledSpan(6, 7, "PER", 0.25),
    ]


def test_groups_made_by_hand_are_found_out_too() -> None:
    doc = Doc(NLP.vocab, words="Ann Lee said she met Bo Ray".split(), ents=["B-PER", "I-PER", *"OOOOO"])
    doc.spans["mentions"] = [doc[0:2], doc[3:4]]
    merge_entities(doc)
    with pytest.raises(ValueError, match="tokens were merged or split"):
        get_mentions(doc)
    doc.spans["mentions"] = [doc[0:1]]
    assert get_mentions(doc) == [LabeledSpan(0, 1)]


@pytest.mark.parametrize(
    ("scores", "wrong"),
    [([0.0, 1.0], None), ([0, 1], None), ([-0.1, 1.0], "-0.1"), ([0.5, 1.1], "1.1"), ([0.5, float("nan")], "nan")],
)
def test_confidences_are_probabilities_their_ends_included(scores: list[float], wrong: str | None) -> None:
    group = annotated().spans["mentions"]
    group.attrs["scores"] = scores
    reason = fitting.wrong_score(group)
    assert reason == (None if wrong is None else f"have the score {wrong}, which is not within [0, 1]")
