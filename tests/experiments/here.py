"""Trainings of the runner in the tests' own process: no start of Python, and stopped at a chosen update."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spacy_hmtl.experiments import runner
from spacy_hmtl.experiments.one import run_one
from spacy_hmtl.pipeline import HMTL

# What trainings of a few updates on a few documents warn of.
quiet = pytest.mark.filterwarnings(r"ignore:\[W10[45]\]", r"ignore:\[W16\d\]")


class KilledError(Exception):
    pass


class Here:
    """In place of a process: the run in this one, up to an update."""

    stop: int | None = None
    started: list[str] = []

    def __init__(self, command: list[str], **kwargs: Any) -> None:
        Here.started.append(command[-1])
        finish, seen = HMTL.finish_update, []

        def fail(self: HMTL, sgd: Any) -> None:
            seen.append(1)
            if Here.stop is not None and len(seen) > Here.stop:
                raise KilledError
            finish(self, sgd)

        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(HMTL, "finish_update", fail)
            run_one(Path(command[-1]))
        self.returncode = 0

    def poll(self) -> int:
        return self.returncode

    def terminate(self) -> None:
        pass


def train_here(monkeypatch: pytest.MonkeyPatch) -> type[Here]:
    """Let the runner train in this process."""
    monkeypatch.setattr("spacy_hmtl.experiments.runner.subprocess.Popen", Here)
    monkeypatch.setattr(runner, "_WAIT", 0)
    Here.stop, Here.started = None, []
    return Here
