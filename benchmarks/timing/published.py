"""ELMo and word vectors of the published sizes with random numbers: neither speed nor memory depends on the numbers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Annotated, Any, TypedDict

import numpy
import typer

ROOT = Path(__file__).parents[2]
# (projection, cell, highway layers) of the published models.
ELMO_SIZES = {"small": (128, 1024, 1), "medium": (256, 2048, 1), "original": (512, 4096, 2)}
FILTERS = [[1, 32], [2, 32], [3, 64], [4, 128], [5, 256], [6, 512], [7, 1024]]
GLOVE_ROWS, GLOVE_WIDTH = 400_000, 100
_TASKS = ("ner", "emd", "relation", "coref")


class ElmoFiles(TypedDict):
    """The settings of an embedding that name its files."""

    options: str
    weights: str


def write_elmo(folder: Path, size: str) -> ElmoFiles:
    """Files of an ELMo of a published size; the settings that name them."""
    import h5py

    from spacy_hmtl.bridge.embeddings.elmo_files import array_shapes, read_options

    projection, hidden, n_highway = ELMO_SIZES[size]
    lstm = {"projection_dim": projection, "dim": hidden, "n_layers": 2}
    lstm |= {"cell_clip": 3, "proj_clip": 3, "use_skip_connections": True}
    characters = {"embedding": {"dim": 16}, "filters": FILTERS, "n_highway": n_highway, "activation": "relu"}
    characters |= {"n_characters": 262, "max_characters_per_token": 50}
    (folder / "options.json").write_text(json.dumps({"lstm": lstm, "char_cnn": characters}))
    random = numpy.random.default_rng(0)
    with h5py.File(folder / "weights.hdf5", "w") as file:
        for name, shape in array_shapes(read_options(folder / "options.json")).items():
            file[name] = random.standard_normal(shape, dtype="float32") * numpy.float32(0.05)
    return {"options": str(folder / "options.json"), "weights": str(folder / "weights.hdf5")}


def give_vectors(nlp: Any, docs: list[Any]) -> None:
    """A table of GloVe's size that holds the words of the Docs."""
    from spacy.vectors import Vectors

    words = sorted({token.lower_ for doc in docs for token in doc})
    words += [f"filler{i}" for i in range(GLOVE_ROWS - len(words))]
    data = numpy.random.default_rng(0).standard_normal((GLOVE_ROWS, GLOVE_WIDTH), dtype="float32")
    nlp.vocab.vectors = Vectors(strings=nlp.vocab.strings, data=data, keys=words)


def paper_paths(folder: Path) -> dict[str, str]:
    """What configs/hmtl.cfg is told of the files that `paper` wrote."""
    names = {"vectors": "vectors", "elmo_options": "options.json", "elmo_weights": "weights.hdf5"}
    return {f"paths.{key}": str(folder / name) for key, name in names.items()}


def paper(
    folder: Path,
    data: Annotated[Path, typer.Option(help="Training documents with all four layers (.spacy)")],
    steps: Annotated[int, typer.Option(help="Updates; untrained heads predict nonsense and time nonsense")] = 1500,
) -> None:
    """Train configs/hmtl.cfg on ELMo and word vectors of the published sizes, with random numbers: FOLDER/hmtl."""
    import spacy

    from spacy_hmtl.data.docbin import read_docs

    folder.mkdir(parents=True, exist_ok=True)
    write_elmo(folder, "original")
    nlp = spacy.blank("en")
    give_vectors(nlp, list(read_docs(data, nlp)))
    nlp.to_disk(folder / "vectors")
    settings = paper_paths(folder)
    settings |= {f"paths.{task}_{part}": str(data) for task in _TASKS for part in ("train", "dev")}
    settings |= {"training.max_steps": str(steps), "training.eval_frequency": str(steps)}
    command = ["train", str(ROOT / "configs" / "hmtl.cfg"), "--output", str(folder / "training")]
    for key, value in settings.items():
        command += [f"--{key}", value]
    subprocess.run([sys.executable, "-m", "spacy", *command], check=True)
    (folder / "hmtl").unlink(missing_ok=True)
    (folder / "hmtl").symlink_to((folder / "training" / "model-last").resolve())
