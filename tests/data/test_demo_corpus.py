"""The embedded demo corpus keeps what its guidelines promise."""

import itertools
import re
from collections import Counter
from pathlib import Path

import pytest

from spacy_hmtl.annotations import TASKS
from spacy_hmtl.data.faults import FaultLog
from spacy_hmtl.data.formats import get_reader

DEMO = Path(__file__).parents[2] / "assets" / "demo"
KINDS = {"news", "company", "biography", "history", "fiction", "letter", "science", "travel", "sports", "culture"}
NAMES = {"PERSON", "ORG", "GPE", "LOC", "FAC", "NORP", "DATE", "MONEY", "WORK_OF_ART", "PRODUCT", "EVENT"}
MENTIONS = {"PER", "ORG", "GPE", "LOC", "FAC", "VEH", "WORK"}
RELATIONS = {
    "WORKS_FOR": ({"PER"}, {"ORG"}),
    "FOUNDED": ({"PER", "ORG"}, {"ORG"}),
    "FAMILY": ({"PER"}, {"PER"}),
    "LIVES_IN": ({"PER"}, {"GPE", "LOC"}),
    "LOCATED_IN": ({"FAC", "ORG", "GPE", "LOC"}, {"GPE", "LOC", "FAC"}),
    "AT": ({"PER", "VEH"}, {"GPE", "LOC", "FAC"}),
    "PART_OF": ({"ORG", "FAC"}, {"ORG", "FAC"}),
    "OWNS": ({"PER", "ORG"}, {"ORG", "FAC", "VEH", "WORK"}),
    "MADE": ({"PER", "ORG"}, {"WORK", "VEH", "FAC"}),
}
PRONOUNS = {"he", "him", "his", "she", "her", "hers", "it", "its", "they", "them", "their"}


@pytest.fixture(scope="module")
def read_corpus():
    """All documents, and the log of reading them."""
    read, log = get_reader("demo"), FaultLog()
    files = sorted((DEMO / "texts").glob("*.txt"))
    return [doc for path in files for doc in read(path, faults=log)], log


@pytest.fixture(scope="module")
def corpus(read_corpus):
    return read_corpus[0]


def sentences(doc):
    bounds = [*doc.sent_starts, len(doc.words)]
    return [" ".join(doc.words[start:end]) for start, end in itertools.pairwise(bounds)]


def ids(split):
    return (DEMO / "splits" / f"{split}.ids").read_text(encoding="utf-8").split()


def split_of(doc_id):
    return {5: "test", 2: "dev"}.get(int(doc_id.rpartition("-")[2]) % 8, "train")


def test_the_corpus_has_no_faults_and_nothing_to_note(read_corpus):
    _, log = read_corpus
    assert [str(fault) for fault in log.faults] == []
    assert log.notes == []


def test_every_file_holds_its_kind_of_text(corpus):
    assert {path.stem for path in (DEMO / "texts").glob("*.txt")} == KINDS
    for path in (DEMO / "texts").glob("*.txt"):
        assert set(re.findall(r"^#doc (\S+)-\d{3}$", path.read_text(encoding="utf-8"), re.MULTILINE)) == {path.stem}


def test_there_are_enough_documents_of_the_right_length(corpus):
    assert len(corpus) >= 150
    lengths = {doc.name: len(doc.sent_starts) for doc in corpus}
    assert {name: n for name, n in lengths.items() if not 4 <= n <= 12} == {}
    assert len({doc.name for doc in corpus}) == len(corpus)
    assert len({doc.meta["kind"] for doc in corpus}) >= 6


def test_labels_are_those_of_the_guidelines_and_all_are_used(corpus):
    assert {span.label for doc in corpus for span in doc.layers.entities} == NAMES
    assert {span.label for doc in corpus for span in doc.layers.mentions} == MENTIONS
    assert {triple.label for doc in corpus for triple in doc.layers.relations} == set(RELATIONS)


def test_every_document_has_all_four_layers(corpus):
    assert [(doc.name, task) for doc in corpus for task in TASKS if not doc.layers.of(task)] == []
    assert [doc.name for doc in corpus if all(len(cluster) == 1 for cluster in doc.layers.clusters)] == []


def test_relations_fit_the_table_of_the_guidelines(corpus):
    wrong = [
        (
            doc.name,
            triple.label,
            triple.head.label,
            triple.tail.label,
            " ".join(doc.words[triple.head.start : triple.head.end]),
        )
        for doc in corpus
        for triple in doc.layers.relations
        if triple.head.label not in RELATIONS[triple.label][0] or triple.tail.label not in RELATIONS[triple.label][1]
    ]
    assert wrong == []


def test_a_pair_of_entities_has_a_label_once_in_a_sentence(corpus):
    wrong = []
    for doc in corpus:
        entity = {mention[:2]: i for i, cluster in enumerate(doc.layers.clusters) for mention in cluster}
        counts = Counter(
            (sum(start <= triple.head.start for start in doc.sent_starts), *pair, triple.label)
            for triple in doc.layers.relations
            for pair in [(entity[triple.head[:2]], entity[triple.tail[:2]])]
        )
        wrong += [(doc.name, *key) for key, count in counts.items() if count > 1]
    assert wrong == []


def test_an_entity_has_one_type(corpus):
    wrong = []
    for doc in corpus:
        label = {mention[:2]: mention.label for mention in doc.layers.mentions}
        for cluster in doc.layers.clusters:
            if len({label[mention[:2]] for mention in cluster}) > 1:
                wrong.append((doc.name, [(" ".join(doc.words[a:b]), label[a, b]) for a, b, *_ in cluster]))
    assert wrong == []


def test_mentions_nest_and_pronouns_form_chains(corpus):
    def nests(doc):
        return any(
            a.start <= b.start and b.end <= a.end and a[:2] != b[:2]
            for a in doc.layers.mentions
            for b in doc.layers.mentions
        )

    def has_pronoun_chain(doc):
        chains = (
            [doc.words[m.start].lower() for m in cluster if m.end - m.start == 1] for cluster in doc.layers.clusters
        )
        return any(sum(word in PRONOUNS for word in chain) >= 2 for chain in chains)

    assert sum(map(nests, corpus)) > 0.9 * len(corpus)
    assert sum(map(has_pronoun_chain, corpus)) > 0.5 * len(corpus)


def test_no_sentence_occurs_twice(corpus):
    counts = Counter(sentence for doc in corpus for sentence in sentences(doc))
    assert [sentence for sentence, count in counts.items() if count > 1] == []


def test_splits_are_disjoint_complete_and_follow_the_rule(corpus):
    for split in ("train", "dev", "test"):
        expected = sorted(doc.name for doc in corpus if split_of(doc.name) == split)
        assert sorted(ids(split)) == expected
        assert {name.rpartition("-")[0] for name in expected} == KINDS


def test_the_test_documents_have_every_label_the_others_have_often(corpus):
    for split in ("dev", "test"):
        docs = [doc for doc in corpus if split_of(doc.name) == split]
        assert {triple.label for doc in docs for triple in doc.layers.relations} == set(RELATIONS)
        assert {span.label for doc in docs for span in doc.layers.mentions} == MENTIONS
