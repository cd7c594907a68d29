"""On a Ray cluster, with Ray Data: one reader on this machine, actors that each hold a pipeline."""

from __future__ import annotations

import logging
import os
import pickle
import warnings
from collections.abc import Generator, Iterable, Iterator
from contextlib import contextmanager
from itertools import count
from typing import Any, NamedTuple

# What is not set here, Ray would send home.
os.environ.setdefault("RAY_USAGE_STATS_ENABLED", "0")
# Ray's own processes report on the screen what they also tell as exceptions.
os.environ.setdefault("RAY_BACKEND_LOG_LEVEL", "fatal")

import pyarrow
import ray
import ray.data
from ray.data import ActorPoolStrategy, DataContext, Datasource, ReadTask
from ray.data.block import BlockMetadata
from ray.exceptions import RayError, RayTaskError

from ...errors import Errors
from ..source import Source
from ..worker import Batch, Job, Outcome, Worker

# How often a batch is handed to another worker when its worker died: a document
# that kills every worker must end the run.
_RETRIES = 5


class _Fault(NamedTuple):
    """Takes the place of a batch that could not be read or annotated.

    An error in a Ray task would be tried again, and come out as a long trace.
    """

    message: str


def run_ray(job: Job, source: Source, n_process: int) -> Generator[list[Outcome], None, None]:
    """Annotate the batches of a source.

    The cluster is that of RAY_ADDRESS, if that is set, else one that is started on this
    machine for the run. A worker that dies is replaced, and its batches are done again.

    job (Job): With a gpu_id of 0 or more, every worker has a GPU of its own.
    n_process (int): Workers, each of one core; -1 takes as many as the cluster can hold.
    YIELDS (list): The outcomes of each batch, in order.
    RAISES (ValueError): Those of reading the input.
    RAISES (OSError): H546.
    """
    needs_gpu = job.gpu_id >= 0
    # Ray shows a worker only the GPU that it may use, as number 0.
    worker_job = job._replace(gpu_id=0 if needs_gpu else -1)
    with _cluster(), _small_blocks():
        n_workers = (
            n_process if n_process > 0 else max(1, int(ray.cluster_resources().get("GPU" if needs_gpu else "CPU", 1)))
        )
        rows = _dataset(source, worker_job, n_workers, needs_gpu)
        try:
            yield from _in_order(rows.iter_batches(batch_size=1, batch_format="pyarrow", prefetch_batches=0))
        except RayError as error:
            raise OSError(Errors.H546.format(reason=_reason(error))) from error


def _dataset(source: Source, job: Job, n_workers: int, needs_gpu: bool) -> ray.data.Dataset:
    """The lazy dataset of the outcomes."""
    rows = ray.data.read_datasource(_Reader(source), override_num_blocks=1, num_cpus=0, **_this_machine())
    with warnings.catch_warnings():
        # Ray has no other way yet to limit the retries of a map.
        warnings.filterwarnings("ignore", "`ray_remote_args` is deprecated")
        result: ray.data.Dataset = rows.map_batches(
            _Actor,
            fn_constructor_args=(job,),
            batch_size=1,
            batch_format="pyarrow",
            compute=ActorPoolStrategy(size=n_workers),
            num_cpus=1,
            num_gpus=1 if needs_gpu else 0,
            max_restarts=-1,
            max_task_retries=_RETRIES,
        )
        return result


def _in_order(tables: Iterable[pyarrow.Table]) -> Iterator[list[Outcome]]:
    """The outcomes of each batch; batches that overtake others wait."""
    waiting: dict[int, list[Outcome] | _Fault] = {}
    following = 0
    for table in tables:
        waiting.update(_unpack(table))
        while following in waiting:
            outcomes = waiting.pop(following)
            if isinstance(outcomes, _Fault):
                raise ValueError(outcomes.message)
            yield outcomes
            following += 1


class _Reader(Datasource):
    """One task that reads the whole input, batch by batch, as fast as the workers take them."""

    def __init__(self, source: Source) -> None:
        super().__init__()  # type: ignore[no-untyped-call]
        self._source = source

    def estimate_inmemory_data_size(self) -> int | None:
        return None

    def get_read_tasks(self, parallelism: int, *args: Any, **options: Any) -> list[ReadTask]:
        source = self._source
        unknown = BlockMetadata(num_rows=None, size_bytes=None, input_files=None, exec_stats=None)
        return [ReadTask(lambda: _rows(source), unknown)]


def _rows(source: Source) -> Iterator[pyarrow.Table]:
    batches = source.batches()
    for number in count():
        try:
            batch = next(batches, None)
        except (ValueError, OSError) as error:
            yield _pack(number, _Fault(str(error)))
            return
        if batch is None:
            return
        yield _pack(number, batch)


class _Actor:
    """A worker in an actor; its pipeline is loaded once."""

    def __init__(self, job: Job) -> None:
        self._worker = Worker(job)

    def __call__(self, table: pyarrow.Table) -> Iterator[pyarrow.Table]:
        for number, batch in _unpack(table):
            yield _pack(number, batch if isinstance(batch, _Fault) else self._annotate(batch))

    def _annotate(self, batch: Batch) -> list[Outcome] | _Fault:
        try:
            return self._worker(batch)
        except (ValueError, OSError) as error:  # the pipeline could not be loaded here
            return _Fault(str(error))


def _pack(number: int, content: Any) -> pyarrow.Table:
    """A row; pickled as all that Ray moves, since facts of documents may hold anything."""
    return pyarrow.table({"number": [number], "data": pyarrow.array([pickle.dumps(content)], pyarrow.large_binary())})


def _unpack(table: pyarrow.Table) -> Iterator[tuple[int, Any]]:
    for number, data in zip(table["number"].to_pylist(), table["data"].to_pylist()):
        yield number, pickle.loads(data)


@contextmanager
def _cluster() -> Iterator[None]:
    """A connection to the cluster, or a cluster of this machine alone; an open connection is used and left."""
    if ray.is_initialized():
        yield
        return
    if os.environ.get("RAY_ADDRESS"):
        ray.init(log_to_driver=False, logging_level=logging.ERROR)
    else:
        ray.init(
            "local",
            include_dashboard=False,
            log_to_driver=False,
            logging_level=logging.ERROR,
            _node_ip_address="127.0.0.1",
        )
    try:
        yield
    finally:
        ray.shutdown()


@contextmanager
def _small_blocks() -> Iterator[None]:
    """Let each batch travel on its own: Ray would gather 128 MB before it gives work to a worker."""
    logging.getLogger("ray.data").setLevel(logging.ERROR)
    context = DataContext.get_current()
    settings = {
        "target_max_block_size": 1,
        "target_min_block_size": 1,
        "enable_progress_bars": False,
        "print_on_execution_start": False,
    }
    before = {name: getattr(context, name) for name in settings}
    for name, value in settings.items():
        setattr(context, name, value)
    try:
        yield
    finally:
        for name, value in before.items():
            setattr(context, name, value)


def _this_machine() -> dict[str, Any]:
    """Options that let the input be read where the command runs, so that only this machine must see it."""
    node = ray.get_runtime_context().get_node_id()
    return {"label_selector": {"ray.io/node-id": node}}


def _reason(error: RayError) -> str:
    """One line of the message: what was raised in a task stands last, what happened to a worker first."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return lines[-1 if isinstance(error, RayTaskError) else 0] if lines else type(error).__name__
