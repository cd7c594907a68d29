"""CrossRE, Re-DocRED and LitBank's brat layer against the published counts in the data's README."""

import pytest

from spacy_hmtl.data.convert import convert

CROSSRE = {
    # domain: for train, dev, test: sentences; tokens; entities; relations
    "ai": ((100, 350, 431), (3782, 10919, 12991), (532, 1548, 1811), (363, 1079, 1164)),
    "literature": ((100, 400, 416), (3782, 14503, 16157), (540, 2132, 2278), (400, 1570, 1623)),
    "politics": ((101, 350, 400), (4210, 16056, 16531), (639, 2267, 2540), (536, 1874, 2124)),
    "science": ((103, 351, 400), (3634, 12753, 14304), (551, 1994, 2273), (401, 1387, 1446)),
}
CROSSRE_LABELS = [
    "artifact",
    "cause-effect",
    "compare",
    "general-affiliation",
    "named",
    "opposite",
    "origin",
    "part-of",
    "physical",
    "related-to",
    "role",
    "social",
    "temporal",
    "topic",
    "type-of",
    "usage",
    "win-defeat",
]
REDOCRED = {"LOC": 4054, "PER": 2439, "TIME": 2040, "ORG": 2029, "MISC": 1977, "NUM": 650}
REDOCRED_RELATIONS = {
    "P131": 3846,
    "P17": 2739,
    "P27": 823,
    "P150": 662,
    "P800": 604,
    "P527": 469,
    "P361": 444,
    "P175": 330,
    "P577": 295,
    "P1344": 281,
}


@pytest.mark.parametrize("domain", CROSSRE)
def test_crossre_has_its_published_counts(hmtl_data, tmp_path, domain):
    for split, *counts in zip(("train", "dev", "test"), *CROSSRE[domain]):
        path = hmtl_data / "crossre" / f"{domain}-{split}.json"
        report = convert("crossre", path, tmp_path / "x.spacy", strict=True)
        entities, relations = report.labels["entities"], report.labels["relations"]
        assert [report.n_documents, report.n_tokens, entities.total(), relations.total()] == counts
        assert report.labels["mentions"] == entities  # flat, as published
        assert set(relations) <= set(CROSSRE_LABELS)
        assert set(report.log.n_noted()) <= {"relations that stand twice, kept"}


def test_redocred_has_its_published_counts(hmtl_data, tmp_path):
    report = convert("redocred", hmtl_data / "redocred" / "dev_revised.json", tmp_path / "x.spacy")
    assert (report.n_documents, report.n_sentences, report.n_tokens) == (500, 4110, 101970)
    assert report.labels["mentions"] == REDOCRED
    relations = report.labels["relations"]
    assert (relations.total(), len(relations)) == (17284, 95)
    assert {label: relations[label] for label in REDOCRED_RELATIONS} == REDOCRED_RELATIONS
    # Of 9,684 entities and 13,189 mentions: 35 mentions stand twice in their entity; the one
    # mention that two entities share was the only one of the second.
    assert report.labels["clusters"] == {"clusters": 9684 - 1, "mentions": 13189 - 36, "singletons": 7802}
    assert report.log.n_skipped() == {"cluster mention": 1}
    assert report.log.n_noted()["mentions that stand twice in their cluster, kept once"] == 35


def test_litbank_in_brat_has_its_published_counts(hmtl_data, tmp_path):
    report = convert("brat", hmtl_data / "litbank" / "coref" / "brat", tmp_path / "x.spacy")
    assert (report.n_documents, report.n_sentences, report.n_tokens) == (100, 8562, 210532)
    kinds = {"PROP": 0, "NOM": 0, "PRON": 0}
    for label, count in report.labels["mentions"].items():
        kinds[label.split("_")[0]] += count
    assert kinds == {"PROP": 3550, "NOM": 9737, "PRON": 15816}
    assert report.labels["clusters"] == {"clusters": 7927, "singletons": 5763, "mentions": 29103}
    # One of the 466 copula links of the README points to a span that the brat file does not have.
    assert report.labels["relations"] == {"cop": 465, "appos": 226}
    assert [fault.unit for fault in report.log.faults] == ["relation"]
    noted = report.log.n_noted()
    assert noted["spans that stand twice with the same label, kept once"] == 1
    assert noted["crossing mentions of different clusters, kept"] == 3
