"""Which pipelines a server offers, under which names, and what is made of their Docs."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from concurrent.futures import wait
from functools import partial
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import get_installed_models, get_package_path, load_config

from ..annotate.pipelines import hmtl_pipes, load_pipeline
from ..annotate.process import WorkerDiedError
from ..annotations.jsonl import to_line
from ..errors import Errors
from ..visualize import render_panels
from .pool import Pool
from .schema import Limits


def installed_models() -> list[str]:
    """Names of the installed pipeline packages that have our component."""
    return sorted(name for name in get_installed_models() if _has_hmtl(name))


def start_pools(models: Sequence[str], limits: Limits, *, n_workers: int = 1, gpu_id: int = -1) -> dict[str, Pool]:
    """Load pipelines, each in processes of its own.

    models (Sequence): Folders or names of installed packages; if empty, all that are installed.
    n_workers (int): Processes per pipeline.
    RETURNS (dict): Pools by the name that users choose them by; the first is the default.
    RAISES (ValueError): H508, H509 where a pipeline cannot be used, H527 where there is none.
    RAISES (OSError): H631.
    """
    models = models or installed_models()
    if not models:
        raise ValueError(Errors.H527)
    sources = dict(zip(short_names(models), models))
    pools = {
        name: Pool(
            name, partial(load_served, model, gpu_id), limits, describe=partial(describe, name), n_workers=n_workers
        )
        for name, model in sources.items()
    }
    wait([pool.loaded for pool in pools.values()])
    for pool in pools.values():
        error = pool.loaded.exception()
        if error is not None:
            close_pools(pools.values())
            raise OSError(Errors.H631) if isinstance(error, WorkerDiedError) else error
    return pools


def close_pools(pools: Iterable[Pool]) -> None:
    """End all processes."""
    for pool in (pools := list(pools)):
        pool.stop()
    for pool in pools:
        pool.close(timeout=5.0)


def short_names(models: Sequence[str]) -> list[str]:
    """A name for each model that says nothing of the machine: a folder's last part, numbered where two are equal."""
    names: list[str] = []
    for model in models:
        # spaCy takes an installed package before a folder.
        base = model if spacy.util.is_package(model) else Path(model).resolve().name or "model"
        name, n = base, 1
        while name in names:
            n += 1
            name = f"{base}-{n}"
        names.append(name)
    return names


def describe(name: str, nlp: Language) -> dict[str, Any]:
    """What users may know of a pipeline: its version, language, and the labels of each task."""
    labels = {task: list(found) for pipe in hmtl_pipes(nlp, name, "serve") for task, found in pipe.label_data.items()}
    return {"name": name, "version": nlp.meta.get("version", ""), "lang": nlp.lang, "labels": labels}


def encode_document(doc: Doc) -> bytes:
    """The document as `annotate` writes it."""
    return to_line(doc).rstrip("\n").encode("utf-8")


def join_documents(documents: Sequence[bytes]) -> bytes:
    """Documents under `results`."""
    return b'{"results":[%s]}' % b",".join(documents)


def encode_panels(doc: Doc) -> bytes:
    """The four layers as HTML without inline styles."""
    found = {
        task: {"count": panel.n_found, "html": _without_styles(panel.html)}
        for task, panel in render_panels(doc).items()
    }
    return json.dumps({"tokens": len(doc), "panels": found}, ensure_ascii=False).encode("utf-8")


def _without_styles(html: str) -> str:
    """Move `style` attributes to `data-style`, for the page's script to apply.

    The page's policy forbids inline styles. In rendered HTML a quotation mark is always one of ours,
    since those of texts and labels are escaped.
    """
    return html.replace(' style="', ' data-style="')


def load_served(model: str, gpu_id: int = -1) -> Language:
    """Load a pipeline that has our component. RAISES (ValueError): H508, H509."""
    try:
        nlp = load_pipeline(model, gpu_id)
    except Exception as error:  # a folder can hold anything; which of several models it was must be said
        if isinstance(error, ValueError) and model in str(error):
            raise
        reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        raise ValueError(Errors.H508.format(model=model, reason=reason)) from error
    hmtl_pipes(nlp, model, "serve")
    return nlp


def _has_hmtl(package: str) -> bool:
    folder = get_package_path(package)
    for path in folder.glob("*/config.cfg"):
        components = load_config(path).get("components", {})
        return any(component.get("factory") == "hmtl" for component in components.values())
    return False
