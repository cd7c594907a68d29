"""Let the last layers of a pipeline's encoder be trained, for scripts/web/tune.cfg; 0 layers: freeze all again.

python scripts/web/thaw.py MODEL OUTPUT LAYERS
"""

from __future__ import annotations

import sys
from pathlib import Path

import spacy

_EMBED = "components.hmtl.model.embed.layers.transformer"


def main(model: str, output: Path, n_layers: int) -> None:
    """Load with other settings, and save; no weight is changed."""
    tuned = n_layers > 0
    settings = {"frozen": not tuned, "last_layers": n_layers, "scalar_mix": True, "mixed_precision": tuned}
    # Numbers of a training are kept whole; the card halves them at the end.
    settings["save_dtype"] = "float32"
    nlp = spacy.load(model, config={f"{_EMBED}.{key}": value for key, value in settings.items()})
    nlp.to_disk(output)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), int(sys.argv[3]))
