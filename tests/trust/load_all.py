"""Load every hostile folder of a list and say what came of each; `y` waits on standard input for whoever asks.

Run as `python load_all.py LIST.json OUT.json`: pairs of a way to load and a path in, messages out.
"""

from __future__ import annotations

import json
import os
import sys
import warnings
from pathlib import Path
from typing import Any

os.environ["HF_HUB_OFFLINE"] = "1"
warnings.simplefilter("ignore")

import spacy  # noqa: E402
from spacy.language import Language  # noqa: E402

from spacy_hmtl.annotate.pipelines import load_pipeline  # noqa: E402


def initialize(path: str) -> Language:
    """Begin a training with an encoder's folder."""
    from spacy_hmtl.bridge.embeddings.encoder import read_encoder

    read_encoder(path)
    return spacy.blank("en")


def listen(path: str) -> Language:
    """Begin a training in which spacy-transformers reads the folder."""
    nlp = spacy.blank("en")
    spans = {"@span_getters": "spacy-transformers.strided_spans.v1", "window": 30, "stride": 20}
    model = {"@architectures": "spacy-transformers.TransformerModel.v3", "name": path, "get_spans": spans}
    nlp.add_pipe("transformer", config={"model": model})
    nlp.add_pipe("hmtl")
    nlp.get_pipe("transformer").model.initialize()  # type: ignore[attr-defined]
    return nlp


WAYS: dict[str, Any] = {"encoder": initialize, "listener": listen, "spacy": spacy.load, "command": load_pipeline}


def main(tasks: Path, out: Path) -> None:
    said = []
    for way, path in json.loads(tasks.read_text()):
        try:
            WAYS[way](path)
            said.append("loaded")
        except Exception as error:  # whatever it is, the test looks at it
            said.append(f"{type(error).__name__}: {error}")
    out.write_text(json.dumps(said))


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
