"""Corpora that are annotated in part say of what: KnowledgeNet and GAP."""

import pytest
from data.readings import faults, lines, texts

from spacy_hmtl.annotations.layers import Layers
from spacy_hmtl.data.convert import convert


def test_knowledgenet_says_which_properties_were_looked_for(read):
    asked = {
        "doc": 7,
        "start": 3,
        "text": "He leads Raymond Bank.",
        "facts": [[9, 21, "CEO", 0, 2]],
        "none": ["SPOUSE"],
    }
    nothing = {"doc": 8, "start": 0, "text": "Nothing was asked.", "facts": [], "none": []}
    bad = {"doc": 9, "start": 0, "text": "Bank.", "facts": [[0, 90, "CEO", 0, 4], [1, 2]], "none": []}
    (first, second, third), log = read("knowledgenet", lines(asked, nothing, bad))
    assert (first.name, first.meta) == ("7-3", {"annotated_labels": {"relation": ["CEO", "SPOUSE"]}})
    assert texts(first)["relations"] == [("Raymond Bank", "CEO", "He")]
    assert first.layers.mentions is first.layers.entities is None
    assert second.layers == Layers()
    assert [unit for unit, _ in faults(log)] == ["relation", "mention", "relation"]
    assert not third.layers.relations


def test_gap_states_what_it_knows_of_three_mentions(read):
    header = "ID\tText\tPronoun\tPronoun-offset\tA\tA-offset\tA-coref\tB\tB-offset\tB-coref\tURL\n"
    row = "{}\tAnn met Eve. She left.\tShe\t13\tAnn\t0\t{}\tEve\t8\t{}\tu\n"
    text = (
        header + row.format("1", "FALSE", "True") + row.format("2", "FALSE", "FALSE") + row.format("3", "TRUE", "TRUE")
    )
    (meant, neither, unknown), log = read("gap", text + row.format("4", "", "") + "5\tx\n")
    assert texts(meant)["clusters"] == [["Ann"], ["Eve", "She"]]
    assert texts(neither)["clusters"] == [["Ann"], ["Eve"], ["She"]]
    assert meant.meta == {"partial": ["coref"], "url": "u"}
    assert unknown.layers == Layers()
    assert [what for _, what in faults(log)] == [
        "the pronoun cannot mean both A and B",
        "expected as many cells as columns, found 9 fewer",
    ]


GAP = {"gap-development.tsv": (2000, 874 + 925), "gap-validation.tsv": (454, 187 + 205)}


@pytest.mark.parametrize("name", GAP)
def test_gap_has_the_published_counts(name, hmtl_data, tmp_path):
    report = convert("gap", hmtl_data / "gap" / name, tmp_path / "out.spacy", strict=True)
    counts = report.labels["clusters"]
    assert (report.n_documents, counts["clusters"] - counts["singletons"]) == GAP[name]
    assert counts["mentions"] == 3 * report.n_documents


KNOWLEDGENET = {
    "EMPLOYEE_OR_MEMBER_OF": 1068,
    "PLACE_OF_RESIDENCE": 841,
    "SPOUSE": 780,
    "PLACE_OF_BIRTH": 657,
    "EDUCATED_AT": 597,
    "CHILD_OF": 587,
    "HEADQUARTERS": 552,
    "DATE_OF_BIRTH": 465,
    "FOUNDED_BY": 446,
    "NATIONALITY": 398,
    "POLITICAL_AFFILIATION": 394,
    "CEO": 390,
    "DATE_OF_DEATH": 382,
    "DATE_FOUNDED": 316,
    "SUBSIDIARY_OF": 314,
}


def test_knowledgenet_has_the_published_counts(hmtl_data, tmp_path):
    report = convert("knowledgenet", hmtl_data / "knowledgenet/train.jsonl", tmp_path / "out.spacy", strict=True)
    assert report.n_documents == 4293
    # Of 8,187 facts two stand twice, both of the property SPOUSE.
    assert sum(report.labels["relations"].values()) == 8187
    assert report.labels["relations"] == KNOWLEDGENET
