"""Names of a Doc that are there in part: tokens of which nobody has said anything, and blocked ones."""

from __future__ import annotations

import spacy
from spacy.tokens import Doc, Span

from spacy_hmtl.annotations.entities import get_blocked, get_missing, missing_runs


def test_runs_of_missing_tokens_end_where_a_token_is_known() -> None:
    doc = Doc(spacy.blank("en").vocab, words=list("abcdefg"))
    doc.set_ents([Span(doc, 0, 1, label="X")], missing=[doc[2:3], doc[4:6]], blocked=[doc[6:7]], default="outside")
    assert get_missing(doc) == [2, 4, 5]
    assert missing_runs(doc) == [(2, 3), (4, 6)]
    assert get_blocked(doc) == [6]
