"""The four layers as one value: moved, compared, counted, read from a Doc and written to one."""

from __future__ import annotations

from dataclasses import fields

import pytest
import spacy
from spacy.tokens import Doc

from spacy_hmtl.annotations import LAYERS, TASKS, Layers, slice_doc
from spacy_hmtl.annotations.layers import extents, make_clusters, read, replace, write
from spacy_hmtl.types import LabeledSpan, MentionSpan, Triple

VOCAB = spacy.blank("en").vocab
ANN, LEE, SHE = LabeledSpan(0, 2, "PER", 0.9), LabeledSpan(1, 2, "PER", 0.5), LabeledSpan(3, 4, "PER", 0.7)
FULL = Layers(
    entities=[ANN],
    mentions=[ANN, LEE, SHE],
    clusters=[[LabeledSpan(0, 2), LabeledSpan(3, 4, score=0.25)], [LabeledSpan(1, 2)]],
    relations=[Triple(ANN, "KNOWS", SHE, 0.5)],
)


def squeeze(start: int, end: int) -> MentionSpan:
    """Tokens 0 and 1 become one."""
    return max(start - 1, 0), end - 1


def test_the_table_and_the_value_know_the_same_layers() -> None:
    assert [layer.field for layer in LAYERS.values()] == [field.name for field in fields(Layers)]
    assert list(LAYERS) == list(TASKS) == [layer.task for layer in LAYERS.values()]


def test_every_span_moves() -> None:
    def later(span: LabeledSpan) -> LabeledSpan:
        return span._replace(start=span.start + 5, end=span.end + 5)

    moved = FULL.shifted(5)
    assert list(moved.spans()) == [later(span) for span in FULL.spans()]
    assert moved.counts() == FULL.counts()
    assert [(r.label, r.score) for r in moved.relations or []] == [("KNOWS", 0.5)]


def test_of_spans_that_are_put_on_top_of_each_other_the_first_stays() -> None:
    # "Ann Lee" and "Lee" are one token now.
    moved = FULL.moved(squeeze)
    assert moved.mentions == [LabeledSpan(0, 1, "PER", 0.9), LabeledSpan(2, 3, "PER", 0.7)]
    assert extents(moved.clusters) == [[(0, 1), (2, 3)]]
    other = Layers(mentions=[ANN, LEE._replace(label="NAME")])
    assert [span.label for span in other.moved(squeeze).mentions or []] == ["PER", "NAME"]


def test_what_stood_twice_before_still_does() -> None:
    twice = Layers(mentions=[ANN, ANN], relations=[Triple(ANN, "IS", ANN)])
    assert twice.moved(lambda start, end: (start, end)) == twice


def test_relations_whose_arguments_fall_together_or_go_are_no_more() -> None:
    assert Layers(relations=[Triple(ANN, "HAS", LEE)]).moved(squeeze).relations == []
    gone = FULL.moved(lambda start, end: None if start == 3 else (start, end))
    assert (gone.relations, extents(gone.clusters)) == ([], [[(0, 2)], [(1, 2)]])


def test_the_difference_is_what_others_lack_and_of_clusters_the_mentions() -> None:
    kept = Layers(mentions=[ANN], clusters=[[LabeledSpan(0, 2)], [LabeledSpan(1, 2)]], relations=[])
    assert FULL.less(kept) == Layers(
        [ANN], [LEE, SHE], [[LabeledSpan(3, 4, score=0.25)]], [Triple(ANN, "KNOWS", SHE, 0.5)]
    )
    assert Layers(mentions=[ANN, ANN]).less(Layers(mentions=[ANN])) == Layers(mentions=[ANN])
    assert FULL.less(FULL).counts() == dict.fromkeys(("entities", "mentions", "clusters", "relations"), 0)


def test_missing_layers_stay_missing_and_are_not_counted() -> None:
    some = FULL.keep(["emd"])
    assert some == Layers(mentions=FULL.mentions)
    assert (some.counts(), some.of("emd"), some.of("ner")) == ({"mentions": 3}, FULL.mentions, None)
    assert some.less(Layers()) == some


def test_a_doc_gives_back_what_was_written_for_the_tasks_that_are_asked_for() -> None:
    doc = Doc(VOCAB, words="Ann Lee knows her .".split())
    write(doc, FULL)
    assert read(doc, tasks=["emd", "coref"]) == read(doc).keep(["emd", "coref"])
    assert read(doc).counts() == FULL.counts()
    assert read(doc, {"emd": "elsewhere"}).mentions is None


def test_writing_leaves_the_other_layers_and_replacing_takes_them_away() -> None:
    doc = Doc(VOCAB, words="Ann Lee knows her .".split())
    write(doc, FULL)
    write(doc, Layers(mentions=[]))
    assert read(doc).counts() == {**FULL.counts(), "mentions": 0}
    replace(doc, Layers(mentions=[ANN]), scored_entities=False)
    assert read(doc).counts() == {"entities": 1, "mentions": 1}  # doc.ents cannot be without names


@pytest.mark.parametrize("scored", [True, False])
def test_names_have_a_group_where_they_have_confidences(scored: bool) -> None:
    doc = Doc(VOCAB, words="Ann Lee knows her .".split())
    write(doc, FULL, scored_entities=scored)
    assert ("hmtl_entities" in doc.spans) == scored
    assert [round(name.score, 4) for name in read(doc).entities or []] == [0.9 if scored else 1.0]
    assert ("hmtl_entities" in slice_doc(doc, 0, 3)[0].spans) == scored


def test_an_empty_doc_has_names_only_where_someone_looked_for_them() -> None:
    doc = Doc(VOCAB)
    assert read(doc) == Layers()
    write(doc, Layers(entities=[]))
    assert read(doc) == Layers(entities=[])


def test_gold_clusters_are_in_document_order_and_none_is_empty() -> None:
    made = make_clusters([[(5, 6), (5, 9)], [], [(2, 3), (0, 1)]])
    assert extents(made) == [[(0, 1), (2, 3)], [(5, 9), (5, 6)]]
    assert {(mention.label, mention.score) for cluster in made for mention in cluster} == {("", 1.0)}
