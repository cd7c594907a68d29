"""Annotate a corpus of any size: batches to an engine, outcomes to the output, going on where a stopped run ended."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable, Generator
from contextlib import closing
from functools import partial
from itertools import chain
from pathlib import Path
from typing import NamedTuple

from ..errors import Errors
from .engines.local import run_local
from .fingerprint import fingerprint
from .guard import DEFAULT, Guard
from .inputs import list_files
from .outputs import ENCODERS, Output
from .progress import Progress
from .source import Source
from .table import check_pyarrow
from .worker import Job, Outcome

Engine = Callable[[Job, Source], Generator[list[Outcome], None, None]]


class Report(NamedTuple):
    """What a run did. Words and seconds are those of this run, without loading; documents those of the whole output."""

    n_docs: int
    n_failed: int
    n_resumed: int
    n_words: int
    seconds: float
    errors: Path


def annotate(
    model: str,
    input_path: Path,
    output_path: Path,
    *,
    batch_size: int = 128,
    n_process: int = 1,
    gpu_id: int = -1,
    resume: bool = True,
    engine: str = "local",
    shown: str = "",
    guard: Guard = DEFAULT,
    timeout: float | None = None,
) -> Report:
    """Annotate a file or folder; see `spacy hmtl annotate --help`.

    shown (str): What messages call the input, where its path says nothing to the user.
    guard (Guard): Bounds of each text; one beyond them fails.
    timeout (float, optional): Seconds for a text; one that takes longer fails.

    RAISES (ValueError, OSError): H123, H130, H505, H506, H541, H545, H629, H630, and those of
        `read_inputs`, `load_pipeline` and the engine.
    """
    if output_path.suffix not in ENCODERS:
        raise ValueError(Errors.H505.format(path=output_path, expected=".jsonl, .parquet or .spacy"))
    if output_path.is_dir():
        raise ValueError(Errors.H123.format(path=output_path))
    if output_path.suffix == ".parquet":
        check_pyarrow(f"{output_path}: Parquet")
    list_files(input_path, shown=shown)
    run_batches = _engine(engine, n_process, timeout)
    job = Job(model, ENCODERS[output_path.suffix], gpu_id, guard)
    model_print = fingerprint(model)
    output_path.parent.mkdir(parents=True, exist_ok=True)
    with Output(output_path, resume=resume, model=model_print) as output:
        index = output.n_resumed - output.n_resumed % batch_size
        source = Source(input_path, (output_path, output.errors_path), batch_size, index, shown)
        output.check(source.inputs())
        with Progress(source, output.n_resumed) as progress, closing(run_batches(job, source)) as results:
            for outcome in chain.from_iterable(map(progress.ready, results)):
                if index >= output.n_resumed:
                    progress.add(outcome.n_words)
                    _write(output, index, outcome)
                index += 1
    words, seconds = progress.n_words, progress.seconds
    return Report(output.n_docs, output.n_failed, output.n_resumed, words, seconds, output.errors_path)


def _write(output: Output, index: int, outcome: Outcome) -> None:
    if outcome.payload is None:
        output.add_failure(index, outcome.name, outcome.error)
    else:
        output.add(outcome.payload)


def _engine(engine: str, n_process: int, timeout: float | None) -> Engine:
    """The function that annotates. RAISES (ValueError): H130, H540, H545, H629, H630."""
    if timeout is not None and not timeout > 0:
        raise ValueError(Errors.H629.format(value=timeout))
    if n_process == 0 or n_process < -1:
        raise ValueError(Errors.H545.format(value=n_process))
    if engine == "local":
        return partial(run_local, n_process=n_process, timeout=timeout)
    if engine != "ray":
        raise ValueError(Errors.H130.format(name="engine", known="local, ray", value=engine))
    if timeout is not None:
        raise ValueError(Errors.H630)
    if importlib.util.find_spec("ray") is None:
        raise ValueError(Errors.H540.format(what="--engine ray", package="Ray", install="spacy-hmtl[ray]"))
    from ..annotate.engines.on_ray import run_ray  # an extra, and slow to import

    return partial(run_ray, n_process=n_process)
