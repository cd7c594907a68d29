"""Events, roles and spans in pieces, as brat has them."""

import pytest
from data.brat_files import ANN, TEXT, spans, triples

from spacy_hmtl.annotations.layers import make_clusters
from spacy_hmtl.data.faults import ConversionError


def test_roles_have_any_name_and_further_columns_are_ignored(brat):
    roles = "R2\tPraises Agent:T1 Theme:T2\nR3\tlikes Arg2:T2 Arg1:T4\t\nR4\tmoves_to  From:T3\tTo:T2 \n"
    docs, _ = brat(ANN.replace("Ann Lee\n", "Ann Lee\tann lee\t7\n") + roles, strict=True)
    ann, york, she, bo = (0, 2), (3, 5), (6, 7), (8, 9)
    assert triples(docs[0]) == [
        (ann, "left", york), (ann, "Praises", york), (bo, "likes", york), (she, "moves_to", york)
    ]  # fmt: skip
    assert len(docs[0].layers.mentions) == 5


EVENTS = (
    "T6\tLeave 8 12\tleft\nT7\tMeet 27 30\tmet\nE1\tLeave:T6 Who:T1 Place:T2\nE2\tMeet:T7 Who:T3 Whom2:T4 After:E1 \n"
    "R2\tBefore Arg1:E1 Arg2:E2\n*\tEquiv E1 T7\n"
)


def test_events_stand_for_their_triggers(brat):
    docs, log = brat(ANN + EVENTS)
    left, met = (2, 3), (7, 8)
    assert triples(docs[0]) == [((0, 2), "left", (3, 5)), (left, "Before", met)]
    assert docs[0].layers.clusters == make_clusters([[(0, 2), (6, 7)], [left, met]])
    # A trigger is no name.
    assert [span.label for span in docs[0].layers.entities] == ["PER", "LOC", "PER", "PER"]
    assert {"Leave", "Meet"} < {span.label for span in docs[0].layers.mentions}
    assert not log.faults


def test_arguments_of_events_become_relations(brat):
    docs, log = brat(EVENTS.replace("R2", "R9") + ANN.split("R1")[0], event_arguments=True, strict=True)
    left, met = (2, 3), (7, 8)
    assert sorted(triples(docs[0])) == sorted(
        [
            (left, "Who", (0, 2)),
            (left, "Place", (3, 5)),
            (met, "Who", (6, 7)),
            (met, "Whom", (8, 9)),
            (met, "After", left),
            (left, "Before", met),
        ]
    )
    assert not any("event" in kind for kind in log.n_noted())
    docs, _ = brat(
        files={"a": (ANN.split("R1")[0] + EVENTS.split("R2")[0], TEXT), "doc": ("", TEXT)}, event_arguments=True
    )
    assert [len(doc.layers.relations) for doc in docs] == [5, 0]


def test_events_of_one_trigger_cannot_be_related(brat):
    docs, log = brat(ANN + EVENTS + "E3\tLeave:T6\nR3\tBefore Arg1:E1 Arg2:E3\nR4\tBefore Arg1:E8 Arg2:E9\n")
    assert [fault.unit for fault in log.faults] == ["relation", "relation"]
    assert "E1 and E3, stand for the span T6" in log.faults[0].what
    assert "the argument E8, but no span" in log.faults[1].what
    assert len(docs[0].layers.relations) == 2


PIECES = "T1\tDIS 0 4;11 17\tlung damage\nT2\tDIS 0 4;24 31\tlung failure\nR1\tx Arg1:T1 Arg2:T2\n"


def test_pieces_of_a_span_are_taken_as_asked(brat):
    text = "lung or x damage of renal failure".replace("of", "or ")
    rows = PIECES.replace("11 17", "10 16").replace("24 31", "27 34")
    docs, log = brat(rows, text)
    assert log.n_skipped() == {"mention": 2, "relation": 1}
    assert "--discontinuous hull" in log.faults[0].remedy
    docs, log = brat(rows, text, discontinuous="hull", strict=True)
    assert spans(docs[0].layers.mentions) == [(0, 4, "DIS"), (0, 7, "DIS")]
    assert triples(docs[0]) == [((0, 4), "x", (0, 7))]
    assert log.n_noted()["discontinuous spans, taken from the first piece to the last"] == 2
    docs, log = brat(rows, text, discontinuous="first")
    assert spans(docs[0].layers.mentions) == [(0, 1, "DIS")]
    # Both are now the same word: no relation of a span with itself.
    assert "T1 and T2, cover the same words" in log.faults[0].what
    assert docs[0].layers.relations == []
    _, log = brat(rows.replace("lung damage", "renal damage"), text, discontinuous="hull")
    assert "begins with 'lung', but the file says 'renal damage'" in log.faults[0].what
    with pytest.raises(ConversionError, match="discontinuous must be one of hull, first, skip, found 'all'"):
        brat(rows, text, discontinuous="all")


def test_tokens_are_split_where_spans_would_become_one(brat):
    rows = "T1\tP 0 4\tZorA\nT2\tP 4 5\tB\nT3\tP 5 6\tC\nT4\tX 13 17\tiron\nT5\tX 8 12\tinds\n"
    docs, log = brat(rows + "R1\tPairs Arg1:T1 Arg2:T2\n*\tEquiv T2 T3\n", "ZorABC binds iron.")
    doc = docs[0]
    assert doc.words == ["ZorA", "B", "C", "binds", "iron", "."]
    assert "".join(w + " " * s for w, s in zip(doc.words, doc.spaces)) == "ZorABC binds iron."
    assert spans(doc.layers.mentions) == [(0, 1, "P"), (1, 2, "P"), (2, 3, "P"), (3, 4, "X"), (4, 5, "X")]
    assert triples(doc) == [((0, 1), "Pairs", (1, 2))]
    assert doc.layers.clusters == make_clusters([[(1, 2), (2, 3)]])
    assert log.n_noted() == {
        "tokens with several spans inside, split at the boundaries of the spans": 1,
        "spans with a boundary inside a token, widened to whole tokens": 1,
    }


@pytest.mark.parametrize(
    ("extents", "words"),
    [
        ([(0, 7), (0, 6)], ["Ann", "Le", "e"]),  # widened they would be the same
        ([(4, 6), (6, 7)], ["Ann", "Le", "e"]),  # and these would overlap
        ([(0, 7), (4, 6)], ["Ann", "Lee"]),  # nested before and after
        ([(0, 5), (5, 6)], ["Ann", "L", "e", "e"]),
        ([(1, 6)], ["Ann", "Lee"]),
    ],
)
def test_tokens_are_split_only_where_it_is_needed(brat, extents, words):
    rows = "".join(f"T{i}\tP {start} {end}\n" for i, (start, end) in enumerate(extents))
    doc = brat(rows, "Ann Lee\nran")[0][0]
    assert doc.words == [*words, "ran"]
    assert doc.sent_starts == [0, len(words)]
    assert len({span[:2] for span in doc.layers.mentions}) == len(extents)
