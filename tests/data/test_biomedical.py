"""PubTator and BioC: concepts, pieces, and relations between documents."""

import json

import pytest
from data.readings import faults, texts

from spacy_hmtl.data.faults import ConversionError

PUBTATOR = "9|t|Ironin helps.\n9|a|It causes ache.\n9\t0\t6\tIronin\tChemical\tD01\n9\t24\t28\tache\tDisease\tD02|D03\n"


def test_pubtator_keeps_concepts_and_reports_what_it_cannot_place(read):
    rows = "9\tCID\tD01\tD02\n9\tCID\tD01\tD77\n9\tCID\tD02\tD03\n8\tCID\tD01\tD02\n9\t0\t6\n9\t0\t5\tWrong\tX\t-1\n"
    (document,), log = read("pubtator", PUBTATOR + rows)
    assert texts(document)["relations"] == [("Ironin", "CID", "ache")]
    assert document.meta["concepts"][:2] == [[0, 6, "D01"], [24, 28, "D02|D03"]]
    assert [fault.place.line for fault in log.faults] == [6, 7, 8, 9, 10]
    assert [unit for unit, _ in faults(log)] == ["relation", "relation", "line", "line", "mention"]


def test_a_relation_of_concepts_is_between_their_nearest_mentions(read):
    mentions = "9\t0\t6\tIronin\tC\tD1\n9\t18\t24\tIronin\tC\tD1\n9\t26\t30\tache\tD\tD2\n"
    (document,), _ = read("pubtator", f"9|t|Ironin, then more Ironin: ache.\n9|a|\n{mentions}9\tCID\tD1\tD2\n")
    assert document.layers.relations[0].head.start == 4


def test_pubtator_without_relations_is_not_annotated_for_them(read):
    (document,), _ = read("pubtator", PUBTATOR)
    assert document.layers.relations is None
    assert document.layers.clusters is None
    first, second = read("pubtator", f"{PUBTATOR}9\tCID\tD01\tD02\n\n8|t|None\n8|a|\n")[0]
    assert len(first.layers.relations) == 1
    assert second.layers.relations == []


def bioc(*relations, annotations=(), **fields):
    rows = [{"id": "1", "infons": {"type": "Chemical"}, "text": "Ironin", "locations": [{"offset": 100, "length": 6}]}]
    rows += annotations
    passage = {"offset": 100, "infons": {}, "text": "Ironin helps.", "annotations": rows, **fields}
    return json.dumps({"documents": [{"id": "9", "passages": [passage], "relations": list(relations)}]})


def test_bioc_reports_what_it_loses(read):
    annotations = [
        {"id": "2", "infons": {}, "text": "helps", "locations": [{"offset": 107, "length": 5}]},
        {"id": "3", "infons": {"type": "X"}, "locations": []},
        {"id": "4", "infons": {"type": "X"}, "locations": [{"offset": 100, "length": 2}, {"offset": 107, "length": 5}]},
    ]
    relation = {"id": "R", "infons": {"type": "X"}, "nodes": [{"refid": "1"}, {"refid": "2"}, {"refid": "3"}]}
    (document,), log = read("bioc", bioc(relation, {"id": "S", "infons": {}}, annotations=annotations))
    assert texts(document)["names"] == [("Ironin", "Chemical")]
    assert [what for _, what in faults(log)] == [
        "the annotation '3' has no offset and length",
        "the annotation '2' has no infon type",
        "the annotation '4' has 2 pieces",
        "in the relation 'R' expected two arguments, found 3",
        "in the relation 'S' it has no infon type",
    ]
    with pytest.raises(ConversionError, match=r"\[H130\]"):
        read("bioc", bioc(), discontinuous="all")


@pytest.mark.parametrize(("choice", "expected"), [("hull", "Ironin helps"), ("first", "Iro nin")])
def test_pieces_are_taken_as_asked(read, choice, expected):
    pieces = {
        "id": "4",
        "infons": {"type": "X"},
        "locations": [{"offset": 100, "length": 3}, {"offset": 107, "length": 5}],
    }
    (document,), log = read("bioc", bioc(annotations=[pieces]), discontinuous=choice)
    longest = max(document.layers.mentions, key=lambda span: span.end - span.start)
    assert " ".join(document.words[longest.start : longest.end]) == expected
    assert any("discontinuous" in kind for kind in log.n_noted())
