"""Values of every kind in every place of a JSON document are reported, not raised."""

import json

import pytest
from data.random_documents import VOCAB
from data.readings import lines
from test_cases import CASES, EXPECTED

from spacy_hmtl.annotations import to_doc
from spacy_hmtl.data.faults import ConversionError


def places(value, path=()):
    """The way to every value inside a JSON value."""
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield (*path, key)
        yield from places(inner, (*path, key))


MALFORMED = (
    *("doc_to_json.json", "spans_relations.json", "wl_coref.jsonl", "spanbert.jsonl", "corenlp.json", "oneie.json"),
    *("glirel.jsonl", "cas.json", "cas_legacy.json", "bioc_pieces.json", "knowledgenet.jsonl"),
    "knowledgenet_published.json",
)


@pytest.mark.parametrize("value", [None, True, 0, -1, 1.5, "", "x", [], {}, [[]], [None], {"a": 1}])
@pytest.mark.parametrize("case", MALFORMED)
def test_values_of_every_kind_in_every_place_are_reported_not_raised(case, value, read):
    record = json.loads((CASES / case).read_text(encoding="utf-8").splitlines()[0])
    for path in places(record):
        changed = json.loads(json.dumps(record))
        owner = changed
        for key in path[:-1]:
            owner = owner[key]
        owner[path[-1]] = value
        try:
            for document in read(EXPECTED[case]["format"], lines(changed), name="a.json")[0]:
                to_doc(document, VOCAB)
        except ConversionError:
            pass
