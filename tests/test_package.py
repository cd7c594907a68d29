"""`spacy package` makes a wheel that loads by name, without an import of ours, and says the same."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from spacy.cli import package
from spacy.language import Language

from spacy_hmtl.annotations.jsonl import doc_to_json

LOAD = """
import json, sys
import spacy
nlp = spacy.load("en_hmtl_tiny")
from spacy_hmtl.jsonl import doc_to_json
print(json.dumps([doc_to_json(nlp(text)) for text in json.load(sys.stdin)]))
"""


# spaCy's package command leaves files open.
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning", "ignore::ResourceWarning")
@pytest.mark.slow
def test_packaged_pipeline_loads_in_a_fresh_process_and_gives_the_same_output(
    trained_nlp: Language, texts: list[str], tmp_path: Path
) -> None:
    trained_nlp.to_disk(tmp_path / "model")
    (tmp_path / "out").mkdir()
    package(tmp_path / "model", tmp_path / "out", name="hmtl_tiny", version="1.2.3", create_wheel=True, silent=True)
    (wheel,) = (tmp_path / "out").rglob("*.whl")
    install = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path / "site")]
    subprocess.run([*install, str(wheel)], check=True, capture_output=True)
    (metadata,) = (tmp_path / "site").glob("en_hmtl_tiny-*.dist-info/METADATA")
    assert "Requires-Dist: spacy-hmtl" in metadata.read_text(encoding="utf8").replace("_", "-")

    result = subprocess.run(
        [sys.executable, "-c", LOAD],
        input=json.dumps(texts),
        capture_output=True,
        text=True,
        env={**os.environ, "PYTHONPATH": str(tmp_path / "site")},
        cwd=tmp_path,
    )
    assert result.returncode == 0, result.stderr
    expected = [json.loads(json.dumps(doc_to_json(trained_nlp(text)))) for text in texts]
    assert json.loads(result.stdout) == expected
