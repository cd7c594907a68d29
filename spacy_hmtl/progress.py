"""Whether and how long work shows how far it is: on a terminal, nowhere else."""

from __future__ import annotations

import os
import sys
from typing import IO, Any

from tqdm import tqdm


def is_watched(stream: IO[str] | None = None) -> bool:
    """Whether somebody looks at a stream: a terminal that can redraw a line, and no continuous integration.

    stream (IO, optional): Where the bar would be drawn; standard error if not given.
    RETURNS (bool): False for files, pipes, `CI=true` and `TERM=dumb`.
    """
    stream = sys.stderr if stream is None else stream
    quiet = os.environ.get("CI", "").lower() not in ("", "0", "false") or os.environ.get("TERM") == "dumb"
    return not quiet and getattr(stream, "isatty", lambda: False)()


def make_bar(total: int | None, unit: str, *, initial: int = 0, stream: IO[str] | None = None) -> tqdm[Any]:
    """A bar that is drawn where somebody looks, with what is done, what there is, the time left and a note.

    total (int, optional): How much there is to do; None if nobody knows.
    unit (str): What is counted, in the plural.
    initial (int): How much was done before.
    stream (IO, optional): Where it is drawn; standard error if not given.
    RETURNS (tqdm): Closing it removes the line.
    """
    counted = "{n:,} of {total:,} " if total else "{n:,} "
    left = ", {remaining} left" if total else ", {elapsed}"
    form = ("{percentage:3.0f}%|{bar:16}| " if total else "") + counted + unit + left + "{postfix}"
    # The time left is that of the latest work: a long pause counts little by little.
    return tqdm(
        total=total,
        initial=initial,
        unit=f" {unit}",
        bar_format=form,
        disable=not is_watched(stream),
        file=sys.stderr if stream is None else stream,
        leave=False,
        dynamic_ncols=True,
        smoothing=0.1,
    )
