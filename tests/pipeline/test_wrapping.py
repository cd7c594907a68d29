"""Line breaks and double spaces in a text change no score."""

from __future__ import annotations

import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest
from spacy.language import Language
from spacy.tokens import Doc, DocBin
from spacy.training import Example
from tiny import DEMO

from spacy_hmtl.data.convert import convert

LAYOUTS: dict[str, Callable[[str], str]] = {
    "short lines": lambda text: textwrap.fill(text, 40, break_on_hyphens=False),
    "indented lines": lambda text: textwrap.indent(textwrap.fill(text, 60, break_on_hyphens=False), "  "),
    "a line for each word": lambda text: text.replace(" ", "\r\n"),
    "double spaces": lambda text: text.replace(" ", "  "),
}


@pytest.fixture(scope="module")
def dev_path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("dev") / "dev.spacy"
    convert("demo", DEMO / "texts", path, ids=DEMO / "splits" / "dev.ids")
    return path


def evaluate(nlp: Language, path: Path, lay_out: Callable[[str], str]) -> dict[str, object]:
    docs: list[Doc] = list(DocBin().from_disk(path).get_docs(nlp.vocab))
    scores = nlp.evaluate([Example(nlp.make_doc(lay_out(" ".join(doc.text.split()))), doc) for doc in docs])
    # spaCy's own keys: of the tokenizer, and of the clock.
    return {key: score for key, score in scores.items() if not key.startswith("token_") and key != "speed"}


def test_scores_of_the_demos_dev_documents(trained_nlp: Language, dev_path: Path) -> None:
    expected = evaluate(trained_nlp, dev_path, lambda text: text)
    assert all(expected[key] for key in ("ents_f", "mentions_f", "coref_f", "relations_last_token_f"))
    for name, lay_out in LAYOUTS.items():
        assert evaluate(trained_nlp, dev_path, lay_out) == expected, name
