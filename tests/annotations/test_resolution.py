"""Names of clusters, resolved text, relations between entities."""

from __future__ import annotations

import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.tokens import Doc, Span, SpanGroup

from spacy_hmtl.annotations import Relation, extensions
from spacy_hmtl.annotations.resolution import canonical, is_pronoun

NLP = spacy.blank("en")
extensions.register()


def make_doc(text: str, *clusters: list[str], names: tuple[str, ...] = ()) -> Doc:
    """A Doc whose clusters are lists of phrases; "she@2" is the second "she", counted from 1."""
    doc = NLP(text)

    def find(phrase: str) -> Span:
        words, _, number = phrase.partition("@")
        wanted = [t.text for t in NLP.make_doc(words)]
        hits = [i for i in range(len(doc)) if [t.text for t in doc[i : i + len(wanted)]] == wanted]
        start = hits[int(number or 1) - 1]
        return doc[start : start + len(wanted)]

    doc.set_ents([Span(doc, s.start, s.end, label="X") for s in map(find, names)], default="outside")
    doc._.coref_clusters = [[find(phrase) for phrase in cluster] for cluster in clusters]
    return doc


CASES = [
    # A later mention becomes the name; the first mention stays.
    ("Ann Lee left. She slept.", [["Ann Lee", "She"]], "Ann Lee left. Ann Lee slept."),
    # The name may come after the pronoun.
    ("Before he left, Bo ate. He slept.", [["he", "Bo", "He"]], "Before he left, Bo ate. Bo slept."),
    # Possessives.
    ("Ann sold her house.", [["Ann", "her"]], "Ann sold Ann's house."),
    ("James sold his house.", [["James", "his"]], "James sold James' house."),
    ("Dell moved its offices.", [["Dell", "its"]], "Dell moved Dell's offices."),
    ("Ann slept. Bo saw her.", [["Ann", "her"]], "Ann slept. Bo saw Ann."),
    ("Ann slept. Bo saw her in Rome.", [["Ann", "her"]], "Ann slept. Bo saw Ann in Rome."),
    # Of nested mentions the outermost is replaced.
    (
        "Ann met Bo Ray. Her brother slept.",
        [["Ann", "Her"], ["Bo Ray", "Her brother"]],
        "Ann met Bo Ray. Bo Ray slept.",
    ),
    # An apposition beside its name stays; one sentence on, it is none.
    ("Ann Lee, the mayor, left.", [["Ann Lee", "the mayor"]], "Ann Lee, the mayor, left."),
    ("I saw Ann Lee. The mayor left.", [["Ann Lee", "The mayor"]], "I saw Ann Lee. Ann Lee left."),
    # So does a relative pronoun.
    ("I saw Ann Lee, who left.", [["Ann Lee", "who"]], "I saw Ann Lee, who left."),
    ("The man whose car broke slept.", [["The man", "whose"]], "The man whose car broke slept."),
    # A mention that lies in its own replacement stays.
    ("The man who lost his hat slept.", [["The man who lost his hat", "his"]], "The man who lost his hat slept."),
    # Nothing to say of a cluster of pronouns, of one mention, of equal mentions.
    ("He said he slept.", [["He", "he"]], "He said he slept."),
    ("Ann slept.", [["Ann"]], "Ann slept."),
    ("Ann and Ann slept.", [["Ann", "Ann@2"]], "Ann and Ann slept."),
    ("", [], ""),
]


@pytest.mark.parametrize(("text", "clusters", "expected"), CASES, ids=[case[0] for case in CASES])
def test_resolved_text(text: str, clusters: list[list[str]], expected: str) -> None:
    assert make_doc(text, *clusters)._.coref_resolved == expected


@pytest.mark.parametrize(
    ("cluster", "names", "expected"),
    [
        (["She", "the doctor", "Ann Lee"], ("Ann Lee",), "Ann Lee"),
        (["the doctor", "Doctor Ann Lee", "Ann Lee"], ("Ann Lee",), "Ann Lee"),
        (["the doctor", "Doctor Ann Lee", "She"], ("Ann Lee",), "Doctor Ann Lee"),
        (["the doctor", "Ann Lee"], (), "Ann Lee"),
        (["She", "the doctor"], (), "the doctor"),
        (["the doctor", "the old doctor"], (), "the doctor"),
    ],
)
def test_the_most_informative_mention(cluster: list[str], names: tuple[str, ...], expected: str) -> None:
    text = "She is the doctor, the old doctor, Doctor Ann Lee."
    doc = make_doc(text, cluster, names=names)
    assert canonical(doc._.coref_clusters[0]).text == expected


def test_pronouns() -> None:
    doc = NLP("They themselves saw Whose car he took")
    assert [token.text for token in doc if is_pronoun(doc[token.i : token.i + 1])] == [
        "They",
        "themselves",
        "Whose",
        "he",
    ]
    assert not is_pronoun(doc[0:2])


WORDS = "Ann Lee and her old friend , whom they met in his house , left .".split()
spans = st.tuples(st.integers(0, len(WORDS) - 1), st.integers(1, 6)).map(lambda p: (p[0], min(len(WORDS), sum(p))))


@settings(deadline=None, max_examples=150)
@given(
    st.lists(st.lists(spans, min_size=1, max_size=5), max_size=5),
    st.lists(st.tuples(spans, spans), max_size=5),
    st.lists(st.booleans(), min_size=len(WORDS), max_size=len(WORDS)),
)
def test_random_clusters_never_raise(
    clusters: list[list[tuple[int, int]]], pairs: list[tuple[tuple[int, int], tuple[int, int]]], spaces: list[bool]
) -> None:
    doc = Doc(NLP.vocab, words=WORDS, spaces=spaces)
    seen: set[tuple[int, int]] = set()
    clusters = [[m for m in dict.fromkeys(cluster) if not (m in seen or seen.add(m))] for cluster in clusters]
    doc._.coref_clusters = [[doc[start:end] for start, end in cluster] for cluster in clusters]
    doc._.relations = [(doc[slice(*head)], "R", doc[slice(*tail)]) for head, tail in pairs]
    resolved = doc._.coref_resolved
    assert isinstance(resolved, str)
    assert resolved if WORDS else not resolved
    for relation in doc._.entity_relations:
        assert all(isinstance(evidence, Relation) for evidence in relation.evidence)
        assert relation.score == max(evidence.score for evidence in relation.evidence)
    assert sum(len(cluster) for cluster in doc._.coref_clusters) == sum(map(len, clusters))


def test_whitespace_and_unknown_words_never_raise() -> None:
    doc = NLP(" \n she  \t she")
    doc._.coref_clusters = [[doc[i : i + 1] for i in range(len(doc))]]
    assert isinstance(doc._.coref_resolved, str)


def test_empty_spans_never_raise() -> None:
    doc = NLP("Ann said she left")
    spans = [doc[0:1], doc[1:1], doc[2:3], doc[3:3]]
    doc.spans["coref"] = SpanGroup(doc, name="coref", spans=spans, attrs={"clusters": [0, 0, 0, 1]})
    assert doc._.coref_resolved == "Ann said Ann left"


def test_clusters_left_behind_by_a_retokenization_never_raise() -> None:
    doc = make_doc("Ann Lee left. She slept.", ["Ann Lee", "She"], ["slept"])
    with doc.retokenize() as retokenizer:
        retokenizer.merge(doc[0:2])
        retokenizer.merge(doc[2:5])
    assert isinstance(doc._.coref_resolved, str)


def test_relations_are_lifted_to_entities_and_merged() -> None:
    doc = make_doc(
        "Ann runs Acme. She owns it. Bo owns Zed.", ["Ann", "She"], ["Acme", "it"], names=("Ann", "Acme", "Bo", "Zed")
    )
    ann, acme, she, it, bo, zed = (doc[i : i + 1] for i in (0, 2, 4, 6, 8, 10))
    doc._.relations = [
        (ann, "OWNS", acme, 0.6),
        (she, "OWNS", it, 0.9),
        (she, "LIKES", it, 0.5),
        (ann, "KNOWS", she, 1.0),  # of an entity to itself
        (bo, "OWNS", zed, 0.7),  # in no cluster
    ]
    found = [(r.head.text, r.label, r.tail.text, r.score, len(r.evidence)) for r in doc._.entity_relations]
    assert sorted(found) == [
        ("Ann", "LIKES", "Acme", 0.5, 1),
        ("Ann", "OWNS", "Acme", 0.9, 2),
        ("Bo", "OWNS", "Zed", 0.7, 1),
    ]
