"""No code from a model, ever: hostile folders are refused by name, and nothing of them is run."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import spacy
import srsly
from spacy.language import Language
from spacy.training import Example
from tiny import tiny_config, tiny_nlp
from tiny_encoder import LISTENER, encoder_block, transformer_block
from trust.hostile import CODE, ENCODERS, PACKED, TRACE, change_shim

from spacy_hmtl.bridge.embeddings.encoder_files import read_folder

HERE = Path(__file__).parent


def load_all(tasks: list[tuple[str, Path]], folder: Path) -> list[str]:
    """What came of loading each path in its way, in a process that answers `y` to every question."""
    (folder / "tasks.json").write_text(json.dumps([(way, str(path)) for way, path in tasks]))
    trace = folder / "trace.txt"
    done = subprocess.run(
        [sys.executable, str(HERE / "load_all.py"), str(folder / "tasks.json"), str(folder / "said.json")],
        input="y\n" * 200,
        env={**os.environ, TRACE: str(trace), "HF_HOME": str(folder / "hf"), "OMP_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        timeout=300,
        check=True,
    )
    assert "[y/N]" not in done.stdout + done.stderr
    assert not trace.exists(), trace.read_text()
    assert not list(folder.rglob("escaped*"))
    said: list[str] = json.loads((folder / "said.json").read_text())
    return said


def copies(source: Path, changes: list[Callable[..., None]], folder: Path) -> list[Path]:
    paths = [folder / change.__name__ / "copy" for change in changes]
    for path in paths:
        shutil.copytree(source, path)
    return paths


def refused(said: str, code: str, name: str) -> bool:
    return said.startswith(f"ValueError: [{code}]") and name in said


def test_the_code_would_leave_a_trace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TRACE, str(tmp_path / "trace"))
    exec(CODE, {"__name__": "run"})
    assert (tmp_path / "trace").read_text() == "run"


def test_hostile_encoders_are_refused(encoder: Path, tmp_path: Path) -> None:
    paths = copies(encoder, list(ENCODERS), tmp_path)
    for change, path in zip(ENCODERS, paths):
        change(path)
    said = load_all([("encoder", path) for path in paths] + [("encoder", encoder)], tmp_path)
    assert said[-1] == "loaded"
    wrong = {c.__name__: text for (c, kind), text in zip(ENCODERS.items(), said) if not refused(text, *kind)}
    assert wrong == {}


@pytest.mark.parametrize("change", ENCODERS, ids=lambda change: str(change.__name__))
def test_hostile_encoders_are_refused_where_their_files_are_read(
    encoder: Path, tmp_path: Path, change: Callable[[Path], None]
) -> None:
    (path,) = copies(encoder, [change], tmp_path)
    change(path)
    code, name = ENCODERS[change]
    with pytest.raises(ValueError, match=rf"\[{code}\].*{re.escape(name)}"):
        read_folder(str(path))


def test_hostile_encoders_are_refused_for_a_shared_transformer(encoder: Path, tmp_path: Path) -> None:
    # Weights are read by spacy-transformers there, as tensors and nothing else.
    changes = {change: kind for change, kind in ENCODERS.items() if "pickle" not in change.__name__}
    changes.pop(next(change for change in changes if change.__name__ == "shard_elsewhere"))
    paths = copies(encoder, list(changes), tmp_path)
    for change, path in zip(changes, paths):
        change(path)
    said = load_all([("listener", path) for path in paths] + [("listener", encoder)], tmp_path)
    assert said[-1] == "loaded"
    wrong = {c.__name__: text for (c, kind), text in zip(changes.items(), said) if not refused(text, *kind)}
    assert wrong == {}


def _own(examples: list[Example], encoder: Path) -> Language:
    return tiny_nlp(examples, [["ner"]], model={"embed": encoder_block(encoder)})


def _shared(examples: list[Example], encoder: Path) -> Language:
    nlp = spacy.blank("en")
    nlp.add_pipe("transformer", config=transformer_block(encoder))
    nlp.add_pipe("hmtl", config=tiny_config([["ner"]], model={"embed": LISTENER}))
    nlp.initialize(lambda: examples)
    return nlp


@pytest.mark.parametrize(("make", "pipe"), [(_own, "hmtl"), (_shared, "transformer")])
def test_hostile_pipelines_are_refused(
    demo_examples: list[Example], encoder: Path, tmp_path: Path, make: Any, pipe: str
) -> None:
    make(demo_examples[:3], encoder).to_disk(tmp_path / "model")
    paths = copies(tmp_path / "model", list(PACKED), tmp_path)
    for change, path in zip(PACKED, paths):
        change_shim(path / pipe / "model", change)
    ways = ("spacy", "command")
    said = load_all([(way, path) for way in ways for path in (*paths, tmp_path / "model")], tmp_path)
    for own in (said[: len(said) // 2], said[len(said) // 2 :]):
        assert own[-1] == "loaded"
        wrong = {c.__name__: text for (c, kind), text in zip(PACKED.items(), own) if not refused(text, *kind)}
        assert wrong == {}


def test_a_pipeline_folder_with_code_or_links_is_refused(tmp_path: Path, demo_examples: list[Example]) -> None:
    tiny_nlp(demo_examples[:3], [["ner"]]).to_disk(tmp_path / "model")
    secret = tmp_path / "secret"
    secret.write_bytes(srsly.msgpack_dumps({}))
    code, link, inner, sourced = (tmp_path / name for name in ("code", "link", "inner", "sourced"))
    for path in (code, link, inner, sourced):
        shutil.copytree(tmp_path / "model", path)
    (code / "evil.py").write_text(CODE)
    (inner / "hmtl" / "__init__.py").write_text(CODE)
    (link / "hmtl" / "model").unlink()
    (link / "hmtl" / "model").symlink_to(secret)
    (sourced / "config.cfg").write_text(
        f'[nlp]\nlang = "en"\npipeline = ["x"]\n[components]\n[components.x]\nsource = "{code}"\n'
    )
    tasks = [("command", code), ("command", link), ("spacy", link), ("command", inner), ("spacy", inner)]
    expected = [("H580", "evil.py"), *[("H581", "model")] * 2, *[("H580", "__init__.py")] * 2, ("H581", "source")]
    said = load_all([*tasks, ("command", sourced)], tmp_path)
    assert [refused(text, *kind) for text, kind in zip(said, expected)] == [True] * 6, said
