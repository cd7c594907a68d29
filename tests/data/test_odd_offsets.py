"""Token offsets as people have them: from 1, with other ends, in the sentence; proved, or refused with the remedy."""

import pytest
from data.readings import faults, lines, texts

from spacy_hmtl.data.faults import ConversionError

SENTENCES = [["Mira", "left", "Oslo", "."], ["She", "waved", "."]]
WORDS = [word for sentence in SENTENCES for word in sentence]
LONG = ["Mira", "van", "Lund", "left", "Oslo", "."]
NAMES = [("Mira", "PER"), ("Oslo", "LOC"), ("She", "PER")]


def dygie(*ner, **fields):
    return {"doc_key": "a", "sentences": SENTENCES, "ner": [list(rows) for rows in ner], **fields}


DYGIE = {
    "inclusive": dygie(
        [[0, 0, "PER"], [2, 2, "LOC"]],
        [[4, 4, "PER"]],
        relations=[[[0, 0, 2, 2, "IN"]], []],
        clusters=[[[0, 0], [4, 4]]],
    ),
    "exclusive": dygie(
        [[0, 1, "PER"], [2, 3, "LOC"]],
        [[4, 5, "PER"]],
        relations=[[[0, 1, 2, 3, "IN"]], []],
        clusters=[[[0, 1], [4, 5]]],
    ),
    "in the sentence": dygie(
        [[0, 0, "PER"], [2, 2, "LOC"]],
        [[0, 0, "PER"]],
        relations=[[[0, 0, 2, 2, "IN"]], []],
        clusters=[[[0, 0], [4, 4]]],
    ),
    "exclusive in the sentence": dygie(
        [[0, 1, "PER"], [2, 3, "LOC"]],
        [[0, 1, "PER"]],
        relations=[[[0, 1, 2, 3, "IN"]], []],
        clusters=[[[0, 1], [4, 5]]],
    ),
    "from 1": dygie(
        [[1, 1, "PER"], [3, 3, "LOC"]],
        [[5, 5, "PER"], [7, 7, "X"]],
        relations=[[[1, 1, 3, 3, "IN"]], []],
        clusters=[[[1, 1], [5, 5]]],
    ),
}


@pytest.mark.parametrize("kind", DYGIE)
def test_dygie_proves_what_its_offsets_count(read, kind):
    (document,), log = read("dygie", lines(DYGIE[kind]))
    found = texts(document)
    assert found["names"][:3] == NAMES
    assert (found["relations"], found["clusters"]) == ([("Mira", "IN", "Oslo")], [["Mira", "She"]])
    assert bool(log.n_noted()) == (kind != "inclusive")
    assert not log.faults


def test_dygie_takes_what_is_said_where_nothing_is_proved(read):
    open_record = dygie([[0, 1, "PER"]], [[4, 5, "PER"]])
    open_record["sentences"] = [["Ann", "Lee", "left", "."], ["Bo", "Lee", "waved", "."]]
    (usual,), _ = read("dygie", lines(open_record))
    (said,), _ = read("dygie", lines(open_record), ends="exclusive")
    assert [texts(document)["names"] for document in (usual, said)] == [
        [("Ann Lee", "PER"), ("Bo Lee", "PER")],
        [("Ann", "PER"), ("Bo", "PER")],
    ]
    (moved,), _ = read("dygie", lines(dygie([], [[0, 0, "PER"]])), offsets="document")
    assert texts(moved)["names"] == [("Mira", "PER")]


def test_dygie_that_contradicts_itself_is_refused_with_the_remedy(read):
    with pytest.raises(ConversionError, match=r"\[H701\].*--offsets document or --offsets sentence"):
        read("dygie", lines(dygie([], [[0, 0, "PER"], [5, 5, "X"]])))
    with pytest.raises(ConversionError, match=r"\[H171\].*--ends inclusive or --ends exclusive"):
        read("dygie", lines(dygie([[0, 0, "PER"]], [[4, 7, "PER"]])))
    with pytest.raises(ConversionError, match=r"\[H700\].*Subtract 1"):
        read("dygie", lines(*[dygie([[1, 1, "PER"], [3, 3, "LOC"]], [[5, 5, "PER"]])] * 2))
    for option in ({"ends": "open"}, {"offsets": "text"}):
        with pytest.raises(ConversionError, match=r"\[H130\]"):
            read("dygie", lines(DYGIE["inclusive"]), **option)


def test_crossre_proves_its_ends(read):
    record = {
        "sentence": LONG,
        "ner": [[0, 3, "PER"], [4, 5, "LOC"], [5, 6, "X"]],
        "relations": [[0, 3, 4, 5, "in", "so"]],
    }
    (document,), log = read("crossre", lines(record))
    assert texts(document)["relations"] == [("Mira van Lund", "in", "Oslo")]
    assert document.meta["remarks"] == [[0, 2, 4, 4, "in", "so"]]
    assert list(log.n_noted()) == ["documents whose ends are exclusive, converted"]


def e2e(clusters, **fields):
    return {"doc_key": "a", "sentences": SENTENCES, "clusters": clusters, **fields}


def preco(clusters):
    return {"id": "b", "sentences": SENTENCES, "mention_clusters": clusters}


COREFERENCE = {
    "from 1": [e2e([[[1, 1], [5, 5]], [[7, 7]]])],
    "sentences from 1": [preco([[[1, 0, 1], [2, 0, 1]]])],
    "two layouts in a file": [e2e([[[0, 0], [4, 4]]]), preco([[[0, 0, 1], [1, 0, 1]]])],
    "parts as strings": [
        {"document_id": "n", "part_id": "1", "cased_words": WORDS, "span_clusters": [[[0, 1], [4, 5]]]}
    ],
}


@pytest.mark.parametrize("kind", COREFERENCE)
def test_coreference_json_proves_what_its_offsets_count(read, kind):
    found, log = read("coref-json", lines(*COREFERENCE[kind]))
    assert {tuple(texts(document)["clusters"][0]) for document in found} == {("Mira", "She")}
    assert not log.faults
    assert kind != "parts as strings" or found[0].name == "n_1"


def test_names_beside_clusters_have_their_own_ends_and_sentences(read):
    clusters = [[[0, 0], [4, 4]]]
    relative = e2e(clusters, ner=[[[0, 0, "PER"], [2, 2, "LOC"]], [[0, 0, "PER"]]])
    (document,), log = read("coref-json", lines(relative))
    assert texts(document)["names"] == NAMES
    assert list(log.n_noted()) == ["documents whose offsets count tokens in the sentence, converted"]
    (document,), _ = read("coref-json", lines(e2e(clusters, ner=[[0, 1, "PER"], [2, 3, "LOC"], [4, 7, "X"]])))
    assert texts(document)["names"] == [("Mira", "PER"), ("Oslo", "LOC"), ("She waved .", "X")]


def test_pronouns_show_that_tokens_count_from_one(read):
    records = [e2e([[[1, 1], [5, 5]]])] * 2
    with pytest.raises(ConversionError, match=r"\[H700\].*2 of 4 would be a pronoun"):
        read("coref-json", lines(*records))
    (document, _), _ = read("coref-json", lines(*records), ends="inclusive")
    assert texts(document)["clusters"] == [["left", "waved"]]


def spert(entities, relations=(), **fields):
    rows = [{"start": start, "end": end, "type": "X"} for start, end in entities]
    links = [{"head": head, "tail": tail, "type": "IN"} for head, tail in relations]
    return {"tokens": LONG, "entities": rows, "relations": links, **fields}


def test_token_json_proves_what_its_numbers_count(read):
    (document, last), log = read("spert", lines(spert([(1, 3)]), {"tokens": ["in", "Oslo"], "entities": [[2, 2, "X"]]}))
    assert [texts(d)["names"] for d in (document, last)] == [[("Mira van Lund", "X")], [("Oslo", "X")]]
    assert log.n_noted() == {"documents whose offsets count tokens from 1, converted": 2}
    (document,), log = read("spert", lines(spert([(0, 3), (4, 5)], [(1, 2)])))
    assert texts(document)["relations"] == [("Mira van Lund", "IN", "Oslo")]
    assert log.n_noted() == {"documents whose relations count entities from 1, converted": 1}


def test_token_json_with_many_spans_and_none_of_one_token_has_exclusive_ends(read):
    record = {"tokenized_text": LONG, "ner": [[0, 1, "X"], [4, 5, "X"]]}
    few, _ = read("spert", lines(record))
    many, _ = read("spert", lines(*[record] * 5))
    assert texts(few[0])["names"] == [("Mira van", "X"), ("Oslo .", "X")]
    assert texts(many[0])["names"] == [("Mira", "X"), ("Oslo", "X")]


def test_a_span_whose_text_stands_elsewhere_is_a_fault(read):
    record = spert([])
    record["entities"] = [
        {"start": 0, "end": 3, "type": "X", "text": "mira van lund"},
        {"start": 3, "end": 4, "type": "X", "text": "Oslo"},
    ]
    (document,), log = read("spert", lines(record))
    assert texts(document)["names"] == [("Mira van Lund", "X")]
    assert faults(log) == [("mention", "the span [3, 4] is 'left' in the tokens, but the file says 'Oslo'")]


def test_an_empty_list_of_spans_does_not_hide_another(read):
    (document,), _ = read("spert", lines({"tokens": LONG, "entities": [], "ner": [[0, 2, "X"], [4, 4, "X"]]}))
    assert texts(document)["names"] == [("Mira van Lund", "X"), ("Oslo", "X")]


def docred(*mentions):
    rows = [
        {"name": name, "sent_id": sentence, "pos": [start, end], "type": "X"} for name, sentence, start, end in mentions
    ]
    return {"title": "t", "sents": SENTENCES, "vertexSet": [[row] for row in rows]}


DOCRED = {
    "usual": docred(("Mira", 0, 0, 1), ("Oslo", 0, 2, 3), ("She", 1, 0, 1)),
    "inclusive": docred(("Mira", 0, 0, 0), ("Oslo", 0, 2, 2), ("She", 1, 0, 0)),
    "sentences from 1": docred(("Mira", 1, 0, 1), ("Oslo", 1, 2, 3), ("She", 2, 0, 1)),
    "in the document": docred(("Mira", 0, 0, 1), ("Oslo", 0, 2, 3), ("She", 1, 4, 5)),
    "inclusive in the document": docred(("Mira", 0, 0, 0), ("Oslo", 0, 2, 2), ("She", 1, 4, 4)),
}


@pytest.mark.parametrize("kind", DOCRED)
def test_docred_proves_what_its_numbers_count(read, kind):
    (document,), log = read("redocred", lines(DOCRED[kind]))
    assert [name for name, _ in texts(document)["names"]] == ["Mira", "Oslo", "She"]
    assert log.n_noted().total() == (kind != "usual")
    assert not log.faults


def test_docred_counts_names_that_their_tokens_are_not(read):
    _, log = read("redocred", lines(docred(("Mira", 0, 1, 2), ("Oslo", 0, 2, 3), ("She", 1, 0, 1))))
    assert log.n_noted() == {"mentions whose `name` is not what their tokens say, kept": 1}
