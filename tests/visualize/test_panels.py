"""Panels: each layer on its own, and a layer that is not annotated told from one that is empty."""

import spacy

from spacy_hmtl.annotations import set_entities
from spacy_hmtl.annotations.extensions import coref_clusters, relations
from spacy_hmtl.types import LabeledSpan
from spacy_hmtl.visualize import render_panels


def test_each_panel_shows_its_layer_only(demo_docs):
    doc = demo_docs[0]
    panels = render_panels(doc)
    assert list(panels) == ["ner", "emd", "coref", "relation"]
    assert panels["ner"].n_found == len(doc.ents)
    assert panels["emd"].n_found == len(doc.spans["mentions"])
    assert panels["coref"].n_found == len(coref_clusters(doc))
    assert panels["relation"].n_found == len(relations(doc))
    marks = {"ner": "box name", "emd": "box mention", "coref": "data-chain", "relation": "<svg"}
    for task, panel in panels.items():
        assert [other for other, mark in marks.items() if mark in panel.html] == [task]


def test_what_is_not_annotated_is_not_shown_as_empty():
    doc = spacy.blank("en")("Anna left Oslo.")
    set_entities(doc, [LabeledSpan(0, 1, "PERSON")])
    panels = render_panels(doc)
    assert panels["ner"].n_found == 1
    assert [panels[task].n_found for task in ("emd", "coref", "relation")] == [None, None, None]
    assert "does not annotate" in panels["coref"].html
