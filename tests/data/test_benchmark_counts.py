"""The converters against the published counts in the data's README, label by label."""

from collections import Counter

import pytest

from spacy_hmtl.data.convert import convert

LITBANK = {
    # split: documents, sentences, tokens, mentions by type, mentions of clusters, clusters, singletons
    "train": (
        80,
        6755,
        169456,
        {"PER": 7496, "FAC": 1771, "LOC": 939, "GPE": 706, "VEH": 173, "ORG": 101},
        23218,
        6344,
        4635,
    ),
    "dev": (10, 927, 20438, {"PER": 990, "FAC": 207, "LOC": 123, "GPE": 112, "VEH": 8, "ORG": 23}, 3053, 776, 563),
    "test": (10, 880, 20638, {"PER": 897, "FAC": 176, "LOC": 108, "GPE": 60, "VEH": 16, "ORG": 6}, 2832, 807, 565),
}
CONLL04 = {
    # split: sentences, tokens, names, relations, names that begin with I- (which the README leaves out)
    "train": (
        910,
        26804,
        {"Loc": 1203, "Peop": 1145, "Org": 595, "Other": 448},
        {"Live_In": 342, "Located_In": 245, "Work_For": 242, "OrgBased_In": 241, "Kill": 203},
        {"Loc": 1, "Org": 1},
    ),
    "dev": (
        243,
        6975,
        {"Loc": 337, "Peop": 225, "Org": 190, "Other": 125},
        {"Live_In": 79, "Located_In": 67, "Work_For": 83, "OrgBased_In": 106, "Kill": 18},
        {},
    ),
    "test": (
        288,
        8408,
        {"Loc": 427, "Peop": 321, "Org": 198, "Other": 133},
        {"Live_In": 100, "Located_In": 94, "Work_For": 76, "OrgBased_In": 105, "Kill": 47},
        {},
    ),
}
WNUT17 = {
    "wnut17train.conll": (3394, 62730, (660, 548, 264, 221, 142, 140)),
    "emerging.dev.conll": (1009, 15733, (470, 74, 39, 34, 114, 105)),
    "emerging.test.annotated": (1287, 23394, (429, 150, 165, 66, 127, 142)),
}
WNUT17_LABELS = ("person", "location", "group", "corporation", "product", "creative-work")


@pytest.mark.parametrize("split", LITBANK)
def test_litbank_has_its_published_counts(hmtl_data, tmp_path, split):
    folder = hmtl_data / "litbank"
    report = convert("litbank", folder, tmp_path / "x.spacy", ids=folder / "splits" / f"{split}.ids", strict=True)
    n_documents, n_sentences, n_tokens, mentions, n_mentions, n_clusters, n_singletons = LITBANK[split]
    assert (report.n_documents, report.n_sentences, report.n_tokens) == (n_documents, n_sentences, n_tokens)
    assert report.labels["mentions"] == mentions
    assert report.labels["clusters"] == {"clusters": n_clusters, "singletons": n_singletons, "mentions": n_mentions}
    assert set(report.annotated) == {"mentions", "clusters"}


def test_litbank_has_three_pairs_of_crossing_mentions(hmtl_data, tmp_path):
    report = convert("litbank", hmtl_data / "litbank", tmp_path / "x.spacy")
    crossing = [note.place.document for note in report.log.notes if "crossing" in note.kind]
    assert sorted(crossing) == ["2891_howards_end_brat", *["8867_the_magnificent_ambersons_brat"] * 2]


@pytest.mark.parametrize("split", CONLL04)
def test_conll04_has_its_published_counts(hmtl_data, tmp_path, split):
    report = convert("conll04", hmtl_data / "conll04" / f"{split}.txt", tmp_path / "x.spacy", strict=True)
    n_sentences, n_tokens, names, relations, begin_with_i = CONLL04[split]
    assert (report.n_documents, report.n_sentences, report.n_tokens) == (n_sentences, n_sentences, n_tokens)
    assert report.labels["relations"] == relations
    assert report.labels["mentions"] == report.labels["entities"] == Counter(names) + Counter(begin_with_i)
    kept = {note.kind.split()[0]: 1 for note in report.log.notes}
    assert kept == begin_with_i
    assert len(report.log.notes) == len(begin_with_i)


@pytest.mark.parametrize("file", WNUT17)
def test_wnut17_has_its_published_counts(hmtl_data, tmp_path, file):
    report = convert("iob", hmtl_data / "wnut17" / file, tmp_path / "x.spacy", strict=True)
    n_sentences, n_tokens, counts = WNUT17[file]
    assert (report.n_documents, report.n_sentences, report.n_tokens) == (n_sentences, n_sentences, n_tokens)
    assert report.labels["entities"] == dict(zip(WNUT17_LABELS, counts))
    assert not report.log.notes
