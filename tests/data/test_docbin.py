import zlib

import pytest
import spacy
import srsly
from spacy.tokens import Doc, DocBin, Span

from spacy_hmtl.annotations import AnnotatedDocument, to_doc
from spacy_hmtl.annotations.layers import make_clusters
from spacy_hmtl.data.docbin import DocBinWriter
from spacy_hmtl.types import LabeledSpan, Triple

VOCAB = spacy.blank("en").vocab
PER, GPE = LabeledSpan(0, 2, "PER"), LabeledSpan(3, 4, "GPE")


def documents():
    words = ["Ann", "Lee", "left", "Rome", "."]
    full = AnnotatedDocument("full", words, [True, True, True, False, False], [0], meta={"speakers": ["é"] * 5})
    full.layers.entities, full.layers.mentions, full.layers.relations = [PER], [PER, GPE], [Triple(PER, "LEFT", GPE)]
    full.layers.clusters = make_clusters([[(0, 2)], [(3, 4)]])
    bare = Doc(VOCAB)
    tagged = Doc(VOCAB, words=["It", "rains"], tags=["PRP", "VBZ"], morphs=["Number=Sing", ""], lemmas=["it", "rain"])
    tagged.spans["same"] = tagged.spans["other"] = [Span(tagged, 0, 1, label="X", kb_id="Q1", span_id="s1")]
    tagged.cats = {"news": 1.0}
    return [to_doc(full, VOCAB), bare, tagged, to_doc(AnnotatedDocument("plain", ["x"], [False]), VOCAB)]


@pytest.mark.parametrize("n_docs", [1, 4])
def test_the_file_holds_what_docbin_writes(tmp_path, n_docs):
    docs = documents()[:n_docs]
    path = tmp_path / "new" / "x.spacy"
    with DocBinWriter(path) as writer:
        for doc in docs:
            writer.add(doc)
        assert not path.exists()
    found, expected = (
        srsly.msgpack_loads(zlib.decompress(data)) for data in (path.read_bytes(), DocBin(docs=docs).to_bytes())
    )
    assert found == expected


def test_a_block_that_fails_writes_nothing(tmp_path):
    with pytest.raises(AttributeError), DocBinWriter(tmp_path / "x.spacy") as writer:
        writer.add("not a Doc")  # type: ignore[arg-type]
    assert list(tmp_path.iterdir()) == []


def test_a_file_of_no_docs_can_be_read(tmp_path):
    with DocBinWriter(tmp_path / "x.spacy"):
        pass
    assert list(DocBin().from_disk(tmp_path / "x.spacy").get_docs(VOCAB)) == []
