"""Thresholds and other settings: at load, after it, in what is saved, and under `spacy find-threshold`."""

from __future__ import annotations

import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy
import pytest
import spacy
from spacy.cli.find_threshold import find_threshold
from spacy.language import Language
from spacy.tokens import DocBin
from spacy.training import Example
from tiny import assert_alike, tiny_nlp


@pytest.fixture
def saved(trained_nlp: Language, tmp_path: Path) -> Path:
    trained_nlp.to_disk(tmp_path / "model")
    return tmp_path / "model"


def override(**settings: Any) -> dict[str, Any]:
    return {"components": {"hmtl": settings}}


def n_relations(nlp: Language, texts: list[str]) -> int:
    return sum(len(doc._.relations) for doc in nlp.pipe(texts))


def test_cfg_is_a_plain_dict_that_drives_prediction(saved: Path, texts: list[str]) -> None:
    nlp = spacy.load(saved)
    pipe: Any = nlp.get_pipe("hmtl")
    assert type(pipe.cfg) is dict
    counts = []
    for threshold in (0.1, 0.5, 0.999):
        pipe.cfg["relation_threshold"] = threshold
        counts.append(n_relations(nlp, texts))
        assert all(relation.score >= threshold - 1e-6 for doc in nlp.pipe(texts) for relation in doc._.relations)
    assert counts == sorted(counts, reverse=True)
    assert counts[0] > counts[-1]


def test_the_singleton_threshold_bounds_entities_of_one_mention(saved: Path, texts: list[str]) -> None:
    nlp = spacy.load(saved)
    pipe: Any = nlp.get_pipe("hmtl")
    counts = []
    for threshold in (0.0, 0.5, 1.0):
        pipe.cfg["singleton_threshold"] = threshold
        docs = list(nlp.pipe(texts))
        counts.append(sum(len(cluster) == 1 for doc in docs for cluster in doc._.coref_clusters))
    assert counts[0] > counts[1] > counts[2]


def test_an_override_at_load_wins(saved: Path, texts: list[str]) -> None:
    nlp = spacy.load(saved, config=override(relation_threshold=0.999))
    assert nlp.get_pipe("hmtl").cfg["relation_threshold"] == 0.999  # type: ignore[attr-defined]
    assert nlp.get_pipe("hmtl").cfg["singleton_threshold"] == 0.5  # type: ignore[attr-defined]
    assert n_relations(nlp, texts) < n_relations(spacy.load(saved), texts)


def test_an_override_survives_saving(saved: Path, tmp_path: Path) -> None:
    spacy.load(saved, config=override(relation_threshold=0.25)).to_disk(tmp_path / "again")
    assert spacy.load(tmp_path / "again").get_pipe("hmtl").cfg["relation_threshold"] == 0.25  # type: ignore[attr-defined]


def test_a_changed_setting_is_saved(saved: Path, tmp_path: Path) -> None:
    nlp = spacy.load(saved)
    nlp.get_pipe("hmtl").cfg["relation_threshold"] = 0.75  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "again")
    for loaded in (spacy.load(tmp_path / "again"), spacy.load(saved).from_bytes(nlp.to_bytes())):
        pipe: Any = loaded.get_pipe("hmtl")
        assert pipe.cfg["relation_threshold"] == 0.75
        assert set(pipe.cfg) == set(nlp.get_pipe("hmtl").cfg)  # type: ignore[attr-defined]


def test_an_override_at_load_wins_over_a_changed_setting_too(saved: Path, tmp_path: Path) -> None:
    nlp = spacy.load(saved)
    nlp.get_pipe("hmtl").cfg["relation_threshold"] = 0.75  # type: ignore[attr-defined]
    nlp.to_disk(tmp_path / "again")
    loaded = spacy.load(tmp_path / "again", config=override(relation_threshold=0.25))
    assert loaded.get_pipe("hmtl").cfg["relation_threshold"] == 0.25  # type: ignore[attr-defined]


def on_disk(nlp: Language, folder: Path) -> Language:
    nlp.to_disk(folder / "travel")
    return spacy.load(folder / "travel")


def as_bytes(nlp: Language, folder: Path) -> Language:
    config = {"components": {"hmtl": nlp.config["components"]["hmtl"]}, "nlp": {"lang": "en", "pipeline": ["hmtl"]}}
    return spacy.blank("en").from_config(config).from_bytes(nlp.to_bytes())


def sourced(nlp: Language, folder: Path) -> Language:
    other = spacy.blank("en")
    other.add_pipe("hmtl", source=on_disk(nlp, folder))
    return other


def pickled(nlp: Language, folder: Path) -> Language:
    return pickle.loads(pickle.dumps(nlp))


@pytest.fixture(scope="module")
def configured(demo_path: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small pipeline whose config has 0.3, which spaCy's JSON reads as another number."""
    docs = list(DocBin().from_disk(demo_path).get_docs(spacy.blank("en").vocab))
    examples = [Example(doc.copy(), doc) for doc in docs]
    nlp = tiny_nlp(examples, [["ner"], ["relation"]], relation_threshold=0.3)
    folder = tmp_path_factory.mktemp("configured") / "model"
    nlp.to_disk(folder)
    return folder


@pytest.mark.parametrize("travel", [on_disk, as_bytes, sourced, pickled])
@pytest.mark.parametrize("value", [0.99, 0.35, 0.95, 1 / 3, 1e-11, numpy.float32(0.7), 0, 0.3000001])
def test_every_value_of_a_setting_survives(
    configured: Path, tmp_path: Path, travel: Callable[[Language, Path], Language], value: Any
) -> None:
    nlp = spacy.load(configured)
    nlp.get_pipe("hmtl").cfg["relation_threshold"] = value  # type: ignore[attr-defined]
    for _ in range(3):
        nlp = travel(nlp, tmp_path)
        assert nlp.get_pipe("hmtl").cfg["relation_threshold"] == value  # type: ignore[attr-defined]


def test_every_kind_of_setting_survives_saving_and_gives_way_to_an_override(configured: Path, tmp_path: Path) -> None:
    changed = {"nesting": "outermost", "max_grad_norm": 0.7, "gold_mentions_key": "given", "keep_trf_data": True}
    changed |= {"singleton_threshold": 0.95, "notes": {"by label": {"WORKS_FOR": 0.6}, "list": [0.1, None, "a"]}}
    nlp = spacy.load(configured)
    nlp.get_pipe("hmtl").cfg.update(changed)  # type: ignore[attr-defined]
    loaded = on_disk(nlp, tmp_path)
    assert loaded.get_pipe("hmtl").cfg == nlp.get_pipe("hmtl").cfg  # type: ignore[attr-defined]
    overrides = {"max_grad_norm": 0.6, "singleton_threshold": 0.35}
    again = spacy.load(tmp_path / "travel", config=override(**overrides))
    expected = {**changed, **overrides}
    assert {key: again.get_pipe("hmtl").cfg[key] for key in expected} == expected  # type: ignore[attr-defined]


def test_a_setting_that_makes_no_sense_is_refused_when_it_is_loaded(configured: Path, tmp_path: Path) -> None:
    nlp = spacy.load(configured)
    nlp.get_pipe("hmtl").cfg["relation_threshold"] = 1.7  # type: ignore[attr-defined]
    with pytest.raises(ValueError, match=r"relation_threshold must be between 0 and 1, found 1\.7"):
        on_disk(nlp, tmp_path)


def test_find_threshold_tunes_the_relation_threshold(
    saved: Path, demo_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    best, score, scores = find_threshold(
        str(saved), demo_path, "hmtl", "relation_threshold", "relations_boundaries_f", n_trials=4, silent=True
    )
    assert sorted(scores) == pytest.approx([0.0, 1 / 3, 2 / 3, 1.0])
    assert score == max(scores.values()) > 0.0
    assert 0.0 < best < 1.0
    capsys.readouterr()


def test_mentions_given_by_hand_are_clustered(saved: Path, texts: list[str]) -> None:
    nlp = spacy.load(saved, config=override(gold_mentions_key="given", singleton_threshold=0.0))
    free = spacy.load(saved, config=override(singleton_threshold=0.0))
    docs = [nlp.make_doc(text) for text in texts[:2] + texts[4:5]]
    boundaries = [(0, 1), (0, 20), (3, 4), (7, 19)]
    docs[1].spans["given"] = [docs[1][start:end] for start, end in boundaries]
    docs[2].spans["given"] = []
    for doc in nlp.pipe(docs):
        found = sorted((span.start, span.end) for span in doc.spans["coref"])
        assert found == sorted((span.start, span.end) for span in doc.spans["given"]) if doc else found == []
    # Where a Doc has no such group, the head's own candidates stand.
    own = [nlp.make_doc(text) for text in (texts[1], texts[4])]
    own[0].spans["given"] = [own[0][0:1]]
    marked, unmarked = nlp.pipe(own)
    assert [(span.start, span.end) for span in marked.spans["coref"]] == [(0, 1)]
    assert_alike(unmarked, free(texts[4]))
