"""What layers must not contradict, at the very boundary of what is allowed."""

from __future__ import annotations

import pytest

from spacy_hmtl.annotations import Layers
from spacy_hmtl.annotations.layers import make_clusters
from spacy_hmtl.annotations.validation import check
from spacy_hmtl.types import LabeledSpan, Triple

WORDS = "Ann Lee left Acme".split()
ANN, LEE, ALL = LabeledSpan(0, 2, "PER"), LabeledSpan(1, 2, "PER"), LabeledSpan(0, 4, "X")


@pytest.mark.parametrize(
    "layers",
    [
        Layers(),
        Layers([], [], [], []),
        Layers(entities=[ANN, LabeledSpan(2, 3, "X"), LabeledSpan(3, 4, "ORG")]),  # side by side, up to the end
        Layers(mentions=[ALL, ANN, LEE, ANN]),  # nested and repeated
        Layers(clusters=make_clusters([[(0, 4), (0, 2), (1, 2), (3, 4)]])),  # nested, with a common start or end
        Layers(clusters=make_clusters([[(0, 2), (2, 3)], [(1, 3)]])),  # side by side; crossing in two clusters
        Layers(entities=[ANN], mentions=[ALL], relations=[Triple(ANN, "R", ALL)]),  # of either layer
        Layers(relations=[Triple(LEE, "R", ALL)]),  # with no layer to look them up in
    ],
)
def test_what_makes_sense_passes(layers: Layers) -> None:
    check(layers, WORDS, "doc")


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        (Layers(mentions=[LabeledSpan(2, 2, "X")]), "H111.* doc"),
        (Layers(mentions=[LabeledSpan(3, 5, "X")]), "H105.* doc"),
        (Layers(mentions=[LabeledSpan(-1, 2, "X")]), "H105"),
        (Layers(clusters=make_clusters([[(3, 5)]])), "H105"),
        (Layers(relations=[Triple(ANN, "R", LabeledSpan(4, 5))]), "H105"),
        (Layers(entities=[LEE, ANN]), r"H106.*\[Ann Lee\] and \[Lee\]"),
        (Layers(clusters=make_clusters([[(0, 2), (1, 3)]])), "H108"),
        (Layers(clusters=make_clusters([[(0, 2)], [(0, 2)]])), "H109"),
        (Layers(mentions=[ANN], relations=[Triple(ANN, "R", LEE)]), "H107"),
        (Layers(entities=[ANN], relations=[Triple(LEE, "R", ANN)]), "H107"),
        (Layers(mentions=[], relations=[Triple(ANN, "R", ANN)]), "H107"),
    ],
)
def test_what_does_not_is_named(layers: Layers, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        check(layers, WORDS, "doc")
