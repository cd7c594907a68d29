"""`to_frames`: every row of every layer is in a table, with offsets that fit, in each library."""

import importlib.util

import pytest
import spacy
from spacy.tokens import Doc

from spacy_hmtl.annotations import set_clusters, set_entities, set_mentions, set_meta, set_relations
from spacy_hmtl.annotations.layers import read
from spacy_hmtl.helpers import to_frames
from spacy_hmtl.helpers.frames import COLUMNS, LIBRARIES
from spacy_hmtl.types import LabeledSpan, Triple

PACKAGES = {"pandas": ("pandas",), "arrow": ("pyarrow",), "polars": ("polars", "pyarrow")}


def rows(table):
    """A table of any library as a list of dicts."""
    for method in ("to_pylist", "to_dicts"):
        if hasattr(table, method):
            return getattr(table, method)()
    return [
        {key: None if value is None or value != value or str(value) == "<NA>" else value for key, value in row.items()}
        for row in table.to_dict("records")
    ]


@pytest.fixture(params=LIBRARIES)
def library(request):
    if any(importlib.util.find_spec(package) is None for package in PACKAGES[request.param]):
        pytest.skip(f'needs pip install "spacy-hmtl[{request.param}]"')
    return request.param


@pytest.fixture
def doc():
    doc = spacy.blank("en")("Anna Keller said she left Oslo.")
    anna, she, oslo = LabeledSpan(0, 2, "PER", 0.75), LabeledSpan(3, 4, "PER", 0.5), LabeledSpan(5, 6, "GPE", 0.25)
    set_entities(doc, [anna, oslo])
    set_mentions(doc, [anna, she, oslo])
    set_clusters(doc, [[LabeledSpan(0, 2, score=1.0), LabeledSpan(3, 4, score=0.5)]])
    set_relations(doc, [Triple(she, "LEFT", oslo, 0.5)])
    set_meta(doc, {"name": "letter"})
    return doc


def test_every_layer_is_a_table(doc, library):
    frames = to_frames([doc], to=library)
    assert rows(frames.documents) == [
        {
            **{"doc": 0, "id": "letter", "text": doc.text, "n_tokens": 7},
            **{"has_names": True, "has_mentions": True, "has_clusters": True, "has_relations": True},
        }
    ]
    assert [(row["text"], row["label"], row["score"]) for row in rows(frames.names)] == [
        ("Anna Keller", "PER", 0.75),
        ("Oslo", "GPE", 0.25),
    ]
    assert rows(frames.mentions)[1] == {
        **{"doc": 0, "id": "letter", "start": 17, "end": 20, "token_start": 3, "token_end": 4},
        **{"text": "she", "label": "PER", "score": 0.5},
    }
    assert [(row["cluster"], row["name"], row["text"]) for row in rows(frames.clusters)] == [
        (0, "Anna Keller", "Anna Keller"),
        (0, "Anna Keller", "she"),
    ]
    assert rows(frames.relations) == [
        {
            **{"doc": 0, "id": "letter", "label": "LEFT", "score": 0.5, "head_label": "PER", "tail_label": "GPE"},
            **{"head_start": 17, "head_end": 20, "head_token_start": 3, "head_token_end": 4, "head_text": "she"},
            **{"tail_start": 26, "tail_end": 30, "tail_token_start": 5, "tail_token_end": 6, "tail_text": "Oslo"},
        }
    ]


def test_not_annotated_is_told_from_nothing_there(library):
    vocab = spacy.blank("en").vocab
    empty, unknown = Doc(vocab, words=["a", "b"]), Doc(vocab, words=["a", "b"])
    set_entities(empty, [])
    frames = to_frames((doc for doc in (empty, unknown, Doc(vocab))), to=library)
    assert [row["has_names"] for row in rows(frames.documents)][:2] == [True, False]
    assert [row["id"] for row in rows(frames.documents)] == [None] * 3
    for name in ("names", "mentions", "clusters", "relations"):
        table = getattr(frames, name)
        assert rows(table) == []
        assert list(getattr(table, "column_names", None) or table.columns) == list(COLUMNS[name])


def test_no_docs_make_tables_with_types(library):
    frames = to_frames([], to=library)
    types = {"pandas": "int64", "arrow": "int64", "polars": "Int64"}[library]
    column = frames.relations.schema.field("doc").type if library == "arrow" else frames.relations["doc"].dtype
    assert str(column) == types


def test_offsets_give_the_texts_of_the_whole_corpus(demo_docs, library):
    frames = to_frames(demo_docs, to=library)
    texts = [row["text"] for row in rows(frames.documents)]
    assert texts == [doc.text for doc in demo_docs]
    layers = [read(doc) for doc in demo_docs]
    assert len(rows(frames.mentions)) == sum(len(one.mentions or []) for one in layers)
    assert len(rows(frames.clusters)) == sum(len(cluster) for one in layers for cluster in one.clusters or [])
    assert len(rows(frames.relations)) == sum(len(one.relations or []) for one in layers) > 5
    for table, prefixes in ((frames.names, [""]), (frames.clusters, [""]), (frames.relations, ["head_", "tail_"])):
        for row in rows(table):
            for p in prefixes:
                assert texts[row["doc"]][row[f"{p}start"] : row[f"{p}end"]] == row[f"{p}text"]


def test_another_library_is_refused(doc):
    with pytest.raises(ValueError, match=r"\[H130\] to must be one of pandas, arrow, polars, found 'excel'"):
        to_frames([doc], to="excel")


@pytest.mark.parametrize(("to", "package", "extra"), [("pandas", "pandas", "pandas"), ("arrow", "pyarrow", "parquet")])
def test_a_library_that_is_not_installed_is_named(doc, monkeypatch, to, package, extra):
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name, *rest: None if name == package else find_spec(name))
    with pytest.raises(ValueError, match=rf"\[H540\].*needs {package}.*spacy-hmtl\[{extra}\]"):
        to_frames([doc], to=to)
