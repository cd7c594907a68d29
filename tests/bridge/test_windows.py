"""Windows of long documents: every token is kept once, with context on both sides."""

from __future__ import annotations

import pytest
import spacy
from spacy.tokens import Doc

from spacy_hmtl.bridge.embeddings.windows import make_windows

NLP = spacy.blank("en")


def make_doc(length: int) -> Doc:
    return Doc(NLP.vocab, words=[f"w{i}" for i in range(length)])


@pytest.mark.parametrize("stride", [0, 1, 2, 3, 5])
@pytest.mark.parametrize("size", [5, 6])
def test_every_token_is_kept_once_and_in_order(size: int, stride: int) -> None:
    lengths = [0, 1, 4, 5, 6, 7, 11, 40]
    windows = make_windows([make_doc(length) for length in lengths], size, stride)
    kept = [(w.doc, t) for w in windows for t in range(w.keep_start, w.keep_end)]
    assert kept == [(i, t) for i, length in enumerate(lengths) for t in range(length)]
    assert all(w.end - w.start <= size for w in windows)
    assert all(w.start <= w.keep_start < w.keep_end <= w.end for w in windows)


def test_a_token_is_taken_from_where_it_has_most_context() -> None:
    windows = make_windows([make_doc(20)], 8, 4)
    assert [(w.start, w.end) for w in windows] == [(0, 8), (4, 12), (8, 16), (12, 20)]
    for window in windows:
        for token in range(window.keep_start, window.keep_end):
            own = min(token - window.start, window.end - 1 - token)
            other = max(min(token - w.start, w.end - 1 - token) for w in windows)
            assert own == other or token in (0, 1, 2, 3, 16, 17, 18, 19)


def test_equal_text_cut_or_kept_differently_has_another_key() -> None:
    docs = [
        Doc(NLP.vocab, words=["ab", "c"], spaces=[False, False]),
        Doc(NLP.vocab, words=["a", "bc"], spaces=[False, False]),
        Doc(NLP.vocab, words=["ab", "c"], spaces=[False, False]),
    ]
    first, second, third = make_windows(docs, 8, 0)
    assert first.text == second.text
    assert first.key == third.key != second.key
    assert first._replace(keep_end=1).key != first.key
