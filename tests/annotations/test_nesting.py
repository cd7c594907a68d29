"""Flattening of nested and crossing spans."""

from __future__ import annotations

import pytest

from spacy_hmtl.annotations.nesting import flatten, peel
from spacy_hmtl.types import LabeledSpan


@pytest.mark.parametrize("keep", ["innermost", "outermost"])
def test_of_crossing_spans_of_one_length_the_first_is_kept(keep: str) -> None:
    first, second, third = LabeledSpan(0, 2, "B"), LabeledSpan(1, 3, "A"), LabeledSpan(2, 4, "A")
    assert flatten([third, second, first], keep) == [first, third]
    assert peel([third, second, first], keep, 2) == [[first, third], [second]]
