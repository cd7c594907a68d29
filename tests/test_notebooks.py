"""The notebooks run, and what the pages show of their output is what they print."""

from __future__ import annotations

from pathlib import Path

import pytest
from scripts_of_docs import DOCS, script

NOTEBOOKS = DOCS / "notebooks"


@pytest.mark.slow
@pytest.mark.parametrize("name", ["train", "use"])
def test_a_notebook_prints_what_it_shows(name: str, pretrained: Path, tmp_path: Path) -> None:
    pytest.importorskip("ipykernel")
    nbformat = pytest.importorskip("nbformat")
    pytest.importorskip("nbclient")
    run = script("notebooks/run.py")
    path = NOTEBOOKS / f"{name}.ipynb"
    shown = run.printed(nbformat.read(path, as_version=4))
    assert len(shown) >= 5
    new = run.execute(path, pretrained.parents[1], tmp_path)
    for cell in (cell for cell in new.cells if cell.cell_type == "code"):
        cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
    # Other processors multiply bfloat16 otherwise, and sum in another order: what is learnt or scored may differ there.
    assert len(run.printed(new)) == len(shown)
    assert run.printed(new)[0] == shown[0]
