"""Tables, result files, and what is said about the machine they come from."""

from __future__ import annotations

import json
import os
import platform
import re
from collections.abc import Mapping, Sequence
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_tile")
PACKAGES = ("spacy-hmtl", "spacy", "thinc", "torch", "transformers", "spacy-transformers")


def table(columns: Mapping[str, str], rows: Sequence[Mapping[str, Any]]) -> str:
    """A Markdown table.

    columns (Mapping): Title of each column -> a format with the keys of a row, such as "{wall_s:.1f}".
    RETURNS (str): A key that a row does not have, or has as None, gives an empty cell.
    """
    lines = [f"| {' | '.join(columns)} |", "|---" * len(columns) + "|"]
    for row in rows:
        cells = []
        for form in columns.values():
            names = re.findall(r"{(\w+)", form)
            cells.append("" if any(row.get(name) is None for name in names) else form.format(**row))
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def surroundings() -> dict[str, Any]:
    """The processor, its cores and instruction sets, how busy it is, and the versions of what runs on it."""
    versions = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            versions[name] = version(name)
        except PackageNotFoundError:
            continue
    flags, model = _cpuinfo()
    return {
        "processor": model or platform.processor() or platform.machine(),
        "cores": os.cpu_count(),
        "instructions": [name for name in INSTRUCTIONS if name in flags],
        "load_average": round(os.getloadavg()[0], 2) if hasattr(os, "getloadavg") else None,
        "versions": versions,
    }


def describe(machine: Mapping[str, Any]) -> str:
    """One line of `surroundings`, to stand above a table."""
    versions = ", ".join(f"{name} {value}" for name, value in machine["versions"].items())
    sets = " ".join(machine["instructions"])
    load = machine["load_average"]
    return f"{machine['processor']} ({sets}), {machine['cores']} cores, load average {load} at the start; {versions}"


def save(path: Path | None, part: str, rows: Sequence[Mapping[str, Any]], machine: Mapping[str, Any]) -> None:
    """Put the rows of one measurement into a result file (JSON); its other parts stay as they are."""
    if path is None:
        return
    results = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
    results[part] = {"machine": machine, "rows": list(rows)}
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(results, indent=1) + "\n", encoding="utf-8")


def _cpuinfo() -> tuple[set[str], str]:
    """Flags and name of the processor, as Linux tells them."""
    path = Path("/proc/cpuinfo")
    if not path.exists():
        return set(), ""
    lines = dict(re.findall(r"^([\w ]+?)\s*: (.*)$", path.read_text(), flags=re.MULTILINE))
    return set(lines.get("flags", "").split()), lines.get("model name", "")
