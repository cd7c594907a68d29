"""White space: nothing reads it, nothing that is found begins or ends with it, nothing crosses a blank line."""

from __future__ import annotations

import numpy
import pytest
import spacy
from hypothesis import given, settings
from hypothesis import strategies as st
from spacy.language import Language
from spacy.tokens import Doc, Span
from spacy.training import Example
from thinc.api import Adam
from tiny import tiny_nlp

from spacy_hmtl.annotations.layers import Layers, read
from spacy_hmtl.annotations.whitespace import RealTokens, trimmer
from spacy_hmtl.bridge.reading import read_batch
from spacy_hmtl.bridge.segments import segment_starts
from spacy_hmtl.types import LabeledSpan, Triple

NLP = spacy.blank("en")
#        0      1      2      3     4
SPACE = [False, False, True, False, True]
SENTENCES = [
    "Ann Lee left New York City.",
    "She runs Acme Ltd. in Oslo (it's big), doesn't she?",
    "Bo said: “No!”",
    "Then U.S. troops came.",
]


def place(start: int, end: int) -> tuple[int, int] | None:
    return RealTokens(numpy.flatnonzero(~numpy.array(SPACE)), 5).trimmed(start, end)


def test_white_space_comes_off_both_ends() -> None:
    names = [LabeledSpan(0, 3, "PER", 0.5), LabeledSpan(4, 5, "ORG", 0.9)]
    mentions = [LabeledSpan(1, 5, "PER", 0.6), LabeledSpan(2, 4, "PER", 0.8), LabeledSpan(3, 4, "PER", 0.7)]
    first, space, last = LabeledSpan(0, 1, "PER"), LabeledSpan(2, 3, "PER"), LabeledSpan(3, 5, "PER")
    triples = [Triple(first, "KNOWS", tail) for tail in (space, last)]
    triples.append(Triple(last, "KNOWS", LabeledSpan(3, 4, "PER")))
    found = Layers(entities=names, mentions=mentions, relations=triples).moved(place)
    assert found.entities == [LabeledSpan(0, 2, "PER", 0.5)]
    assert found.mentions == [LabeledSpan(1, 4, "PER", 0.6), LabeledSpan(3, 4, "PER", 0.8)]
    assert found.relations == [Triple(first, "KNOWS", last._replace(end=4))]
    assert found.clusters is None


def test_a_doc_without_white_space_is_read_as_it_is() -> None:
    docs = [NLP(text) for text in (SENTENCES[0], "", "a")]
    reading = read_batch(docs, 100)
    assert all(own is doc for own, doc in zip(reading.read, docs))
    assert reading.kept is None
    assert trimmer(docs[0]) is None


@pytest.mark.parametrize("gap", ["\n", "  ", " \n", "\n  ", "\t", "\r\n", "\u00a0"])
@pytest.mark.parametrize("marked", [False, True], ids=["by punctuation", "marked sentences"])
def test_what_is_read_of_a_wrapped_text_is_what_is_read_of_the_text(gap: str, marked: bool) -> None:
    text = " ".join(SENTENCES)
    plain, wrapped = NLP(text), NLP(gap.join(text.split(" ")) + gap)
    if marked:
        # Wherever the sentence is said to begin: at its first word, or at the white space in front.
        for token in plain:
            token.is_sent_start = token.text in {"Ann", "She", "Then"}
        for token in wrapped:
            token.is_sent_start = token.text == "Ann" or (
                token.i + 1 < len(wrapped) and token.is_space and wrapped[token.i + 1].text in {"She", "Then"}
            )
    reading = read_batch([wrapped, plain], 100)
    (own,) = reading.read[:1]
    assert [t.text for t in own] == [t.text for t in plain]
    assert [t.norm_ for t in own] == [t.norm_ for t in plain]
    assert own.text.rstrip() == plain.text
    assert segment_starts(own, 100).tolist() == segment_starts(plain, 100).tolist()
    n_tokens = len(plain)
    assert reading.layout.doc_lengths.tolist() == [n_tokens, n_tokens]
    real = reading.real[0]
    assert real is not None
    for token in plain:
        start, end = real.outward(token.i, token.i + 1)
        assert wrapped[start:end].text == token.text
        assert real.inward(start, end) == (token.i, token.i + 1)


@pytest.mark.parametrize("gap", ["\n\n", "\n \n", "\r\n\r\n", "\n  \t\n", "\n\n\n", "\u2029", " \n\n "])
@pytest.mark.parametrize("marked", [False, True])
def test_a_blank_line_ends_a_segment(gap: str, marked: bool) -> None:
    doc = NLP(f"Ann Lee{gap}Oslo office\nroom 3")
    if marked:
        for token in doc:
            token.is_sent_start = token.i == 0
    (own,) = read_batch([doc], 100).read
    starts = segment_starts(own, 100).tolist()
    assert [own[start].text for start in starts] == ["Ann", "Oslo"]


@settings(deadline=None, max_examples=25)
@given(st.lists(st.sampled_from(["Dell", "she", " ", "\n\n", "Austin", "\t"]), max_size=8))
def test_nothing_that_is_found_begins_or_ends_with_white_space(trained_nlp: Language, words: list[str]) -> None:
    doc = trained_nlp(" ".join(words))
    assert read(doc).clusters is not None
    for span in read(doc).spans():
        assert not doc[span.start].is_space
        assert not doc[span.end - 1].is_space
        assert "\n\n" not in doc[span.start : span.end].text


def words_of(doc: Doc) -> list[object]:
    """Every layer with words in place of offsets, confidences to five digits."""

    def phrase(span: LabeledSpan) -> tuple[str, str, float]:
        return " ".join(doc[span.start : span.end].text.split()), span.label, round(span.score, 5)

    layers = read(doc)
    return [
        list(map(phrase, layers.entities or [])),
        list(map(phrase, layers.mentions or [])),
        [list(map(phrase, cluster)) for cluster in layers.clusters or []],
        [(phrase(r.head)[:2], r.label, phrase(r.tail)[:2], round(r.score, 5)) for r in layers.relations or []],
    ]


@pytest.mark.parametrize("gap", ["\n", "  ", " \n ", "\t"])
def test_predictions_are_the_same_however_lines_are_wrapped(gap: str, trained_nlp: Language, texts: list[str]) -> None:
    for text in texts:
        plain = " ".join(text.split())
        wrapped = trained_nlp(gap.join(plain.split(" ")))
        assert words_of(wrapped) == words_of(trained_nlp(plain))


def test_states_of_white_space_are_zero_and_others_those_of_the_text(trained_nlp: Language) -> None:
    pipe = trained_nlp.get_pipe("hmtl")
    plain, wrapped = NLP("Dell left Austin."), NLP("\nDell\nleft  Austin.\n\n")
    expected = pipe.states([plain])  # type: ignore[attr-defined]
    is_space = numpy.array([token.is_space for token in wrapped])
    for task, (found,) in pipe.states([wrapped]).items():  # type: ignore[attr-defined]
        assert found.shape[0] == len(wrapped)
        assert not found[is_space].any()
        numpy.testing.assert_allclose(found[~is_space], expected[task][0], atol=1e-6)


def test_gold_that_begins_or_ends_with_white_space_is_trimmed_and_counted() -> None:
    words = ["Ann", "\n", "Lee", " ", "left", "\n\n", "Oslo"]
    reference, trimmed = (Doc(NLP.vocab, words=words) for _ in range(2))
    for doc, extents in ((reference, [(0, 4), (3, 4), (5, 7)]), (trimmed, [(0, 3), (6, 7)])):
        doc.spans["mentions"] = [Span(doc, start, end, "X") for start, end in extents]
    losses = []
    for gold in (reference, trimmed):
        nlp = tiny_nlp([Example(Doc(NLP.vocab, words=words), trimmed)], [["emd"]])
        eg = Example(Doc(nlp.vocab, words=words), gold)
        if gold is reference:
            with pytest.warns(UserWarning, match=r"\[W171\] 3 of \d gold spans for the task 'emd'"):
                losses.append(nlp.update([eg], sgd=Adam(0.01))["hmtl_emd"])
        else:
            losses.append(nlp.update([eg], sgd=Adam(0.01))["hmtl_emd"])
    assert losses[0] == losses[1]
    # And what is found without white space is right.
    pipe = nlp.get_pipe("hmtl")
    scores = pipe.score([Example(trimmed, reference)])  # type: ignore[attr-defined]
    assert scores["mentions_f"] == 1.0
