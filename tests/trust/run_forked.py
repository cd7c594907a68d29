"""Runs commands in forks of a process that has imported everything: starts take seconds, forks take none.

Reads a line of JSON for each run, and answers with its status and what it printed. A run may kill itself where it would
name its output or bring it to the disk, or may write only so many bytes to a file.
"""

from __future__ import annotations

import json
import os
import resource
import signal
import sys
from typing import Any

import torch

from spacy_hmtl.cli.app import app

LIMIT = 200  # bytes


def die(*arguments: Any) -> None:
    os.kill(os.getpid(), signal.SIGKILL)


def run(how: str, arguments: list[str], out: int) -> None:
    """Run a command in this process, which ends; what it prints goes to a pipe, to which no limit applies."""
    os.dup2(out, 1)
    os.dup2(out, 2)
    os.close(out)
    if how == "before the name":
        os.replace = die  # type: ignore[assignment]
    elif how == "while writing":
        os.fsync = die  # type: ignore[assignment]
    elif how == "full":
        resource.setrlimit(resource.RLIMIT_FSIZE, (LIMIT, LIMIT))
    app(arguments)


def main() -> None:
    torch.set_num_threads(1)
    for line in sys.stdin:
        how, arguments = json.loads(line)
        source, out = os.pipe()
        child = os.fork()
        if not child:
            os.close(source)
            run(how, arguments, out)
        os.close(out)
        with os.fdopen(source, encoding="utf-8", errors="replace") as file:
            said = file.read()
        _, status = os.waitpid(child, 0)
        print(json.dumps([os.waitstatus_to_exitcode(status), " ".join(said.split())]), flush=True)


if __name__ == "__main__":
    main()
