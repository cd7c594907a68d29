"""What Docs hold before a model reads them, as tensors: given mentions, and what other components have found."""

from __future__ import annotations

from collections.abc import Sequence

import torch

from ..annotations.layers import Layers
from ..nn.heads.protocol import GivenMentions
from ..nn.heads.tensors import SpanTensors
from ..nn.hierarchy import Hierarchy
from ..nn.spans import SpanIndex
from ..types import LabeledSpan, MentionSpan
from .reading import Reading


def given_mentions(spans: Sequence[Sequence[LabeledSpan] | None], reading: Reading) -> GivenMentions:
    """Spans of each document as flat offsets in document order; of equal ones the last in the alphabet by label.

    spans (Sequence): For each Doc its mentions, or None where it has none given.
    reading (Reading): What is read of the Docs.
    RETURNS (GivenMentions): Without those that hold nothing that is read.
    """
    layout = reading.layout
    found: list[tuple[MentionSpan, str]] = []
    for own, real, first in zip(spans, reading.real, layout.doc_starts().tolist()):
        for span in own or ():
            place = span[:2] if real is None else real.inward(*span[:2])
            if place is not None:
                found.append(((place[0] + first, place[1] + first), span.label))
    rows = dict(sorted(found))
    table = torch.tensor(list(rows), dtype=torch.int64, device=layout.doc_lengths.device).reshape(-1, 2)
    is_given = tuple(own is not None for own in spans)
    return GivenMentions(SpanIndex(table[:, 0], table[:, 1]), is_given, tuple(rows.values()))


def among_read(beside: Sequence[Layers], reading: Reading) -> list[Layers]:
    """What other components have written, as spans of the tokens that are read.

    beside (Sequence): For each Doc of the reading.
    reading (Reading): What is read of the Docs.
    RETURNS (list): In the same order.
    """
    return [own if real is None else own.moved(real.inward) for own, real in zip(beside, reading.real)]


def is_candidate_source(own: Layers) -> bool:
    """Whether a Doc has mentions or names that coreference could join.

    own (Layers): What other components have written.
    """
    return own.mentions is not None or bool(own.entities)


def given_needs(hierarchy: Hierarchy, beside: Sequence[Layers], reading: Reading) -> dict[str, SpanTensors]:
    """Mentions (names, where a Doc has no mentions) and names that heads need and no level finds.

    hierarchy (Hierarchy): With the heads.
    beside (Sequence): Made by `among_read`.
    reading (Reading): What is read of the Docs.
    RETURNS (dict): By task of `Hierarchy.given_needs`, distinct, in document order, with labels that count in
        the types of relation arguments (-1 for others).
    """
    starts, numbers = reading.layout.doc_starts().tolist(), {name: n for n, name in enumerate(hierarchy.arguments)}
    found: dict[str, SpanTensors] = {}
    for need in hierarchy.given_needs:
        rows = {
            (span.start + first, span.end + first, numbers.get(span.label, -1))
            for own, first in zip(beside, starts)
            for span in _spans(own, need)
        }
        table = torch.tensor(sorted(rows), dtype=torch.int64, device=reading.layout.doc_lengths.device)
        first, last, labels = table.reshape(-1, 3).unbind(1)
        found[need] = SpanTensors(first, last, labels, torch.ones(len(rows), device=table.device))
    return found


def _spans(own: Layers, need: str) -> Sequence[LabeledSpan]:
    """What a Doc has in place of a level."""
    return own.mentions if need == "emd" and own.mentions is not None else own.entities or []
