"""Where gold annotation of an Example stands among the tokens that are read of a batch."""

from __future__ import annotations

from collections.abc import Callable

from spacy.training import Example

from ..annotations.whitespace import RealTokens

# Maps a gold span to the tokens that are read, or to None.
Aligner = Callable[[int, int], "tuple[int, int] | None"]


def aligner(eg: Example, real: RealTokens | None = None, *, exact: bool = True) -> Aligner:
    """How gold token offsets of an Example translate to offsets in what is read of its predicted Doc.

    eg (Example): Gold spans begin and end with real tokens.
    real (RealTokens, optional): Those tokens of the predicted Doc that are read; by default all.
    exact (bool): Whether both boundaries must agree. If False, all tokens that share characters with the span.
    RETURNS (Callable): From start and end of a gold span to those in the predicted Doc, or None.
    """
    align = _between_docs(eg, exact)
    if real is None:
        return align

    def align_and_leave_space_out(start: int, end: int) -> tuple[int, int] | None:
        aligned = align(start, end)
        return None if aligned is None else real.inward(*aligned)

    return align_and_leave_space_out


def _between_docs(eg: Example, exact: bool) -> Aligner:
    """From the tokens of an Example's reference to those of its predicted Doc."""
    if len(eg.x) == len(eg.y) and [t.text for t in eg.x] == [t.text for t in eg.y]:
        return lambda start, end: (start, end)
    y2x, x2y = eg.alignment.y2x, eg.alignment.x2y

    def align(start: int, end: int) -> tuple[int, int] | None:
        tokens = y2x[start:end]
        if len(tokens) == 0:
            return None
        first, last = int(tokens.min()), int(tokens.max()) + 1
        if not exact:
            return first, last
        back = x2y[first:last]
        return (first, last) if int(back.min()) == start and int(back.max()) + 1 == end else None

    return align


class Places:
    """Flat offsets of an Example's gold spans in the batch.

    eg (Example): The Example.
    real (RealTokens, optional): The tokens of its predicted Doc that are read; None: all.
    first (int): Flat offset of the Doc.
    segments, windows (list): Number of the segment and of the window of each token of the
        batch; a span lies within one segment, a relation within one window.
    """

    def __init__(
        self,
        eg: Example,
        real: RealTokens | None,
        first: int,
        segments: list[int],
        windows: list[int],
    ) -> None:
        self.align, self._touch = aligner(eg, real), aligner(eg, real, exact=False)
        self.n_tokens = len(eg.x) if real is None else len(real.kept)
        self.first = first
        self.segments, self.windows = segments, windows

    def find(self, start: int, end: int) -> tuple[int, int] | None:
        """Where a gold span is, if it aligns and lies within one segment.

        start, end (int): Gold tokens, end exclusive.
        RETURNS (tuple, optional): Start and end in the batch.
        """
        return self._within(self.segments, start, end)

    def touched(self, start: int, end: int) -> slice:
        """Tokens of the Doc that share characters with gold tokens, wherever these begin and end.

        start, end (int): Gold tokens, end exclusive.
        RETURNS (slice): Offsets among the Doc's tokens that are read; empty where there are none.
        """
        return slice(*(self._touch(start, end) or (0, 0)))

    def reach(self, start: int, end: int) -> bool:
        """Whether all between two gold tokens lies within one window.

        start, end (int): Gold tokens, end exclusive.
        RETURNS (bool): Also False where they do not align.
        """
        return self._within(self.windows, start, end) is not None

    def _within(self, groups: list[int], start: int, end: int) -> tuple[int, int] | None:
        aligned = self.align(start, end)
        if aligned is None or groups[aligned[0] + self.first] != groups[aligned[1] - 1 + self.first]:
            return None
        return aligned[0] + self.first, aligned[1] + self.first
