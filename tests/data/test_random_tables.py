"""Random annotation, written as other programs write each format and read back: tables and plain brat.

The other formats have such a test beside their own tests.
"""

import pytest
from data.random_documents import PLAIN_WORDS, as_on_doc, documents
from hypothesis import given, settings

from spacy_hmtl.annotations.layers import extents
from spacy_hmtl.data.faults import FaultLog
from spacy_hmtl.data.formats import get_reader
from spacy_hmtl.types import LabeledSpan


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("random")


def read_one(format, path, **options):
    """The one document of a path, which must have no fault."""
    (doc,) = get_reader(format)(path, faults=FaultLog(strict=True), **options)
    return as_on_doc(doc)


def write(path, *rows):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f"{row}\n" for row in rows), encoding="utf-8", newline="\n")
    return path


def tags(spans, n_tokens):
    """BIO tags of spans that do not overlap."""
    found = ["O"] * n_tokens
    for start, end, label, _ in spans:
        found[start:end] = [f"B-{label}", *[f"I-{label}"] * (end - start - 1)]
    return found


def columns(spans):
    """Spans dealt out to columns in each of which none overlap."""
    dealt: list[list[LabeledSpan]] = [[]]
    for span in spans:
        free = next((c for c in dealt if all(span.end <= o.start or o.end <= span.start for o in c)), None)
        dealt.append([span]) if free is None else free.append(span)
    return dealt


def brackets(clusters, token):
    """What CoNLL-2012 writes at a token: what ends and began before, longer last; then what begins, longer first."""
    mentions = [(start, end, number) for number, cluster in enumerate(clusters) for start, end in cluster]
    ends = [f"{n})" for start, end, n in sorted(mentions, key=lambda m: -m[0]) if end == token + 1 and start < token]
    begins = [
        f"({n}" + ")" * (end == token + 1) for start, end, n in sorted(mentions, key=lambda m: -m[1]) if start == token
    ]
    return "|".join(ends + begins)


def without_hash(document):
    """Whether no token begins a line like a header or a comment does."""
    return not any(word.startswith(("#", "-DOCSTART-")) for word in document.words)


@settings(max_examples=40, deadline=None)
@given(document=documents(PLAIN_WORDS, flat=True).filter(without_hash))
def test_iob(folder, document):
    document = as_on_doc(document)
    path = write(
        folder / "x.tsv", *map("\t".join, zip(document.words, tags(document.layers.entities, len(document.words))))
    )
    found = read_one("iob", path)
    assert (found.words, found.layers.entities) == (document.words, document.layers.entities)


@settings(max_examples=40, deadline=None)
@given(document=documents(PLAIN_WORDS, flat=True))
def test_conll04(folder, document):
    document = as_on_doc(document)
    rows = zip(document.words, tags(document.layers.mentions, len(document.words)))
    lines = ["#doc 1"]
    for i, (word, tag) in enumerate(rows):
        relations = [triple for triple in document.layers.relations if triple.head.end == i + 1]
        labels = [triple.label for triple in relations] or ["N"]
        tails = [triple.tail.end - 1 for triple in relations] or [i]
        # A label "N" is none in this format.
        labels = [f"{label}x" if relations and label == "N" else label for label in labels]
        lines.append(f"{i}\t{word}\t{tag}\t{labels}\t{tails}")
    found = read_one("conll04", write(folder / "x.txt", *lines))
    assert (found.words, found.layers.mentions, found.layers.entities) == (
        document.words,
        document.layers.mentions,
        document.layers.entities,
    )
    renamed = [t._replace(label="Nx") if t.label == "N" else t for t in document.layers.relations]
    assert sorted(found.layers.relations) == sorted(renamed)


@settings(max_examples=40, deadline=None)
@given(document=documents(PLAIN_WORDS, repeated=False).filter(without_hash))
def test_litbank(folder, document):
    document = as_on_doc(document)
    n_tokens, mentions, clusters = (
        len(document.words),
        document.layers.mentions or [],
        extents(document.layers.clusters),
    )
    levels = [tags(spans, n_tokens) for spans in columns(mentions)]
    write(folder / "lb/entities/tsv/d.tsv", *("\t".join(row) + "\t" for row in zip(document.words, *levels)))
    rows = [
        "\t".join(["d", "0", "0", word, *["_"] * 8, brackets(clusters, i)]) for i, word in enumerate(document.words)
    ]
    write(folder / "lb/coref/conll/d.conll", "#begin document (d); part 0", *rows, "", "#end document")
    found = read_one("litbank", folder / "lb")
    assert (found.words, sorted(found.layers.mentions), extents(found.layers.clusters)) == (
        document.words,
        sorted(mentions),
        clusters,
    )


@settings(max_examples=40, deadline=None)
@given(document=documents(PLAIN_WORDS, repeated=False))
def test_brat_written_by_other_programs(folder, document):
    document = as_on_doc(document)
    starts = [sum(len(word) + 1 for word in document.words[:i]) for i in range(len(document.words) + 1)]
    mentions = document.layers.mentions or []
    clusters = [cluster for cluster in extents(document.layers.clusters) if len(cluster) > 1]
    extra = [(start, end, "X", 1.0) for cluster in clusters for start, end in cluster]
    number: dict[tuple[object, ...], str] = {}
    lines = []
    for span in [*mentions, *extra]:
        if tuple(span[:3]) not in number:
            number[tuple(span[:3])] = f"T{len(number) + 1}"
            start, end = starts[span[0]], starts[span[1]] - 1
            text = " ".join(document.words[span[0] : span[1]])
            lines.append(f"{number[tuple(span[:3])]}\t{span[2]} {start} {end}\t{text}")
    known = {tuple(span[:3]) for span in mentions}
    relations = [t for t in document.layers.relations or [] if {tuple(t.head[:3]), tuple(t.tail[:3])} <= known]
    relations = list(dict.fromkeys(t for t in relations if not t.label.lower().startswith(("cor", "ide", "equ"))))
    for i, triple in enumerate(relations):
        ends = number[tuple(triple.head[:3])], number[tuple(triple.tail[:3])]
        lines.append(f"R{i + 1}\t{triple.label} Arg1:{ends[0]} Arg2:{ends[1]}\t")
    lines += ["*\tEquiv " + " ".join(number[(*mention, "X")] for mention in cluster) for cluster in clusters]
    write(folder / "b.txt", " ".join(document.words))
    found = read_one("brat", write(folder / "b.ann", *lines), names=False, tokenizer="whitespace")
    assert found.words == document.words
    if not lines:  # nobody has looked at it
        assert found.layers.mentions is None
        return
    assert {tuple(m[:3]) for m in found.layers.mentions} == set(number)
    assert extents(found.layers.clusters) == clusters
    assert sorted(found.layers.relations or []) == sorted(relations)
