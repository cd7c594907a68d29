"""Make of a trained pipeline what is packaged: weights in half the space, thresholds, and the card in its meta.

    python scripts/web/card.py MODEL OUTPUT --version 0.1.0 [--scores scores.json]

The card is assets/pipelines/card.json; scores are those of benchmarks/pipelines.py.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

import spacy

CARD = Path(__file__).parents[2] / "assets" / "pipelines" / "card.json"
_SAVE = "components.hmtl.model.embed.layers.transformer.save_dtype"


def main() -> None:
    """Read the arguments, and write the folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("output", type=Path)
    parser.add_argument("--version", required=True)
    parser.add_argument("--scores", type=Path)
    arguments = parser.parse_args()
    card: dict[str, Any] = json.loads(CARD.read_text(encoding="utf-8"))
    settings = {f"components.hmtl.{key}": card.pop(key) for key in ("relation_thresholds", "coref_threshold")}
    nlp = spacy.load(arguments.model, config={_SAVE: "float16", **settings})
    # What has no more digits than half precision takes a third less of the wheel, and is read like any other.
    for parameter in nlp.get_pipe("hmtl").model.shims[0].hierarchy.parameters():  # type: ignore[attr-defined]
        parameter.data = parameter.data.half().float()
    nlp.meta.update(card | {"name": "hmtl_web_md", "version": arguments.version})
    if arguments.scores is not None:
        nlp.meta["performance"] = {
            f"{title}, {name}": value
            for title, row in json.loads(arguments.scores.read_text(encoding="utf-8")).items()
            for name, value in row.items()
        }
    nlp.to_disk(arguments.output)


if __name__ == "__main__":
    main()
