"""Spans of characters on tokens: outwards to whole tokens, or through tokens that would make two spans one."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterable, Sequence
from itertools import pairwise

from .tokens import Tokens

# Characters start to end, end exclusive.
Extent = tuple[int, int]


def trimmed(text: str, start: int, end: int) -> Extent:
    """An extent without the white space at its boundaries."""
    covered = text[start:end]
    return start + len(covered) - len(covered.lstrip()), end - (len(covered) - len(covered.rstrip()))


def tokens_of(tokens: Tokens, extent: Extent) -> tuple[int, int]:
    """The tokens that an extent touches: the first, and the one after the last; the same where there is none."""
    first, end = bisect_right(tokens.ends, extent[0]), bisect_left(tokens.starts, extent[1])
    return first, max(first, end)


def split_tokens(text: str, tokens: Tokens, extents: Iterable[Extent]) -> tuple[Tokens, int]:
    """Split the tokens in which spans would become one, or would overlap, if they were widened to whole tokens.

    text (str): The text.
    tokens (Tokens): Its tokens.
    extents (Iterable): The characters of all spans, without white space at their boundaries.
    RETURNS (tuple): The tokens, and how many of them were split.
    """
    cuts = _cuts(tokens, sorted(set(extents)))
    if not cuts:
        return tokens, 0
    starts, ends, sent_starts = list[int](), list[int](), list[int]()
    firsts = set(tokens.sent_starts or [])
    for i, (start, end) in enumerate(zip(tokens.starts, tokens.ends)):
        sent_starts += [len(starts)] if i in firsts else []
        bounds = [start, *sorted(cuts.get(i, ())), end]
        pieces = [piece for piece in pairwise(bounds) if not text[slice(*piece)].isspace()]
        starts += [piece[0] for piece in pieces]
        ends += [piece[1] for piece in pieces]
    spaces = [text[end : end + 1].isspace() for end in ends]
    return Tokens(starts, ends, spaces, None if tokens.sent_starts is None else sent_starts), len(cuts)


def _cuts(tokens: Tokens, extents: Sequence[Extent]) -> dict[int, set[int]]:
    """Where to cut which tokens."""
    widened: dict[tuple[int, int], list[Extent]] = {}
    inside: dict[int, dict[Extent, set[int]]] = {}  # by token: the extents with a boundary inside it, and those
    for extent in extents:
        first, end = tokens_of(tokens, extent)
        if first == end:
            continue
        widened.setdefault((first, end), []).append(extent)
        for token, boundary in ((first, extent[0]), (end - 1, extent[1])):
            if tokens.starts[token] < boundary < tokens.ends[token]:
                inside.setdefault(token, {}).setdefault(extent, set()).add(boundary)
    same = {extent for group in widened.values() if len(group) > 1 for extent in group}
    cuts: dict[int, set[int]] = {}
    for token, boundaries in inside.items():
        is_shared = min(end for _, end in boundaries) <= max(start for start, _ in boundaries)
        found = {cut for extent, own in boundaries.items() if is_shared or extent in same for cut in own}
        if found:
            cuts[token] = found
    return cuts
