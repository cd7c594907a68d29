"""Print names, chains and triples that a pipeline finds in a text, and write a page with all four layers.

    python scripts/show.py MODEL PAGE.html [TEXT]

Without a text (or with an empty one), the sample of the embedded corpus is read.
"""

from __future__ import annotations

import sys
from pathlib import Path

import spacy

from spacy_hmtl.visualize import render

SAMPLE = Path(__file__).parents[1] / "assets" / "demo" / "sample.txt"


def main(model: str, page: Path, text: str) -> None:
    """Annotate one text."""
    doc = spacy.load(model)(text or SAMPLE.read_text(encoding="utf-8").strip())
    print(doc.text, end="\n\n")
    print("names:  ", ", ".join(f"{ent.text} ({ent.label_})" for ent in doc.ents) or "none")
    chains = [[mention.text for mention in own] for own in doc._.coref_clusters if len(own) > 1]
    print("chains: ", "\n         ".join(" = ".join(own) for own in chains) or "none")
    triples = [f"{r.head.text} {r.label} {r.tail.text}" for r in doc._.relations]
    print("triples:", "\n         ".join(triples) or "none")
    page.parent.mkdir(parents=True, exist_ok=True)
    page.write_text(render([doc]), encoding="utf-8", errors="xmlcharrefreplace")
    print(f"page:    {page}")


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else "")
