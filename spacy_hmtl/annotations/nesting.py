"""Flattening of nested spans, for taggers that can hold one level only and for scores that count one."""

from __future__ import annotations

from collections.abc import Sequence

from ..types import LabeledSpan


def peel(spans: Sequence[LabeledSpan], keep: str, n_layers: int) -> list[list[LabeledSpan]]:
    """Layers of non-overlapping spans: the innermost (outermost) level, then that of what is left, and so on.

    n_layers (int): Most layers; deeper nesting is left out.
    """
    layers: list[list[LabeledSpan]] = []
    left = list(dict.fromkeys(spans))
    for _ in range(n_layers):
        layers.append(flatten(left, keep))
        kept = set(layers[-1])
        left = [span for span in left if span not in kept]
    return layers


def flatten(spans: Sequence[LabeledSpan], keep: str) -> list[LabeledSpan]:
    """Non-overlapping spans: the innermost (they contain no other) or the outermost level.

    keep (str): "innermost" or "outermost". Of crossing spans the shorter (the longer) is
        kept, of equal ones the first by label.
    RETURNS (list): In document order.
    """
    sign = 1 if keep == "innermost" else -1
    ordered = sorted(set(spans), key=lambda s: (sign * (s.end - s.start), s.start, s.label))
    kept: list[LabeledSpan] = []
    taken: set[int] = set()
    for span in ordered:
        tokens = range(span.start, span.end)
        if taken.isdisjoint(tokens):
            kept.append(span)
            taken.update(tokens)
    return sorted(kept)
