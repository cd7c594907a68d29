"""Pipelines of earlier releases load and say what they said."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.tokens import Doc

# The fixture was saved with spaCy 3.8.18: an earlier one says that it may not be compatible.
pytestmark = pytest.mark.filterwarnings(r"ignore:\[W095\]")
FOLDER = Path(__file__).parent / "fixtures" / "pipeline-0.1.0"


def read(doc: Doc) -> dict[str, Any]:
    """All that is annotated, as JSON holds it."""
    layers: dict[str, Any] = {"ents": [[ent.start, ent.end, ent.label_] for ent in doc.ents]}
    for key, group in doc.spans.items():
        attrs = {name: list(values) for name, values in group.attrs.items()}
        layers[key] = {"spans": [[span.start, span.end, span.label_] for span in group], **attrs}
    return json.loads(json.dumps(layers, default=float))


def without_scores(layers: dict[str, Any]) -> tuple[dict[str, Any], list[float]]:
    """Layers without their confidences, and these."""
    rest = {key: {k: v for k, v in layer.items() if k != "scores"} for key, layer in layers.items() if key != "ents"}
    scores = [score for key in sorted(rest) for score in layers[key]["scores"]]
    return {"ents": layers["ents"], **rest}, scores


def test_a_pipeline_of_the_first_release_says_what_it_said(tmp_path: Path) -> None:
    nlp = spacy.load(FOLDER / "pipeline")
    pipe: Any = nlp.get_pipe("hmtl")
    assert pipe.cfg["relation_threshold"] == 0.4
    assert pipe.cfg["singleton_threshold"] == 0.45
    assert pipe.cfg.keys() == spacy.blank("en").add_pipe("hmtl").cfg.keys()  # type: ignore[attr-defined]
    expected = json.loads((FOLDER / "expected.json").read_text(encoding="utf8"))
    texts = [document.pop("text") for document in expected]
    # Saved again by this release, it is still the same.
    nlp.to_disk(tmp_path / "again")
    for loaded in (nlp, spacy.load(tmp_path / "again")):
        n_found = 0
        for doc, document in zip(loaded.pipe(texts), expected, strict=True):
            (layers, scores), (wanted, wanted_scores) = without_scores(read(doc)), without_scores(document)
            assert layers == wanted
            assert scores == pytest.approx(wanted_scores, abs=2e-4)
            n_found += len(scores)
        assert n_found > 100


def test_a_setting_changed_in_the_first_release_gives_way_to_an_override() -> None:
    nlp = spacy.load(FOLDER / "pipeline", config={"components": {"hmtl": {"singleton_threshold": 0.3}}})
    assert nlp.get_pipe("hmtl").cfg["singleton_threshold"] == 0.3  # type: ignore[attr-defined]
