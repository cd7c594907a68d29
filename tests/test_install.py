"""What an installation promises: entry points that resolve, and starts that cost nothing."""

from __future__ import annotations

import ast
import importlib
import json
import subprocess
import sys
import textwrap
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from spacy.util import registry

SETUP = Path(__file__).parents[1] / "setup.py"
REGISTRIES = {
    "spacy_architectures": "architectures",
    "spacy_readers": "readers",
    "spacy_batchers": "batchers",
    "spacy_scorers": "scorers",
    "spacy_loggers": "loggers",
}


def entry_points() -> list[tuple[str, str, str]]:
    """(group, name, target) of every entry point in setup.py."""
    for node in ast.walk(ast.parse(SETUP.read_text(encoding="utf8"))):
        if isinstance(node, ast.keyword) and node.arg == "entry_points":
            table: dict[str, list[str]] = ast.literal_eval(node.value)
            rows = [(group, *line.split(" = ")) for group, lines in table.items() for line in lines]
            return [(group, name.strip(), target.strip()) for group, name, target in rows]
    raise LookupError("setup.py has no entry points")


ENTRY_POINTS = entry_points()


@pytest.mark.parametrize(("group", "name", "target"), ENTRY_POINTS, ids=[name for _, name, _ in ENTRY_POINTS])
def test_every_entry_point_resolves(group: str, name: str, target: str) -> None:
    module, attribute = target.split(":")
    found = getattr(importlib.import_module(module), attribute)
    assert found
    if group in REGISTRIES:
        assert callable(found)
        assert name.startswith("spacy_hmtl.")
        assert name.endswith(".v1")
        assert registry.get(REGISTRIES[group], name) is found
        assert found.__doc__


def test_the_factory_and_the_commands_are_among_them() -> None:
    names = {(group, name) for group, name, _ in ENTRY_POINTS}
    assert {("spacy_factories", "hmtl"), ("spacy_cli", "hmtl")} <= names
    assert {group for group, *_ in ENTRY_POINTS} >= set(REGISTRIES)


@cache
def modules_after(code: str) -> frozenset[str]:
    """Modules of ours and of torch that a fresh Python has loaded after running `code`."""
    report = "import json, sys; print(json.dumps([m for m in sys.modules if m.split('.')[0] in WANTED]))"
    names = ("spacy_hmtl", "torch", "torchcrf", "transformers", "spacy_transformers", "safetensors", "scipy", "sympy")
    wanted = f"WANTED = {names}"
    done = subprocess.run(
        [sys.executable, "-c", f"{textwrap.dedent(code)}\n{wanted}\n{report}"], capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    found: list[Any] = json.loads(done.stdout.splitlines()[-1])
    return frozenset(found)


def test_starting_spacy_loads_neither_torch_nor_the_bridge() -> None:
    # Thinc imports torch itself where it is installed, and spacy-transformers its library: only what we add counts.
    others = modules_after("import thinc.api, spacy_transformers")
    ours = modules_after("import spacy; spacy.blank('en')") - others
    assert "spacy_hmtl.pipeline.factory" in ours
    heavy = {"spacy_hmtl.bridge", "spacy_hmtl.nn", "spacy_hmtl.pipeline.component", "torchcrf", "scipy"}
    assert ours & heavy == set()


def test_data_scoring_and_pictures_run_without_the_network() -> None:
    code = """
        import spacy
        from spacy_hmtl.data.convert import convert
        from spacy_hmtl.training.corpus import make_multi_task_corpus
        from spacy_hmtl.training.batcher import make_task_batcher
        from spacy_hmtl.scoring.scorer import make_hmtl_scorer
        import spacy_hmtl.visualize
        """
    loaded = modules_after(code)
    rooms = {name.split(".")[1] for name in loaded if name.startswith("spacy_hmtl.")}
    assert rooms & {"nn", "bridge", "pipeline"} == set()
    assert "torchcrf" not in loaded


@pytest.fixture
def loaded(model_path: Path) -> frozenset[str]:
    """Modules that a saved pipeline has loaded after its first text, in a Python that has not imported us."""
    load = f"import spacy; nlp = spacy.load({str(model_path)!r})"
    return modules_after(f"{load}; assert nlp('Dell is in Texas.').spans['mentions'] is not None")


def test_a_saved_pipeline_loads_without_importing_us_first(loaded: frozenset[str]) -> None:
    assert "spacy_hmtl.pipeline.component" in loaded


def test_a_pipeline_without_a_transformer_starts_without_torchs_compiler(loaded: frozenset[str]) -> None:
    if version("transformers").startswith("4.53."):
        pytest.skip("transformers 4.53 imports torch's compiler whenever spaCy starts (docs/benchmarks.md)")
    assert {"torch._dynamo", "sympy"} & loaded == set()
