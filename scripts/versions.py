"""Run the quick tests with the oldest packages that setup.py allows, or with the newest there are.

    python3.10 scripts/versions.py oldest
    python3.13 scripts/versions.py newest --no-torch

Makes `.venv-oldest` or `.venv-newest` with the Python that runs this. `--no-torch` takes whatever torch the package
index offers for this Python instead of the oldest one, which is large. Pages, browser tests and trainings are left
out: they say nothing of versions.
"""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
QUICK = ("annotations", "bridge", "data", "graph", "nn", "pipeline", "scoring", "trust", "test_saved.py")
# What has no lower bound of its own in setup.py but decides over those that have.
_REQUIREMENT = re.compile(r'"([A-Za-z0-9_.-]+)(?:\[[a-z]+\])?>=([0-9.]+)')


def lower_bounds() -> dict[str, str]:
    """Name of each required package to the oldest version that setup.py allows."""
    text = (ROOT / "setup.py").read_text(encoding="utf-8")
    required = text[text.index("install_requires=[") : text.index("extras_require=")]
    return dict(_REQUIREMENT.findall(required))


def main(which: str, *options: str) -> int:
    """Make the environment, say what is in it, run the tests."""
    folder = ROOT / f".venv-{which}"
    python = str(folder / "bin" / "python")
    if not folder.exists():
        subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    oldest = {name: version for name, version in lower_bounds().items() if which == "oldest"}
    if "--no-torch" in options:
        oldest.pop("torch", None)
    pins = [f"{name}=={version}" for name, version in oldest.items()]
    newest = ["--upgrade"] if which == "newest" else []
    subprocess.run(
        [python, "-m", "pip", "install", "--quiet", *newest, *pins, "--editable", f"{ROOT}[test]"], check=True
    )
    subprocess.run([python, "-m", "pip", "list", "--format=freeze"], check=True)
    tests = [str(ROOT / "tests" / name) for name in QUICK]
    return subprocess.run([python, "-m", "pytest", "-q", "-p", "no:cacheprovider", *tests], cwd=ROOT).returncode


if __name__ == "__main__":
    raise SystemExit(main(*sys.argv[1:]))
