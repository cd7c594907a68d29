"""Documents of every corpus at hand have a graph: all of them where there are relations or chains."""

from pathlib import Path

import pytest
import spacy

from spacy_hmtl.annotations.extensions import coref_clusters, relations
from spacy_hmtl.annotations.resolution import entity_relations
from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.docbin import read_docs
from spacy_hmtl.graph.build import make_graph

CORPORA = {
    "ace05/sample": "ace05",
    "btc": "iob",
    "conll04": "conll04",
    "conll2012_sample": "conll2012",
    "crossre": "crossre",
    "gap": "gap",
    "knowledgenet": "knowledgenet",
    "litbank": "litbank",
    "litbank/coref/brat": "brat",
    "ontogum/coref/ontogum/conllu": "corefud",
    "ontogum/dep": "gum",
    "redocred": "redocred",
    "uner_english_pud": "iob",
    "wikigold": "iob",
    "wnut17": "iob",
}


# Of corpora of names, whose documents are sentences: one graph is like another there.
MANY = 500


@pytest.mark.parametrize("folder", CORPORA)
def test_documents_of_every_corpus_have_a_graph(folder, hmtl_data, tmp_path):
    limit = MANY if CORPORA[folder] == "iob" else None
    convert(CORPORA[folder], hmtl_data / folder, tmp_path / "in.spacy", limit=limit)
    n_docs = 0
    for doc in read_docs(tmp_path / "in.spacy", spacy.blank("xx")):
        found, n_docs = make_graph(doc, "a", aliases=True), n_docs + 1
        keys = {entity.key for entity in found.entities}
        assert all({edge.head, edge.tail} <= keys for edge in found.edges)
        assert len(found.edges) == len(entity_relations(coref_clusters(doc), relations(doc)))
    assert n_docs


def test_every_document_of_the_demo_has_a_graph(tmp_path):
    convert("demo", Path(__file__).parents[2] / "assets/demo/texts", tmp_path / "in.spacy")
    docs = list(read_docs(tmp_path / "in.spacy", spacy.blank("xx")))
    assert len([make_graph(doc, "a") for doc in docs]) == 232
