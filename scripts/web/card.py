"""Make of a trained pipeline what is packaged: numbers in half the space, thresholds, and the card in its meta.

    python scripts/web/card.py MODEL OUTPUT --name en_hmtl_web_md --version 0.1.0
    python scripts/web/card.py FINISHED OUTPUT --scores scores.json

The card is assets/pipelines/card.json, which all pipelines share, and NAME.json beside it; scores are those of
benchmarks/pipelines.py.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import spacy
from spacy.language import Language

CARDS = Path(__file__).parents[2] / "assets" / "pipelines"


def read_card(name: str) -> dict[str, Any]:
    """What a pipeline's meta says, and its settings."""
    shared, own = (json.loads((CARDS / f"{file}.json").read_text(encoding="utf-8")) for file in ("card", name))
    return shared | own | {"sources": [*own["sources"], *shared["sources"]]}


def finish(model: Path, name: str, version: str) -> Language:
    """The pipeline with its settings, its card, and numbers of half precision."""
    card = read_card(name)
    settings = {f"components.hmtl.{key}": value for key, value in card.pop("settings").items()}
    layers = spacy.util.load_config(model / "config.cfg")["components"]["hmtl"]["model"]["embed"]["layers"]
    if "transformer" in layers:
        settings["components.hmtl.model.embed.layers.transformer.save_dtype"] = "float16"
    nlp = spacy.load(model, config=settings)
    # What has no more digits than half precision takes a third less of the wheel, and is read like any other.
    for parameter in nlp.get_pipe("hmtl").model.shims[0].hierarchy.parameters():  # type: ignore[attr-defined]
        parameter.data = parameter.data.half().float()
    nlp.meta.update(card | {"name": name.removeprefix("en_"), "version": version})
    return nlp


def add_scores(model: Path, scores: Path) -> Language:
    """A finished pipeline whose meta says what benchmarks/pipelines.py found."""
    nlp = spacy.load(model)
    rows = json.loads(scores.read_text(encoding="utf-8"))
    nlp.meta["performance"] = {f"{title}, {name}": value for title, row in rows.items() for name, value in row.items()}
    return nlp


def main() -> None:
    """Read the arguments, and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--name", default="en_hmtl_web_md")
    parser.add_argument("--version", default="0.1.0")
    parser.add_argument("--scores", type=Path, help="Add these to a finished pipeline, and change nothing else")
    own = parser.parse_args()
    nlp = add_scores(own.model, own.scores) if own.scores else finish(own.model, own.name, own.version)
    own.output.mkdir(parents=True, exist_ok=True)
    nlp.to_disk(own.output)


if __name__ == "__main__":
    main()
