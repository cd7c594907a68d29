"""The callable that other frameworks apply to batches of texts."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from ..annotate.guard import DEFAULT, Guard
from ..annotate.inputs import Input
from ..annotate.outputs import encode_line
from ..annotate.worker import Job, Outcome, shared_worker

if TYPE_CHECKING:
    from pandas import DataFrame


class Annotation(NamedTuple):
    """What became of a text: the JSON of its Doc (see `spacy_hmtl.annotations.jsonl`), or why there is none."""

    json: str | None
    error: str | None


class Annotator:
    """Adds two columns of text to a batch: the annotation as JSON, and the error of a text that failed.

    Takes a dict of NumPy arrays (Ray), a pandas DataFrame (Dask) or an iterator of
    DataFrames (Spark), and gives back what it takes; the input is left as it is. It holds
    the name of the pipeline, not the pipeline: so it travels to other processes at no
    cost, and each process loads the pipeline once, when the first batch comes. Threads of
    one process take turns.

    model (str): A folder that every machine sees, or the name of an installed package.
    text (str): The column of the texts.
    output (str): The column to add; that of the errors is `output` + "_error".
    batch_size (int): Texts that go through the pipeline together.
    gpu_id (int): The GPU as the process counts them; -1 for the CPU.
    guard (Guard): Bounds of each text; one beyond them has an error.
    """

    def __init__(
        self,
        model: str,
        *,
        text: str = "text",
        output: str = "hmtl",
        batch_size: int = 128,
        gpu_id: int = -1,
        guard: Guard = DEFAULT,
    ) -> None:
        self.model = model
        self.text = text
        self.output = output
        self.batch_size = batch_size
        self.gpu_id = gpu_id
        self.guard = guard

    @property
    def error(self) -> str:
        """The column of the errors."""
        return f"{self.output}_error"

    def __call__(self, batch: Any) -> Any:
        """Annotate a batch.

        batch (dict | DataFrame | Iterator[DataFrame]): With the column of the texts.
        RETURNS: The same kind, with two columns more.
        RAISES (KeyError): If the column of the texts is not there.
        """
        if isinstance(batch, dict):
            return self._on_arrays(batch)
        if hasattr(batch, "columns"):
            return self._on_frame(batch)
        return map(self._on_frame, batch)

    def annotate(self, texts: Iterable[Any]) -> list[Annotation]:
        """Annotate texts; one that is no text, or that fails, has an error in the place of its annotation.

        texts (Sequence): Texts; None is taken as an empty text.
        """
        found: list[Annotation] = []
        items = list(texts)
        with shared_worker(Job(self.model, encode_line, self.gpu_id, self.guard)) as worker:
            for start in range(0, len(items), self.batch_size):
                part = items[start : start + self.batch_size]
                outcomes = iter(worker([Input("", text, {}) for text in part if isinstance(text, str)]))
                found += [_annotation(next(outcomes) if isinstance(text, str) else text) for text in part]
        return found

    def empty(self, frame: DataFrame) -> DataFrame:
        """The columns that come out for a frame, without rows: the `meta` of Dask.

        frame (DataFrame): Its columns come first.
        """
        part = frame.iloc[:0].copy()
        part[self.output] = part[self.error] = _column([])
        return part

    def _on_arrays(self, batch: dict[str, Any]) -> dict[str, Any]:
        import numpy

        found = self.annotate(batch[self.text])
        columns = zip(*found) if found else ((), ())
        added = dict(zip((self.output, self.error), (numpy.asarray(column, dtype=object) for column in columns)))
        return {**batch, **added}

    def _on_frame(self, frame: DataFrame) -> DataFrame:
        found = self.annotate(frame[self.text])
        columns = {
            self.output: _column([one.json for one in found]),
            self.error: _column([one.error for one in found]),
        }
        return frame.assign(**{name: values.set_axis(frame.index) for name, values in columns.items()})


def _column(values: Sequence[str | None]) -> Any:
    import pandas  # only where frames come in is it there

    return pandas.Series(values, dtype=object)


def _annotation(outcome: Any) -> Annotation:
    """What became of a text; what is no outcome was no text."""
    if not isinstance(outcome, Outcome):
        return Annotation(None, f"expected a text, found {type(outcome).__name__}")
    line = None if outcome.payload is None else outcome.payload.decode("utf-8").rstrip("\n")
    return Annotation(line, outcome.error or None)
