"""Documents with all layers, harmless and hostile."""

import pytest
import spacy
from graph.commands import EVIL

from spacy_hmtl.annotations import set_clusters, set_entities, set_mentions, set_meta, set_relations
from spacy_hmtl.types import LabeledSpan, Triple


@pytest.fixture
def doc():
    """Anna Keller said she left Oslo . Keller likes it ."""
    doc = spacy.blank("en")("Anna Keller said she left Oslo. Keller likes it.")
    set_entities(doc, [LabeledSpan(0, 2, "PERSON"), LabeledSpan(5, 6, "GPE", 0.5), LabeledSpan(7, 8, "PERSON", 0.5)])
    set_mentions(doc, [LabeledSpan(0, 2, "PER"), LabeledSpan(3, 4, "PER"), LabeledSpan(9, 10, "GPE", 0.25)])
    rows = [[(0, 2, 1.0), (3, 4, 0.75)], [(5, 6, 0.5), (9, 10, 0.25)]]
    set_clusters(doc, [[LabeledSpan(start, end, score=score) for start, end, score in row] for row in rows])
    she, anna, oslo = LabeledSpan(3, 4, "PER"), LabeledSpan(0, 2, "PER"), LabeledSpan(5, 6, "GPE")
    set_relations(doc, [Triple(she, "AT", oslo, 0.5), Triple(anna, "AT", oslo, 0.75), Triple(anna, "OWNS", oslo, 0.5)])
    return doc


@pytest.fixture
def evil_doc():
    """A document in which texts, labels and the id are hostile."""
    nlp = spacy.blank("en")
    doc = spacy.tokens.Doc(nlp.vocab, words=[EVIL, "owns", "@Anna", "\r", "-5"])
    spans = [LabeledSpan(0, 1, EVIL), LabeledSpan(2, 3, "+PER"), LabeledSpan(3, 5, "x\ny")]
    set_mentions(doc, spans)
    set_relations(doc, [Triple(spans[0], EVIL, spans[1]), Triple(spans[1], "a b", spans[2])])
    set_meta(doc, {"name": EVIL})
    return doc
