"""What is made of an annotated Doc, in the worker's thread: JSON, so that nothing of the Doc is kept."""

from __future__ import annotations

import json
from collections.abc import Sequence

from spacy.tokens import Doc

from ..annotations.jsonl import to_line
from ..visualize import render_panels


def document(doc: Doc) -> bytes:
    """The document as `annotate` writes it."""
    return to_line(doc).rstrip("\n").encode("utf-8")


def batch(documents: Sequence[bytes]) -> bytes:
    """Documents under `results`."""
    return b'{"results":[%s]}' % b",".join(documents)


def panels(doc: Doc) -> bytes:
    """The four layers as HTML without inline styles."""
    found = {
        task: {"count": panel.n_found, "html": without_styles(panel.html)} for task, panel in render_panels(doc).items()
    }
    return json.dumps({"tokens": len(doc), "panels": found}, ensure_ascii=False).encode("utf-8")


def without_styles(html: str) -> str:
    """Move `style` attributes to `data-style`, for the page's script to apply.

    The page's policy forbids inline styles. In rendered HTML a quotation mark is always one of ours,
    since those of texts and labels are escaped.
    """
    return html.replace(' style="', ' data-style="')
