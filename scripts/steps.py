"""Run a workflow of project.yml step by step; say of each what it does, and how long it took.

    python scripts/steps.py WORKFLOW [STEP=MINUTES ...]

MINUTES is about how long a step takes that makes one wait. Steps whose files have not changed are passed over, as by
`spacy project run WORKFLOW`.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from wasabi import msg
from weasel.cli.run import project_run
from weasel.util import load_project_config

ROOT = Path(__file__).parents[1]


def main(workflow: str, waits: dict[str, str]) -> None:
    """Run a workflow."""
    config = load_project_config(ROOT)
    steps: list[str] = config["workflows"][workflow]
    about = {command["name"]: command["help"] for command in config["commands"]}
    began = time.perf_counter()
    for number, step in enumerate(steps, start=1):
        wait = f" (about {waits[step]} minutes on two cores)" if step in waits else ""
        print(f"\n[{number}/{len(steps)}] {about[step]}{wait}", flush=True)
        start = time.perf_counter()
        project_run(ROOT, step)
        msg.good(f"[{number}/{len(steps)}] {step}: {seconds(start)}")
    msg.good(f"All {len(steps)} steps: {seconds(began)}")


def seconds(start: float) -> str:
    """The time since then."""
    spent = round(time.perf_counter() - start)
    return f"{spent} s" if spent < 120 else f"{spent // 60} min {spent % 60} s"


if __name__ == "__main__":
    main(sys.argv[1], dict(pair.split("=", 1) for pair in sys.argv[2:]))
