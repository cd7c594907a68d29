"""Tags of one token each (BIO and its variants) to spans."""

from __future__ import annotations

import re
from collections.abc import Sequence

from ...types import LabeledSpan

# The kind of a note, with the label, so that counts with and without these spans can be told apart.
BEGINS_WITH_I = "{label} spans that begin with I- (no B- before), kept"
# B begin, I or M inside, L or E last, U, S or W single; as in BIO, IOB1, BILOU, BIOES, BMES and BMEW.
_TAG = re.compile(r"O|[BIMLUESW]-\S.*")


def is_tag(tag: str) -> bool:
    """Whether a string is a tag: "O", or one of B, I, M, L, E, U, S, W with a hyphen and a label."""
    return _TAG.fullmatch(tag) is not None


def spans_of_tags(tags: Sequence[str], *, offset: int = 0) -> tuple[list[LabeledSpan], list[LabeledSpan]]:
    """Read the spans off a sequence of tags.

    A span that begins without B or U (as IOB1 spans do) is a span all the same:
    dropping it would teach a model that its tokens are outside.

    tags (Sequence[str]): One valid tag per token.
    offset (int): Added to all offsets, in tokens.
    RETURNS (tuple): All spans in order, and those among them that begin with I, M, L or E.
    """
    spans: list[LabeledSpan] = []
    repaired: list[LabeledSpan] = []
    start, label, opened = 0, "", "O"
    for i, tag in enumerate([*tags, "O"]):
        prefix, tag_label = tag[0], tag[2:]
        continues = prefix in "IMLE" and label == tag_label
        if label and not continues:
            spans.append(LabeledSpan(offset + start, offset + i, label))
            if opened in "IMLE":
                repaired.append(spans[-1])
            label = ""
        if prefix != "O" and not continues:
            start, label, opened = i, tag_label, prefix
        if prefix in "LEUSW":
            spans.append(LabeledSpan(offset + start, offset + i + 1, label))
            if opened in "IMLE":
                repaired.append(spans[-1])
            label = ""
    return spans, repaired
