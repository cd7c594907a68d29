"""Loads pipelines and finds our components in them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import spacy
from spacy.cli._util import setup_gpu
from spacy.language import Language
from spacy.util import is_package

from ..errors import Errors
from ..pipeline.diagnosis import damaged_file
from ..pipeline.loading import load_folder
from .arguments import exists

PRETRAINED = "en_hmtl_web_md"


def load_pipeline(model: str, gpu_id: int = -1) -> Language:
    """Load a pipeline on the CPU or a GPU.

    model (str): A folder, or the name of an installed package.
    RAISES (ValueError): H508; H580 to H583 where a folder brings or asks for code.
    """
    if gpu_id >= 0:
        setup_gpu(gpu_id, silent=True)
    try:
        return load_folder(model) if Path(model).exists() and not is_package(model) else spacy.load(model)
    except Exception as error:  # OSError where there is no pipeline, anything where its files are damaged
        if str(error).startswith("[H"):
            raise
        file = damaged_file(Path(model)) if Path(model).is_dir() else None
        reason = (str(error) or type(error).__name__) if file is None else f"{file} is missing or damaged ({error})"
        raise ValueError(Errors.H508.format(model=model, reason=reason)) from error


def is_pipeline(argument: str) -> bool:
    """Whether an argument names a pipeline: an installed package, or a folder with a config."""
    return is_package(argument) or (exists(argument) and (Path(argument) / "config.cfg").exists())


def default_pipeline() -> str:
    """The pretrained pipeline, for commands that are given none. RAISES (ValueError): H686."""
    if not is_package(PRETRAINED):
        raise ValueError(Errors.H686)
    return PRETRAINED


def hmtl_pipes(nlp: Language, model: str, what: str) -> list[Any]:
    """The components of the pipeline that are ours. RAISES (ValueError): H509."""
    pipes = [nlp.get_pipe(name) for name in nlp.pipe_names if nlp.get_pipe_meta(name).factory == "hmtl"]
    if not pipes:
        raise ValueError(Errors.H509.format(model=model, pipes=", ".join(nlp.pipe_names) or "none", what=what))
    return pipes
