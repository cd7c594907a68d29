"""Draws docs/pretrained.png: what the pretrained pipeline says of a text, as `hmtl visualize` shows it.

    python docs/site/picture.py [MODEL]

MODEL is the installed `en_hmtl_web_md` unless a folder is named. A Chromium takes the picture.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import spacy
import torch

from spacy_hmtl.visualize import render

PICTURE = Path(__file__).parents[1] / "pretrained.png"
TEXT = (
    "Marie Curie was born in Warsaw and moved to Paris in 1891. At the University of Paris she met Pierre Curie, "
    "and the two married in 1895. After his death she became a professor there. Her daughter Irene worked with her "
    "at the Radium Institute and later shared a Nobel Prize with her husband, Frederic Joliot."
)


def main(model: str) -> None:
    """Annotate the text, write the page, and take its picture."""
    browser = shutil.which("chromium") or shutil.which("google-chrome")
    if browser is None:
        sys.exit("No chromium: install one, it takes the picture.")
    torch.set_num_threads(1)
    doc = spacy.load(model)(TEXT)
    with tempfile.TemporaryDirectory() as folder:
        page = Path(folder) / "page.html"
        page.write_text(render([doc], title="What en_hmtl_web_md says"), encoding="utf-8")
        size = ["--window-size=1000,760", "--hide-scrollbars", "--force-device-scale-factor=1"]
        options = ["--headless", "--no-sandbox", "--disable-gpu", *size, f"--screenshot={PICTURE}"]
        subprocess.run([browser, *options, page.as_uri()], check=True, capture_output=True, timeout=120)
    print(PICTURE)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "en_hmtl_web_md")
