"""Run the notebooks and keep their output: `python docs/notebooks/run.py`.

They read the pretrained pipeline from the wheel in `assets/pipelines/`, whether it is installed or not.
"""

from __future__ import annotations

import os
import tempfile
import zipfile
from pathlib import Path
from typing import Any

import nbformat
from nbclient import NotebookClient

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]


def execute(path: Path, wheel: Path, work: Path, timeout: int = 300) -> Any:
    """Run all cells of a notebook in a process of its own.

    path (Path): The notebook.
    wheel (Path): The folder that the wheel of the pretrained pipeline was unpacked into.
    work (Path): An empty folder, in which the notebook runs; `assets` of the repository is found in it.
    timeout (int): Seconds that a cell may take.
    RETURNS (NotebookNode): The notebook with its new output.
    """
    notebook = nbformat.read(path, as_version=4)
    os.symlink(ROOT / "assets", work / "assets", target_is_directory=True)
    paths = os.pathsep.join([str(wheel), os.environ.get("PYTHONPATH", "")])
    where = {"metadata": {"path": str(work)}}
    client = NotebookClient(notebook, timeout=timeout, kernel_name="python3", resources=where)
    # One thread: the same sums on every machine with the same processor.
    client.execute(env={**os.environ, "PYTHONPATH": paths, "HF_HUB_OFFLINE": "1", "OMP_NUM_THREADS": "1"})
    return notebook


def printed(notebook: Any) -> list[str]:
    """What the cells printed, one text a cell with output; HTML is left out."""
    # A slow cell's output comes in several pieces.
    texts = (
        "".join(
            "".join(output.get("text") or output.get("data", {}).get("text/plain", ""))
            for output in cell.get("outputs", [])
        )
        for cell in notebook.cells
    )
    return [text for text in texts if text]


def unpack(target: Path) -> Path:
    """Unpack the wheel of the pretrained pipeline, and return the folder."""
    (wheel,) = (ROOT / "assets/pipelines").glob("en_hmtl_web_md-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(target)
    return target


def main() -> None:
    """Run each notebook, and write it back without what changes from run to run."""
    with tempfile.TemporaryDirectory() as folder:
        wheel = unpack(Path(folder) / "wheel")
        for path in sorted(FOLDER.glob("*.ipynb")):
            work = Path(folder) / path.stem
            work.mkdir()
            notebook = execute(path, wheel, work)
            for cell in notebook.cells:
                cell.metadata.clear()
                if cell.cell_type == "code":
                    # Warnings of libraries name folders of this machine.
                    cell.outputs = [output for output in cell.outputs if output.get("name") != "stderr"]
            notebook.metadata = {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}}
            nbformat.write(notebook, path)
            print(f"{path}: {sum(cell.cell_type == 'code' for cell in notebook.cells)} cells")


if __name__ == "__main__":
    main()
