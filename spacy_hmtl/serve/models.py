"""Which pipelines a server offers, under which names, and what is made of their Docs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import wait
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.util import get_installed_models, get_package_path, load_config

from ..annotate.pipelines import hmtl_pipes, load_pipeline
from ..annotations.jsonl import to_line
from ..errors import Errors
from ..visualize import render_panels
from .schema import Limits
from .worker import Worker


def installed_models() -> list[str]:
    """Names of the installed pipeline packages that have our component."""
    return sorted(name for name in get_installed_models() if _has_hmtl(name))


def start_workers(models: Sequence[str], limits: Limits, *, gpu_id: int = -1) -> dict[str, Worker]:
    """Load pipelines, each in the thread that will run it.

    models (Sequence): Folders or names of installed packages; if empty, all that are installed.
    RETURNS (dict): Workers by the name that users choose them by; the first is the default.
    RAISES (ValueError): H508, H509 where a pipeline cannot be used, H527 where there is none.
    """
    models = models or installed_models()
    if not models:
        raise ValueError(Errors.H527)
    sources = dict(zip(short_names(models), models))
    workers = {name: Worker(name, _loader(model, gpu_id), limits) for name, model in sources.items()}
    wait([worker.loaded for worker in workers.values()])
    for worker in workers.values():
        error = worker.loaded.exception()
        if error is not None:
            close_workers(workers.values())
            raise error
    return workers


def close_workers(workers: Iterable[Worker]) -> None:
    for worker in workers:
        worker.close(timeout=5.0)


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


def _loader(model: str, gpu_id: int) -> Callable[[], Language]:
    def load() -> Language:
        try:
            nlp = load_pipeline(model, gpu_id)
        except Exception as error:  # a folder can hold anything; which of several models it was must be said
            if isinstance(error, ValueError) and model in str(error):
                raise
            reason = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
            raise ValueError(Errors.H508.format(model=model, reason=reason)) from error
        hmtl_pipes(nlp, model, "serve")
        return nlp

    return load


def _has_hmtl(package: str) -> bool:
    folder = get_package_path(package)
    for path in folder.glob("*/config.cfg"):
        components = load_config(path).get("components", {})
        return any(component.get("factory") == "hmtl" for component in components.values())
    return False
