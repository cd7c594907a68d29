"""Cut, joined, retokenized and filtered Docs hold what a plain-Python look at the words says, and nothing else."""

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span, SpanGroup

from spacy_hmtl.annotations import (
    extensions,
    from_doc,
    set_clusters,
    set_entities,
    set_mentions,
    set_meta,
    set_relations,
)
from spacy_hmtl.annotations.layers import Layers, read
from spacy_hmtl.annotations.validation import check
from spacy_hmtl.helpers import filter_scores, join_docs, retokenized, slice_doc
from spacy_hmtl.types import LabeledSpan, Triple

VOCAB = spacy.blank("en").vocab
SCORES = st.integers(0, 4).map(lambda n: n / 4)
LABELS = st.sampled_from(["PER", "ORG"])


def crosses(one, other):
    return one[0] < other[0] < one[1] < other[1] or other[0] < one[0] < other[1] < one[1]


@st.composite
def annotated(draw, prefix="w"):
    """A Doc in which every word occurs once, so that a span is known by its text."""
    length = draw(st.integers(1, 9))
    spaces = draw(st.lists(st.booleans(), min_size=length, max_size=length))
    doc = Doc(VOCAB, words=[f"{prefix}{i:02d}." for i in range(length)], spaces=spaces)
    boundary = st.tuples(st.integers(0, length - 1), st.integers(1, 4)).map(lambda b: (b[0], min(length, sum(b))))
    boundaries = draw(st.lists(boundary, max_size=6, unique=True))
    mentions = [LabeledSpan(start, end, draw(LABELS), draw(SCORES)) for start, end in boundaries]
    taken: set[int] = set()
    entities = []
    for mention in mentions:
        tokens = set(range(mention.start, mention.end))
        if not tokens & taken and draw(st.booleans()):
            taken |= tokens
            entities.append(mention._replace(score=draw(SCORES)))
    owners = draw(st.lists(st.integers(0, 2), min_size=len(boundaries), max_size=len(boundaries)))
    clusters: list[list[tuple[int, int]]] = [[], [], []]
    for mention, owner in sorted(zip(boundaries, owners)):
        if not any(crosses(mention, other) for other in clusters[owner]):
            clusters[owner].append(mention)
    clusters = [cluster for cluster in clusters if cluster]
    relations = []
    if mentions:
        pairs = draw(st.lists(st.tuples(st.sampled_from(mentions), st.sampled_from(mentions)), max_size=4, unique=True))
        relations = [
            Triple(head._replace(score=1.0), "R", tail._replace(score=1.0), draw(SCORES)) for head, tail in pairs
        ]
    if draw(st.booleans()):
        set_entities(doc, sorted(entities))
    set_mentions(doc, mentions)
    set_clusters(doc, [[LabeledSpan(m[0], m[1], score=draw(SCORES)) for m in cluster] for cluster in clusters])
    set_relations(doc, relations)
    set_meta(doc, {"name": prefix, "speakers": [f"S{i}" for i in range(length)]})
    return doc


def words(doc, span):
    """The words of the original tokens in a span."""
    return tuple(word + "." for word in doc[span[0] : span[1]].text.replace(" ", "").split(".")[:-1])


def facts(doc):
    """All that is annotated, each span as its words: sets, for comparison with what should be there."""
    layers = read(doc)

    def labeled(spans):
        return None if spans is None else {(words(doc, s), s.label, round(s.score, 4)) for s in spans}

    return {
        "entities": labeled(layers.entities),
        "mentions": labeled(layers.mentions),
        "clusters": {frozenset((words(doc, m), m.score) for m in cluster) for cluster in layers.clusters or []},
        "relations": {
            (words(doc, r.head), r.head.label, r.label, words(doc, r.tail), r.tail.label, r.score)
            for r in layers.relations or []
        },
    }


def only(found, keep):
    """What is left of facts when only spans stay whose words `keep` accepts."""
    spans = {
        name: None if found[name] is None else {row for row in found[name] if keep(row[0])}
        for name in ("entities", "mentions")
    }
    clusters = {frozenset(row for row in cluster if keep(row[0])) for cluster in found["clusters"]}
    relations = {row for row in found["relations"] if keep(row[0]) and keep(row[3])}
    return {**spans, "clusters": clusters - {frozenset()}, "relations": relations}


def size(found):
    """How much facts hold; of clusters, mentions."""
    sizes = {name: len(found[name]) for name in ("entities", "mentions", "relations") if found[name] is not None}
    return {**sizes, "clusters": sum(map(len, found["clusters"]))}


def minus(one, other):
    return {name: one[name] - other[name] for name in one}


def cost(dropped):
    return {**dropped.counts(), "clusters": sum(map(len, dropped.clusters))}


def sound(doc):
    """The Doc makes sense, its extensions work, and it survives bytes."""
    check(read(doc), [token.text for token in doc], "doc")
    assert [s.doc is doc for cluster in doc._.coref_clusters for s in cluster].count(False) == 0
    assert len(doc._.relations) == len(read(doc).relations or [])
    again = Doc(doc.vocab).from_bytes(doc.to_bytes())
    assert facts(again) == facts(doc)
    return True


@pytest.fixture(autouse=True, scope="module")
def _extensions():
    extensions.register()


@settings(deadline=None, max_examples=50)
@given(annotated(), st.data())
def test_a_slice_holds_what_lies_inside(doc, data):
    before = doc.to_bytes()
    start = data.draw(st.integers(0, len(doc)))
    end = data.draw(st.integers(start, len(doc)))
    part, dropped = slice_doc(doc, start, end)
    inside = {token.text for token in doc[start:end]}
    expected = only(facts(doc), lambda span: set(span) <= inside)
    if start < end:  # spaCy says that a Doc without tokens has every annotation
        assert facts(part) == expected
        assert sound(part)
    touching = only(facts(doc), lambda span: bool(set(span) & inside))
    relations = {row for row in facts(doc)["relations"] if {*row[0], *row[3]} & inside}
    assert cost(dropped) == minus(size({**touching, "relations": relations}), size(expected))
    assert from_doc(part).meta["speakers"] == [f"S{i}" for i in range(start, end)]
    assert doc.to_bytes() == before


@settings(deadline=None, max_examples=50)
@given(annotated("a"), annotated("b"), annotated("c"))
def test_joined_docs_hold_what_each_held(first, second, third):
    docs = [first, second, third]
    same = len({doc.has_annotation("ENT_IOB") for doc in docs}) == 1
    before = [doc.to_bytes() for doc in docs]
    if same:
        joined = join_docs(docs)
    else:
        with pytest.warns(UserWarning, match="without entities"):
            joined = join_docs(docs)
    found, each = facts(joined), [facts(doc) for doc in docs]
    for name in ("mentions", "clusters", "relations") + (("entities",) if same else ()):
        assert found[name] == (None if each[0][name] is None else set().union(*(one[name] for one in each)))
    assert sound(joined)
    assert [doc.to_bytes() for doc in docs] == before
    meta = from_doc(joined).meta
    assert [part["name"] for part in meta["parts"]] == ["a", "b", "c"]
    assert len(meta["speakers"]) == len(joined)
    if same:
        for doc, part in zip(docs, meta["parts"]):
            assert facts(slice_doc(joined, part["start"], part["end"])[0]) == facts(doc)


@settings(deadline=None, max_examples=50)
@given(annotated(), st.data())
def test_retokenized_docs_hold_what_still_has_boundaries(doc, data):
    before = doc.to_bytes()
    marks = sorted(data.draw(st.sets(st.integers(0, len(doc)), max_size=4)))
    merge = [doc[start:end] for start, end in zip(marks[::2], marks[1::2]) if end - start > 1]
    merged = {token.i for span in merge for token in span}
    free = [token for token in doc if token.i not in merged]
    split = data.draw(st.lists(st.sampled_from(free), max_size=2, unique=True)) if free else []
    new, dropped = retokenized(doc, merge=merge, split=[(t.i, [t.text[:1], t.text[1:-1], "."]) for t in split])
    assert new.text == doc.text
    assert len(new) == len(doc) - sum(len(span) - 1 for span in merge) + 2 * len(split)
    gone = [{token.text for token in span} for span in merge]
    expected = only(facts(doc), lambda span: all(not set(span) & token or token <= set(span) for token in gone))
    assert facts(new) == expected
    assert cost(dropped) == minus(size(facts(doc)), size(expected))
    assert sound(new)
    assert len(from_doc(new).meta["speakers"]) == len(new)
    assert doc.to_bytes() == before


@settings(deadline=None, max_examples=50)
@given(annotated(), SCORES, SCORES, SCORES, SCORES)
def test_filtered_docs_hold_what_is_sure_enough(doc, ents, mentions, coref, relations):
    before, found = doc.to_bytes(), facts(doc)
    new, dropped = filter_scores(doc, ents=ents, mentions=mentions, coref=coref, relations=relations)
    entities = found["entities"] and {row for row in found["entities"] if row[2] >= ents}
    kept = {row for row in found["mentions"] if row[2] >= mentions}
    gone = {row[0] for row in (found["entities"] or set()) | found["mentions"]} - {
        row[0] for row in (entities or set()) | kept
    }
    expected = {
        "entities": entities,
        "mentions": kept,
        "clusters": {frozenset(row for row in c if row[1] >= coref) for c in found["clusters"]} - {frozenset()},
        "relations": {row for row in found["relations"] if row[5] >= relations and not {row[0], row[3]} & gone},
    }
    assert facts(new) == expected
    assert cost(dropped) == minus(size(found), size(expected))
    assert sound(new)
    assert doc.to_bytes() == before


def test_other_groups_move_with_the_tokens():
    doc = Doc(VOCAB, words="Ann Lee left Acme".split())
    doc.spans["sc"] = SpanGroup(doc, name="sc", spans=[Span(doc, 3, 4, label="ORG")], attrs={"scores": [0.5]})
    new, dropped = retokenized(doc, merge=[doc[0:2]])
    assert [(s.text, s.label_) for s in new.spans["sc"]] == [("Acme", "ORG")]
    assert new.spans["sc"].attrs == {"scores": [0.5]}
    assert dropped == Layers()


def test_layers_that_are_not_annotated_stay_so():
    doc = Doc(VOCAB, words="Ann Lee left Acme".split())
    for new in (slice_doc(doc, 0, 2)[0], join_docs([doc, doc]), retokenized(doc)[0], filter_scores(doc)[0]):
        assert read(new) == Layers()


def test_empty_docs_join():
    empty, doc = Doc(VOCAB), Doc(VOCAB, words=["Ann"])
    set_mentions(doc, [LabeledSpan(0, 1, "PER")])
    assert len(join_docs([empty])) == 0
    joined = join_docs([empty, doc, empty])
    assert [s.text for s in joined.spans["mentions"]] == ["Ann"]


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda doc: slice_doc(doc, 1, 9), r"Tokens \[1, 9\) do not lie in a document of 4 tokens"),
        (lambda doc: slice_doc(doc, -1, 2), r"Tokens \[-1, 2\)"),
        (lambda doc: join_docs([]), "No Docs to join"),
        (lambda doc: retokenized(doc, split=[(3, ["Ac", "ne"])]), "do not make up token 3, 'Acme'"),
        (lambda doc: filter_scores(doc, coref=2), r"coref must be within \[0, 1\], found 2"),
    ],
)
def test_bad_arguments_are_named(call, message):
    with pytest.raises(ValueError, match=message):
        call(Doc(VOCAB, words="Ann Lee left Acme".split()))
