"""Beside what else there is for spaCy: what would go wrong without a word is said, and the rest goes on working."""

from __future__ import annotations

import copy
import pickle
import warnings
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy import displacy
from spacy.language import Language
from spacy.matcher import Matcher
from spacy.tokens import Doc, Span
from spacy.training import Example
from tiny import assert_alike, snapshot

from spacy_hmtl.annotations import get_mentions


@pytest.fixture
def doc(trained_nlp: Language, texts: list[str]) -> Doc:
    """A text in which something of every layer is found."""
    return max(map(trained_nlp, texts), key=lambda doc: len(doc._.relations))


@pytest.fixture
def saved(trained_nlp: Language, tmp_path: Path) -> Path:
    """The pipeline with a threshold for each relation label."""
    nlp = pickle.loads(pickle.dumps(trained_nlp))
    pipe: Any = nlp.get_pipe("hmtl")
    pipe.cfg["relation_thresholds"] = dict.fromkeys(pipe.label_data["relation"], 0.4)
    nlp.to_disk(tmp_path / "saved")
    return tmp_path / "saved"


# --- said ---


def test_a_threshold_that_decides_nothing_is_said_where_it_is_set(saved: Path, doc: Doc) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        nlp = spacy.load(saved)
        expected = snapshot(nlp(doc.text))
    with pytest.warns(UserWarning, match=r"\[W220\] 'hmtl': relation_threshold = 0.9 .*relation_thresholds"):
        assert snapshot(nlp(doc.text, component_cfg={"hmtl": {"relation_threshold": 0.9}})) == expected
    overridden = {"components": {"hmtl": {"relation_threshold": 0.99}}}
    with pytest.warns(UserWarning, match=r"\[W220\].*0.99"):
        assert snapshot(spacy.load(saved, config=overridden)(doc.text)) == expected
    # The remedy.
    nlp = spacy.load(saved, config=overridden)
    nlp.get_pipe("hmtl").cfg["relation_thresholds"] = {}  # type: ignore[attr-defined]
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(nlp(doc.text)._.relations) < len(expected["relations"][2]["pairs"])


def test_each_label_has_its_threshold(saved: Path, doc: Doc) -> None:
    nlp = spacy.load(saved)
    pipe: Any = nlp.get_pipe("hmtl")
    found = nlp(doc.text)._.relations
    label = found[0].label
    assert {relation.label for relation in found} - {label}
    pipe.cfg["relation_thresholds"] = {label: 1.0}
    rest = [(r.head.start, r.label, r.tail.start) for r in nlp(doc.text)._.relations]
    assert rest == [(r.head.start, r.label, r.tail.start) for r in found if r.label != label]


def test_spans_of_others_in_our_groups_are_not_replaced_without_a_word(
    trained_nlp: Language, saved: Path, doc: Doc
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        # What was found before is ours, and an empty group holds nothing.
        assert trained_nlp(trained_nlp(doc.text)).spans["mentions"]
        empty = trained_nlp.make_doc("Dell left Austin.")
        empty.spans["mentions"] = []
        trained_nlp(empty)
    nlp = spacy.load(saved)
    ruler: Any = nlp.add_pipe("span_ruler", before="hmtl", config={"spans_key": "mentions"})
    ruler.add_patterns([{"label": "VERB", "pattern": "left"}])
    with pytest.warns(UserWarning, match=r"\[W221\] 'hmtl' replaces 1 spans .*'mentions'.*spans_keys = {'emd': KEY}"):
        nlp("Dell left Austin.")
    given = trained_nlp.make_doc("Dell left Austin.")
    given.spans["second"] = [Span(given, 0, 1, "X")]
    given.spans["coref"] = [Span(given, 0, 1)]
    with pytest.warns(UserWarning, match=r"\[W221\].*'coref'"):
        spacy.load(saved)(given)
    assert [span.label_ for span in given.spans["second"]] == ["X"]


# --- works ---


def test_copies_of_a_pipeline_say_the_same(trained_nlp: Language, doc: Doc) -> None:
    assert_alike(copy.deepcopy(trained_nlp)(doc.text), doc)
    assert_alike(pickle.loads(pickle.dumps(trained_nlp))(doc.text), doc)
    other = spacy.blank("en")
    settings = {key: value for key, value in trained_nlp.get_pipe_config("hmtl").items() if key != "factory"}
    other.add_pipe("hmtl", config=settings)
    assert_alike(other.from_bytes(trained_nlp.to_bytes())(doc.text), doc)


def test_a_new_name_travels_and_learns(saved: Path, doc: Doc, tmp_path: Path) -> None:
    nlp = spacy.load(saved)
    nlp.rename_pipe("hmtl", "info")
    expected = snapshot(nlp(doc.text))
    nlp.to_disk(tmp_path / "renamed")
    again = spacy.load(tmp_path / "renamed")
    assert again.pipe_names == ["info"]
    assert snapshot(again(doc.text)) == expected
    losses = again.update([Example(again.make_doc(doc.text), doc)], sgd=again.resume_training())
    assert {"info", "info_ner", "info_emd", "info_relation", "info_coref"} == set(losses)


def test_left_out_at_load_and_switched_on_later(saved: Path, doc: Doc) -> None:
    assert spacy.load(saved, exclude=["hmtl"]).component_names == []
    nlp = spacy.load(saved, disable=["hmtl"])
    assert not nlp(doc.text).spans
    nlp.enable_pipe("hmtl")
    assert snapshot(nlp(doc.text)) == snapshot(spacy.load(saved)(doc.text))


def test_replaced_by_one_that_has_learnt_nothing_it_says_so(saved: Path) -> None:
    nlp = spacy.load(saved)
    nlp.replace_pipe("hmtl", "hmtl", config={"model": {"levels": [["ner"]]}})
    with pytest.raises(ValueError, match=r"\[H208\]"):
        nlp("Dell left Austin.")


@pytest.mark.parametrize("n_process", [1, 2])
def test_contexts_stay_with_their_texts(trained_nlp: Language, doc: Doc, n_process: int) -> None:
    pairs = list(trained_nlp.pipe([(doc.text, 1), ("", 2)], as_tuples=True, n_process=n_process))
    assert [context for _, context in pairs] == [1, 2]
    assert_alike(pairs[0][0], doc)


def test_displacy_and_the_matcher_read_what_is_found(doc: Doc) -> None:
    page = displacy.render(doc, style="ent", jupyter=False)
    assert all(ent.label_ in page for ent in doc.ents)
    for key in ("mentions", "hmtl_entities"):
        page = displacy.render(doc, style="span", options={"spans_key": key}, jupyter=False)
        assert all(span.label_ in page for span in doc.spans[key])
    matcher = Matcher(doc.vocab)
    first = doc.ents[0]
    matcher.add("NAME", [[{"ENT_TYPE": first.label_, "OP": "+"}]], greedy="LONGEST")
    assert (first.start, first.end) in {(start, end) for _, start, end in matcher(doc)}


def test_sentences_of_another_component_before_and_after(saved: Path, doc: Doc) -> None:
    after = spacy.load(saved)
    expected = snapshot(after(doc.text))
    after.add_pipe("sentencizer")
    found = after(doc.text)
    assert len(list(found.sents)) >= 1
    assert snapshot(found) == expected
    before = spacy.load(saved)
    before.add_pipe("sentencizer", first=True)
    found, given = before(doc.text), before.make_doc(doc.text)
    for token, other in zip(given, found):
        token.is_sent_start = other.is_sent_start
    assert snapshot(spacy.load(saved)(given)) == snapshot(found)


def test_more_spans_in_a_group_of_ours_are_no_annotation_and_said(trained_nlp: Language, doc: Doc) -> None:
    found = trained_nlp(doc.text)
    found.spans["mentions"] += [found[0:2]]
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".*W170")
        assert get_mentions(found) is None
