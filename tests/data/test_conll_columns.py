"""Tables of CoNLL that have other columns than those of 2012."""

import pytest
from data.conll_rows import ROWS, table

from spacy_hmtl.annotations.layers import extents
from spacy_hmtl.data.faults import FaultLog
from spacy_hmtl.data.formats import get_reader


def block(*rows, name="(zoo/a); part 000"):
    """The text of a document in other columns; None ends a sentence."""
    return (
        f"#begin document {name}\n" + "".join("\n" if row is None else row + "\n" for row in rows) + "#end document\n"
    )


@pytest.mark.parametrize(
    "rows",
    [
        ("0\tMira\t(0)", "1\twaved\t-", None, "0\tShe\t(0)"),
        ("1 Mira (0)", "2 waved _", None, "1 She (0)"),
        ("1\tMira\t(0)", "2\twaved\t", None, "3\tShe\t(0)"),  # counts through the document
        ("1\tMira\tPROPN\t(0)", "2\twaved\tVERB\t-", None, "1\tShe\tPRON\t(0)"),
        ("zoo/a\t1\tMira\t(0)", "zoo/a\t2\twaved\t-", None, "zoo/a\t1\tShe\t(0)"),
        ("zoo/a 0 1 Mira (0)", "zoo/a 0 2 waved -", None, "zoo/a 0 1 She (0)"),
        ("# text = Mira waved", "1\tMira\tMira\tPROPN\t(0)", "1-2\tx\t_\t_\t-", "2\twaved\twave\tVERB\t-", None)
        + ("# sent_id = 2", "1\tShe\tshe\tPRON\t(0)"),
        ("Mira\t(0)", "waved\t-", None, "She\t(0)"),
        # twelve columns and more, in which the fourth is the lemma or the part of speech
        ("a 1 Mira mira PROPN _ _ _ _ _ _ (0)", "a 2 waved wave VERB _ _ _ _ _ _ -", None)
        + ("a 1 She she PRON _ _ _ _ _ _ (0)",),
        ("1 Mira Mira PROPN _ _ 2 nsubj _ _ (PER) (PER) (0)", "2 waved wave VERB _ _ 0 root _ _ _ _ -", None)
        + ("1 She she PRON _ _ 0 root _ _ _ _ (0)",),
    ],
)
def test_tables_of_other_columns_are_read_by_their_token_numbers(read, rows):
    docs, log = read("conll2012", block(*rows) + block(*rows, name="(zoo/b)"), strict=True)
    for doc in docs:
        assert (doc.words, doc.sent_starts, extents(doc.layers.clusters)) == (
            ["Mira", "waved", "She"],
            [0, 2],
            [[(0, 1), (2, 3)]],
        )
        assert (doc.layers.entities, "speakers" in doc.meta) == (None, False)
    assert len(docs) == 2
    assert log.n_noted().total() == 2


@pytest.mark.parametrize(
    ("rows", "what"),
    [
        (
            ("a 0 0 NNP (0)", "a 0 1 VBD -", "a 0 2 . -"),
            "expected tokens in column 4, found parts of speech such as 'NNP'",
        ),
        (("NNP Mira (0)", "VBD waved -"), "found no column of token numbers"),
        (("0 Mira PER", "1 waved O"), "expected coreference in the last column, such as (3, 3) or -, found 'PER'"),
        (("0 Mira (0)", "1 waved"), "expected 3 columns as in the first row of the sentence, found 2"),
        (("0 Mira (0)", None, "0 x She (0)"), "expected 3 columns, found 4"),
    ],
)
def test_a_table_whose_columns_cannot_be_told_is_a_fault(read, rows, what):
    docs, log = read("conll2012", block(*rows))
    assert not docs
    assert [(fault.unit, what in fault.what) for fault in log.faults] == [("document", True)]
    assert log.faults[0].place.line > 1


def test_token_numbers_that_do_not_count_up_are_noted(read):
    rows = [line for line in table(ROWS[:6]).split("\n") if "dog" not in line]
    docs, log = read("conll2012", "\n".join(rows).replace("0)", "").replace("(0|", "") + table(ROWS, part="001"))
    assert "token numbers that do not count up, kept" in log.n_noted()
    assert len(docs[0].words) == 5


def test_ontogum_without_sentences_is_read_and_says_so(read):
    rows = [f"{i}\tw{i}\t{'(1)' if i in (3, 250) else '_'}" for i in range(1, 300)]
    docs, log = read("conll2012", "# begin document \n" + "\n".join(rows) + "\n# end document\n", strict=True)
    assert (docs[0].name, docs[0].sent_starts, extents(docs[0].layers.clusters)) == (
        "corpus",
        None,
        [[(2, 3), (249, 250)]],
    )
    assert any(kind.startswith("documents without sentence ends") for kind in log.n_noted())


def test_a_column_of_names_that_holds_none_is_not_annotated(read):
    text = table([("He", "-", "PRP", "(1)"), ("ran", "-", "VBD", "-"), ("home", "-", "NN", "-"), None])
    assert read("conll2012", text)[0][0].layers.entities is None


def test_ontogum_in_this_format_has_the_clusters_of_its_conllu(hmtl_data):
    name = "GUM_bio_byron"
    folder = hmtl_data / "ontogum" / "coref" / "ontogum"
    log = FaultLog()
    table = next(get_reader("conll2012")(folder / "conll" / f"{name}.conll", faults=log))
    tree = next(get_reader("gum")(folder / "conllu" / f"{name}.conllu", faults=log))
    assert (table.words, table.layers.clusters) == (tree.words, tree.layers.clusters)
    assert not log.faults
