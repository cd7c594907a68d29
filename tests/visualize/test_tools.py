"""What one does with a page: index, search, legend, gold beside, and what is not shown."""

from __future__ import annotations

import re

import pytest
import spacy
from spacy.tokens import Doc

from spacy_hmtl.annotations import set_clusters, set_entities, set_mentions, set_relations
from spacy_hmtl.types import LabeledSpan, Triple
from spacy_hmtl.visualize import render

TEXT = "Anna met Bob. She likes Oslo."


def make(entities: list[LabeledSpan], clusters: list[list[tuple[int, int]]], relations: list[Triple]) -> Doc:
    doc = spacy.blank("en")(TEXT)
    set_entities(doc, entities)
    set_mentions(doc, [LabeledSpan(0, 1, "PER"), LabeledSpan(4, 5, "PER")])
    set_clusters(doc, [list(cluster) for cluster in clusters])
    set_relations(doc, relations)
    return doc


@pytest.fixture
def gold() -> Doc:
    names = [LabeledSpan(0, 1, "PERSON"), LabeledSpan(2, 3, "PERSON"), LabeledSpan(6, 7, "GPE")]
    likes = Triple(LabeledSpan(4, 5, "PER"), "LIKES", LabeledSpan(6, 7, "GPE"))
    return make(names, [[(0, 1), (4, 5)], [(2, 3)]], [likes])


@pytest.fixture
def found() -> Doc:
    return make([LabeledSpan(0, 1, "PERSON"), LabeledSpan(2, 3, "ORG")], [[(2, 3), (4, 5)], [(0, 1)]], [])


def rows(html: str) -> set[tuple[str, str, str]]:
    return set(re.findall(r'<tr><td>(\w+)</td><td class="kind">(\w+)</td><td>(.*?)</td></tr>', html))


def test_gold_stands_beside_and_every_difference_is_listed(found: Doc, gold: Doc) -> None:
    html = render(found, gold=gold)
    assert "<h3>Found</h3>" in html
    assert "<h3>Gold</h3>" in html
    assert rows(html) == {
        ("names", "wrong", "Bob ORG"),
        ("names", "missed", "Bob PERSON"),
        ("names", "missed", "Oslo GPE"),
        ("clusters", "wrong", "Bob = She"),
        ("clusters", "missed", "Anna = She"),
        ("relations", "missed", "She LIKES Oslo"),
    }


def test_what_differs_is_marked_in_the_text(found: Doc, gold: Doc) -> None:
    left, right = render(found, gold=gold).split("<h3>Gold</h3>")
    marked = re.findall(r'class="box[^"]* wrong[^"]*"[^>]*>(?:<span class="keep">)?(\w+)', left)
    assert marked == ["Bob"]
    assert re.findall(r' wrong[^"]*"[^>]*>(?:<span class="keep">)?(\w+)', right) == ["Bob", "Oslo"]


def test_equal_sides_have_no_difference(gold: Doc) -> None:
    html = render(gold, gold=gold)
    assert rows(html) == set()
    assert "No difference" in html


def test_gold_of_another_text_is_refused(gold: Doc) -> None:
    with pytest.raises(ValueError, match=r"H693.*Document 2"):
        render([gold, gold], gold=[gold, spacy.blank("en")("Another text.")])
    with pytest.raises(ValueError, match=r"H693.*Document 2"):
        render([gold, gold], gold=[gold])


def test_several_documents_have_an_index_that_leads_to_each(gold: Doc) -> None:
    html = render([gold, gold, gold])
    links = re.findall(r'<a href="#([^"]+)"', html)
    assert links == [f"doc-d{i}" for i in range(3)]
    assert [f'<header id="{link}"' in html for link in links] == [True] * 3
    assert "nav" not in re.findall(r"<(\w+)", render(gold))


def test_left_out_documents_are_said(gold: Doc) -> None:
    assert "7 more documents are left out" in render([gold], left_out=7)
    assert "left out" not in re.sub(r"<(style|script)>.*?</\1>", "", render([gold]), flags=re.DOTALL)


def test_types_can_be_clicked_and_boxes_say_theirs(gold: Doc) -> None:
    html = render(gold)
    assert 'data-type="GPE" aria-pressed="false"' in html
    assert 'data-types="PERSON\nPER"' in html


def test_entities_without_a_relation_are_folded(gold: Doc) -> None:
    html = render(gold)
    assert "1 entity without a relation" in html
    assert "<li>Bob</li>" in html
