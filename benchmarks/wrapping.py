"""What line breaks and double spaces in a text cost, in points of the scores.

    python -m benchmarks.wrapping training/demo/model-best corpus/demo/dev.spacy

Each document's text is laid out again, predicted on, and scored against the gold
annotation of the text as it was. Sentence boundaries are not given.
"""

from __future__ import annotations

import sys
import textwrap
from collections.abc import Callable
from pathlib import Path

import spacy
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training import Example

SCORES = {"ents_f": "names", "mentions_f": "mentions", "relations_f": "relations", "coref_f": "coreference"}
LAYOUTS: dict[str, Callable[[str], str]] = {
    "as it was": lambda text: text,
    "lines of 72 characters": lambda text: textwrap.fill(text, 72, break_on_hyphens=False),
    "lines of 30 characters": lambda text: textwrap.fill(text, 30, break_on_hyphens=False),
    "a line for each word": lambda text: text.replace(" ", "\n"),
    "two spaces between words": lambda text: text.replace(" ", "  "),
    "indented lines": lambda text: textwrap.indent(textwrap.fill(text, 60, break_on_hyphens=False), "    "),
}


def table(nlp: Language, path: Path) -> list[tuple[str, dict[str, float]]]:
    """Scores of each layout."""
    rows = []
    for name, lay_out in LAYOUTS.items():
        references = list(DocBin().from_disk(path).get_docs(nlp.vocab))
        # The text of one line: some corpora have line breaks of their own.
        texts = [lay_out(" ".join(doc.text.split())) for doc in references]
        examples = [Example(nlp.make_doc(text), doc) for text, doc in zip(texts, references)]
        found = nlp.evaluate(examples)
        rows.append((name, {key: found[key] for key in SCORES}))
    return rows


def main(model: str, data: str) -> None:
    print("| layout | " + " | ".join(SCORES.values()) + " |")
    print("|---|" + "---|" * len(SCORES))
    for name, scores in table(spacy.load(model), Path(data)):
        print(f"| {name} | " + " | ".join(f"{100 * score:.2f}" for score in scores.values()) + " |")


if __name__ == "__main__":
    main(*sys.argv[1:])
