"""The pretrained wheels in the tree: they say what they said when they were packaged, and what the docs show."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest
import spacy
from spacy.language import Language

from spacy_hmtl.golden.compare import compare
from spacy_hmtl.golden.sample import annotate, read_sample

ROOT = Path(__file__).parents[1]
# Confidences in bfloat16, where the processor multiplies it, are not those in float32.
TOLERANCE = 0.05


# Megabytes that a wheel may have, and F of names on UNER PUD that its card must say at least.
LIMITS = {"en_hmtl_web_md": (60, 70), "en_hmtl_web_sm": (25, 64)}


@pytest.fixture(scope="module", params=LIMITS)
def name(request: pytest.FixtureRequest) -> str:
    own: str = request.param
    return own


@pytest.fixture(scope="module")
def folder(name: str, pretrained: Path, pretrained_small: Path) -> Path:
    return pretrained if name.endswith("md") else pretrained_small


@pytest.fixture(scope="module")
def nlp(folder: Path) -> Language:
    return spacy.load(folder)


@pytest.fixture(scope="module")
def md(pretrained: Path) -> Language:
    return spacy.load(pretrained)


def test_the_wheel_is_small(name: str) -> None:
    (wheel,) = (ROOT / "assets" / "pipelines").glob(f"{name}-*.whl")
    assert wheel.stat().st_size < LIMITS[name][0] * 1e6


def test_it_says_what_it_said_when_it_was_packaged(nlp: Language, name: str) -> None:
    sample = read_sample(nlp, name)["documents"]
    found = annotate(nlp, [document["text"] for document in sample])
    assert not compare(sample, found, tolerance=TOLERANCE).differences


def test_the_page_shows_its_real_output(folder: Path, tmp_path: Path) -> None:
    command = [sys.executable, str(ROOT / "scripts" / "show.py"), str(folder), str(tmp_path / "page.html")]
    shown = subprocess.run(command, capture_output=True, text=True, check=True).stdout.rsplit("page:", 1)[0].strip()
    assert shown in (ROOT / "docs" / "pipelines.md").read_text(encoding="utf-8")
    assert "Dell" in (tmp_path / "page.html").read_text(encoding="utf-8")


def test_nothing_goes_beyond_a_line(nlp: Language) -> None:
    doc = nlp("Attendees: Maria Lopez\nDell\nAustin\n\nTim Cook")
    spans = [*doc.ents, *doc.spans["mentions"]]
    assert spans
    assert not [span.text for span in spans if "\n" in span.text]


def test_the_card_names_licence_sources_and_scores(nlp: Language, name: str) -> None:
    meta = nlp.meta
    assert meta["license"] == "CC BY-SA 4.0"
    assert all(source["license"] for source in meta["sources"])
    assert meta["performance"]["names, UNER PUD, f"] > LIMITS[name][1]


def test_the_universe_entry_shows_its_real_output(md: Language, capsys: pytest.CaptureFixture[str]) -> None:
    example = json.loads((ROOT / "universe.json").read_text(encoding="utf-8"))["code_example"]
    code = "\n".join(example).replace('spacy.load("en_hmtl_web_md")', "nlp")
    exec(compile(code, "universe.json", "exec"), {"nlp": md})
    expected = [line.removeprefix("# ") for line in example if line.startswith("# ")]
    assert capsys.readouterr().out.splitlines() == expected


TRY = re.findall(r'data-text="([^"]+)"', (ROOT / "spacy_hmtl/serve/static/index.html").read_text(encoding="utf-8"))


@pytest.mark.parametrize("text", TRY)
def test_the_texts_to_try_show_all_four_layers(md: Language, text: str) -> None:
    doc = md(text)
    assert doc.ents
    assert doc.spans["mentions"]
    assert [cluster for cluster in doc._.coref_clusters if len(cluster) > 1]
    assert doc._.relations
