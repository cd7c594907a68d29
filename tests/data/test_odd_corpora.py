"""Tables, tool exports and folders as people have them: columns that moved, ids that stand twice, files in between."""

import json
from collections import Counter

import pytest
from data.readings import faults, lines, texts

from spacy_hmtl.data.convert import convert
from spacy_hmtl.data.faults import ConversionError
from spacy_hmtl.data.statistics import check_files

PLAIN = "Mira left Oslo."
PERSON = "de.tudarmstadt.ukp.dkpro.core.api.ner.type.NamedEntity"


def conllu(*cells, head="# global.Entity = GRP-etype\n"):
    """A CoNLL-U document of one sentence; a cell is a word, or a word and what its last column holds."""
    rows = [cell.split() for cell in cells]
    numbered = ("\t".join([str(i), row[0], *"_______", *(row[1:] or "_")]) for i, row in enumerate(rows, start=1))
    return f"# newdoc id = d\n{head}" + "".join(f"{row}\n" for row in numbered) + "\n"


def conll(*rows):
    """A CoNLL-2012 document of one sentence; a row is word, part of speech, name and cluster."""
    cells = (f"a 0 {i} {word} {pos} * - - - - {name} {cluster}\n" for i, (word, pos, name, cluster) in enumerate(rows))
    return "#begin document (a); part 000\n" + "".join(cells) + "\n#end document\n"


GOOD = [("Mira", "NNP", "(PER)", "(1)"), ("left", "VBD", "*", "-"), ("Oslo", "NNP", "(LOC)", "-")]


def test_brackets_of_gum_before_2021_have_their_type_first(read):
    text = conllu("Mira Entity=(person-1", "Lund Entity=person-1)", "left", "Oslo Entity=(place-2)", head="")
    (document,), log = read("gum", text)
    assert document.layers.mentions == [(0, 2, "person", 1.0), (3, 4, "place", 1.0)]
    assert log.n_noted().total() == 1


def test_a_treebank_with_its_mentions_in_another_place_is_no_empty_gold(tmp_path, read):
    path = tmp_path / "a.conllu"
    path.write_text(conllu("Mira entity=(1-person)", "left"))
    with pytest.raises(ConversionError, match=r"\[H174\].*Entity= in another column or spelling"):
        convert("gum", path, tmp_path / "out.spacy")
    (document,), log = read("gum", conllu("Mira", "left"))
    assert document.layers.clusters == []
    assert "documents that declare # global.Entity and have no Entity=" in next(iter(log.n_noted()))


def test_an_empty_column_behind_the_coreference_is_no_coreference(read):
    text = "".join(
        line.replace(" ", "\t") + "\t\n" if line[:1] == "a" else line + "\n" for line in conll(*GOOD).splitlines()
    )
    (document,), _ = read("conll2012", text)
    assert texts(document)["clusters"] == [["Mira"]]


@pytest.mark.parametrize("word", ["-", "12", "x"])
def test_a_column_that_holds_no_words_is_refused_with_its_line(read, word):
    found, log = read("conll2012", conll(*((word, *row[1:]) for row in GOOD)))
    assert not found
    assert [(fault.place.line, fault.unit) for fault in log.faults] == [(2, "document")]
    assert "expected tokens in column 4" in log.faults[0].what


def test_a_column_of_names_in_other_spelling_is_said_not_to_be_read(read):
    (document,), log = read(
        "conll2012", conll(*((*row[:2], tag, row[3]) for row, tag in zip(GOOD, ("B-PER", "O", "B-LOC"))))
    )
    assert document.layers.entities is None
    assert "documents whose column 11 is none of names such as (PERSON* or *, not read" in log.n_noted()


def test_gap_rows_without_ids_or_with_odd_digits(read):
    header = "ID\tText\tPronoun\tPronoun-offset\tA\tA-offset\tA-coref\tB\tB-offset\tB-coref\n"
    row = "{}\tAnn met Eve. She left.\tShe\t{}\tAnn\t0\tTRUE\tEve\t8\tFALSE\n"
    found, log = read("gap", header + row.format("", 13) + row.format("x", "1\u00b3") + row.format("", 13))
    assert [document.name for document in found] == ["corpus-1", "corpus-3"]
    assert [(fault.place.line, fault.what) for fault in log.faults] == [
        (3, "expected a number in the column Pronoun-offset, found '1\u00b3'")
    ]


TITLE = "1|t|Ironin stops the ache.\n1|a|Ann took it.\n"


def test_pubtator_documents_of_one_id_stay_two(read):
    found, _ = read("pubtator", (TITLE + "1\t0\t6\tIronin\tChemical\tC1\n\n") * 2)
    assert [texts(document)["names"] for document in found] == [[("Ironin", "Chemical")]] * 2


def test_pubtator_rows_without_tabs_are_no_empty_gold(read):
    (document,), log = read("pubtator", TITLE + "1 0 6 Ironin Chemical C1\n")
    assert document.layers.counts() == {}
    assert [fault.place.line for fault in log.faults] == [3]


FACTS = {
    "inclusive": ("She leads Rombus Bank.", [10, 20, "CEO", 0, 2]),
    "from 1": ("She leads Rombus Bank.", [11, 21, "CEO", 1, 3]),
    "UTF-16 units": ("\U0001f600 She leads Rombus Bank.", [13, 24, "CEO", 3, 6]),
    "bytes": ("\u00c9\u00c9 She leads Rombus Bank.", [15, 26, "CEO", 5, 8]),
}


@pytest.mark.parametrize("kind", FACTS)
def test_facts_prove_what_their_offsets_count(read, kind):
    text, fact = FACTS[kind]
    (document,), log = read("knowledgenet", lines({"doc": 1, "start": 0, "text": text, "facts": [fact]}))
    assert texts(document)["relations"] == [("Rombus Bank", "CEO", "She")]
    assert list(log.n_noted().values()) == [2]


def test_a_published_fact_whose_text_stands_elsewhere_is_a_fault(read):
    fact = {"propertyName": "CEO", "subjectStart": 10, "subjectEnd": 21, "objectStart": 0, "objectEnd": 3}
    passage = {
        "passageText": "She leads Rombus Bank.",
        "passageStart": 0,
        "facts": [fact | {"subjectText": "Rombus Bank", "objectText": "He"}],
    }
    (document,), log = read("knowledgenet", lines({"documentId": 1, "passages": [passage]}))
    assert document.layers.counts() == {}
    assert "are 'She', but objectText is 'He'" in log.faults[0].what


def test_our_own_lines_are_held_to_the_texts_they_give(read):
    names = [
        {"start": 0, "end": 4, "label": "PER", "text": "Mira"},
        {"start": 5, "end": 9, "label": "X", "text": "Oslo"},
    ]
    record = {"text": "Mira left", "tokens": [[0, 4], [5, 9]], "ents": names}
    (document,), log = read("jsonl", lines(record))
    assert texts(document)["names"] == [("Mira", "PER")]
    assert 'are "left", but the file says "Oslo"' in log.faults[0].what


def test_one_number_in_two_places_is_not_one_annotation(read):
    head = f"#FORMAT=WebAnno TSV 3.3\n#T_SP={PERSON}|value\n\n\n"
    rows = "1-1\t0-4\tMira\tPER[1]\n1-2\t5-9\tLund\tPER[1]\n1-3\t10-14\tleft\t_\n1-4\t15-19\tOslo\tLOC\n\n"
    again = "2-1\t20-23\tShe\t_\n2-2\t24-28\tMira\tPER[1]\n"
    (document,), log = read("webanno", head + rows + again, name="a.tsv")
    assert texts(document)["names"] == [("Oslo", "LOC")]
    assert [fault.what for fault in log.faults] == [
        "the annotation [1] is in pieces: its rows 1-2 and 2-2 do not follow each other"
    ]


def test_tokens_of_a_cas_that_leave_out_some_of_the_text_are_not_taken(read):
    token = {"%ID": 3, "%TYPE": "de.tudarmstadt.ukp.dkpro.core.api.segmentation.type.Token", "begin": 0, "end": 4}
    name = {"%ID": 2, "%TYPE": PERSON, "begin": 10, "end": 14, "value": "LOC"}
    text = {"%ID": 1, "%TYPE": "uima.cas.Sofa", "sofaString": PLAIN}
    (document,), log = read("cas", json.dumps({"%FEATURE_STRUCTURES": [text, name, token]}), name="a.json")
    assert (document.words, texts(document)["names"]) == (["Mira", "left", "Oslo", "."], [("Oslo", "LOC")])
    assert log.n_noted().total() == 1


def test_a_folder_says_what_it_leaves_out(tmp_path):
    record = lines({"text": PLAIN, "label": [[0, 4, "PER"]]})
    files = {
        "a.jsonl": record,
        "B.JSONL": record,
        "empty.jsonl": " \n",
        "notes.txt": "x",
        ".ipynb_checkpoints/a.jsonl": record,
    }
    for name, text in files.items():
        (tmp_path / "in" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "in" / name).write_text(text)
    report = convert("doccano", tmp_path / "in", tmp_path / "out.spacy")
    assert report.n_documents == 2
    assert report.log.n_noted() == Counter(
        {
            "files without anything in them, left out": 1,
            "hidden files (.ipynb_checkpoints, ._name and the like), left out": 1,
            "files that are not named *.json*, left out": 1,
        }
    )


def test_ids_that_stand_twice_are_said_in_a_file_across_files_and_in_corpora(tmp_path):
    records = [{"id": id, "text": f"{PLAIN} {n}", "entities": [[0, 4, "PER"]]} for n, id in enumerate(["x", "y", "x"])]
    for name, part in (("a.jsonl", records), ("b.jsonl", records[1:2])):
        (tmp_path / name).write_text(lines(*part))
    report = convert("spans", [tmp_path / "a.jsonl", tmp_path / "b.jsonl"], tmp_path / "ab.spacy")
    assert report.log.n_noted() == {
        "documents with the id of an earlier one of their file, kept": 1,
        "documents with the id of one in an earlier file, kept": 1,
    }
    convert("spans", tmp_path / "b.jsonl", tmp_path / "b.spacy")
    checked = check_files([tmp_path / "ab.spacy", tmp_path / "b.spacy"])
    assert checked["files"][0]["repeated_ids"] == {"documents": 2, "ids": 2, "examples": ["x", "y"]}
    assert [(pair["ids"], pair["id_examples"]) for pair in checked["overlap"]] == [(1, ["y"])]


def test_faults_of_a_bad_token_name_the_offsets_of_the_file(read):
    _, log = read("coref-json", lines({"doc_key": "a", "sentences": [["Ann", "ran"]], "clusters": [[[0, 0], [0, 9]]]}))
    assert faults(log) == [("cluster mention", "the span [0, 9] is empty, reversed or ends after the last of 2 tokens")]
