"""The input of a run, cut into batches: always the same ones, whoever reads them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import NamedTuple

from .inputs import Input, count_inputs, read_inputs


class Source(NamedTuple):
    """Where the documents come from; plain data, so that another process can read them.

    path: a file or folder.
    leave_out: files below the folder that are no input, such as the output.
    batch_size: documents per batch.
    n_skip: documents to pass over, a multiple of the batch size. The batch in which a run
        stopped is annotated again, though not written again: scores depend in their last
        digits on the rest of the batch, and the output must not.
    shown: what messages call the path, where it says nothing to the user.
    """

    path: Path
    leave_out: tuple[Path, ...]
    batch_size: int
    n_skip: int = 0
    shown: str = ""

    def inputs(self) -> Iterator[Input]:
        """All documents, the skipped ones too."""
        return read_inputs(self.path, leave_out=self.leave_out, shown=self.shown)

    def n_inputs(self) -> int:
        """How many documents there are, the skipped ones too, without making them."""
        return count_inputs(self.path, leave_out=self.leave_out, shown=self.shown)

    def batches(self) -> Iterator[list[Input]]:
        """The batches after the skipped ones."""
        inputs = islice(self.inputs(), self.n_skip, None)
        while batch := list(islice(inputs, self.batch_size)):
            yield batch
