"""The file `training.jsonl`: all that is to be known of a training afterwards, a JSON object a line."""

from __future__ import annotations

import json
import os
import platform
import time
from importlib import metadata
from pathlib import Path
from typing import Any

_PACKAGES = ("spacy-hmtl", "spacy", "thinc", "torch", "transformers", "numpy")


class Record:
    """Writes the lines of a training. One that goes on from a checkpoint keeps the lines of the updates before it.

    Kinds of lines: "start" (config, versions, hardware, counts of data), "updates" (of each task since the line
    before: their number, mean loss, mean gradient norm before clipping; the learning rate), "scores".

    path (Path): The file; an older one is replaced.
    nlp (Language): Being trained.
    every (int): Updates between two lines of kind "updates".
    """

    def __init__(self, path: Path, nlp: Any, every: int) -> None:
        self.path, self.every = path, max(1, every)
        self._nlp = nlp
        self._pipes = {name: pipe for name, pipe in nlp.pipeline if hasattr(pipe, "progress")}
        self._n_steps = -1
        self._began = self._evaluated = time.perf_counter()
        self._before = 0.0
        self._is_open = False

    def step(self, info: dict[str, Any] | None) -> None:
        """An update was made.

        info (dict, optional): What spaCy's loop knows after an evaluation.
        """
        self._n_steps += 1
        if any(pipe.replay is not None and pipe.replay.is_running for pipe in self._pipes.values()):
            return
        if not self._is_open:
            self._open(first=self._n_steps)
        if (self._n_steps + 1) % self.every == 0 or info is not None:
            self._write_updates()
        if info is not None:
            scores = {key: value for key, value in info["other_scores"].items() if not isinstance(value, dict)}
            self._write("scores", score=info["score"], scores=scores, epoch=info["epoch"], words=info["words"])

    def close(self) -> None:
        """The training has ended."""
        if self._is_open:
            self._write_updates()
            self._write("end")

    def _write_updates(self) -> None:
        for name, pipe in self._pipes.items():
            taken = pipe.progress.take()
            if taken["tasks"]:
                self._write("updates", component=name, **taken)

    def _open(self, first: int) -> None:
        """Begin the file, or cut it where a checkpoint was made."""
        kept = [row for row in read_record(self.path) if row["step"] < first] if first and self.path.is_file() else []
        self._before = max((row["seconds"] for row in kept), default=0.0)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        self.path.write_text("".join(f"{json.dumps(row)}\n" for row in kept), encoding="utf-8")
        self._is_open = True
        if not kept:
            data = {name: pipe.progress.data for name, pipe in self._pipes.items()}
            self._write("start", config=self._nlp.config.to_str(), data=data, **surroundings())

    def _write(self, kind: str, **values: Any) -> None:
        seconds = round(self._before + time.perf_counter() - self._began, 3)
        row = {"kind": kind, "step": self._n_steps, "seconds": seconds, **values}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, default=float) + "\n")


def read_record(path: Path) -> list[dict[str, Any]]:
    """The lines of a record. A last line that was cut off by a kill is left out.

    path (Path): A `training.jsonl`.
    RETURNS (list): One dict a line.
    RAISES (ValueError): JSONDecodeError for another line that is no JSON.
    """
    lines = path.read_text(encoding="utf-8").split("\n")
    whole = lines[:-1]
    return [json.loads(line) for line in whole if line.strip()]


def surroundings() -> dict[str, Any]:
    """Versions of what a result depends on, and the hardware."""
    return {
        "versions": {"python": platform.python_version(), **{name: _version(name) for name in _PACKAGES}},
        "hardware": {"machine": platform.machine(), "processor": _processor(), "cores": os.cpu_count() or 0},
        "threads": os.environ.get("OMP_NUM_THREADS", ""),
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
    }


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""


def _processor() -> str:
    """The name of the processor, where the system tells it."""
    place = Path("/proc/cpuinfo")
    if place.is_file():
        for line in place.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor()
