"""Token JSON of SpERT and GLiNER: which ends are inclusive, and what is lost."""

import pytest
from data.readings import faults, lines, texts

TEXT = "Mira left Oslo"


def test_token_json_reports_what_it_loses(read):
    entities = [{"type": "PER", "start": 0, "end": 1}, {"type": "LOC", "start": 2, "end": 9}, {"start": 1, "end": 2}]
    relations = [{"type": "LEFT", "head": 0, "tail": 1}, {"type": "LEFT", "head": 0, "tail": 9}, {"head": 0, "tail": 0}]
    (document,), log = read(
        "spert", lines({"tokens": TEXT.split(), "entities": entities, "relations": relations, "aims": 1})
    )
    assert texts(document)["names"] == [("Mira", "PER")]
    assert document.layers.relations is None
    assert [unit for unit, _ in faults(log)] == ["mention", "mention", "relation", "relation", "relation"]
    assert "'aims'" in str(log.n_noted())


def test_gliner_is_inclusive_where_nothing_proves_it_and_spert_exclusive(read):
    words = ["Mira", "Lee", "left", "Oslo"]
    (gliner,), _ = read("spert", lines({"tokenized_text": words, "ner": [[0, 1, "PER"]]}))
    (spert,), _ = read("spert", lines({"tokens": words, "entities": [[0, 1, "PER"]]}))
    (said,), _ = read("spert", lines({"tokens": words, "entities": [[0, 1, "PER"]]}), ends="inclusive")
    assert [texts(document)["names"] for document in (gliner, spert, said)] == [
        [("Mira Lee", "PER")],
        [("Mira", "PER")],
        [("Mira Lee", "PER")],
    ]


@pytest.mark.parametrize(
    "record", [{"tokens": [], "entities": []}, {"tokens": ["a", ""], "entities": []}, {"words": [1]}]
)
def test_token_json_without_tokens_is_left_out(read, record):
    found, log = read("spert", lines(record))
    assert found == []
    assert log.faults[0].unit == "document"
