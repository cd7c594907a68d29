"""Loads a pipeline's folder as data: nothing that it brings is run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from spacy.language import Language
from spacy.util import get_model_meta, load_config, load_model_from_config
from thinc.api import Model

from ..errors import Errors
from ..files import check_tree
from .intact import naming


def load_folder(path: str | Path) -> Language:
    """What `spacy.load` does with a folder, for a folder that may be hostile.

    RAISES (ValueError): H580 to H583 where the folder brings or asks for code, or leads out of
        itself; OSError, where it is no pipeline's.
    """
    path = Path(path).resolve()
    meta = get_model_meta(path)
    check_tree(path)
    config = load_config(path / "config.cfg")
    for name, block in config.get("components", {}).items():
        if "source" in block:
            found = f"source = {block['source']!r} of the component {name!r} in config.cfg"
            raise ValueError(Errors.H581.format(path=path, found=found))
    with naming(str(path / "config.cfg")):
        nlp = load_model_from_config(config, meta=meta)
    guard(nlp)
    return nlp.from_disk(path)


def guard(nlp: Language, *models: Model[Any, Any]) -> None:
    """Let the transformers of a pipeline load plain data only; call it before weights are read.

    spacy-transformers hands a folder's `auto_map`, and the tokenizer's settings in a saved
    pipeline, on to transformers, which may then run what they name.

    models (Model): Models of components that are not in the pipeline yet.
    """
    own = (getattr(pipe, "model", None) for _, pipe in nlp._components)
    for model in (*own, *models):
        for node in model.walk() if isinstance(model, Model) else ():
            if node.name == "transformer" and "set_transformer" in node.attrs:
                from ..bridge.embeddings.guard import guard_node

                guard_node(node)
