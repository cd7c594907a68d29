"""Settings of one call (spaCy's component_cfg), and a component's folder read on its own."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import spacy
from spacy.language import Language
from spacy.tokens import Doc
from spacy.training import Example
from tiny import LEVELS, snapshot, tiny_config


def n_relations(doc: Doc) -> int:
    return len(doc._.relations)


def test_a_call_can_change_what_a_trained_model_is_read_with(
    trained_nlp: Language, demo_examples: list[Example]
) -> None:
    text = demo_examples[0].reference.text
    usual = n_relations(trained_nlp(text))
    all_of_them, none = ({"hmtl": {"relation_threshold": value}} for value in (0.0, 1.0))
    assert n_relations(trained_nlp(text, component_cfg=all_of_them)) > usual
    [(doc, context)] = trained_nlp.pipe([(text, 7)], as_tuples=True, component_cfg=none)
    assert (n_relations(doc), context) == (0, 7)
    scores = trained_nlp.evaluate(demo_examples, component_cfg=none)
    assert scores["relations_r"] == 0.0
    assert scores["ents_f"] > 0.0
    # It was for one call.
    assert n_relations(trained_nlp(text)) == usual
    assert trained_nlp.get_pipe("hmtl").cfg["relation_threshold"] not in (0.0, 1.0)  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"relation_treshold": 0.5}, r"H600.*cannot change relation_treshold for one call; it can change relation_thr"),
        ({"spans_keys": {"emd": "mine"}}, r"H600.*cannot change spans_keys.*\[components\.hmtl\]"),
        ({"relation_threshold": 2.0}, r"H205.*between 0 and 1, found 2\.0"),
    ],
)
def test_what_a_call_cannot_change_is_said(trained_nlp: Language, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        trained_nlp("Dell left.", component_cfg={"hmtl": settings})
    with pytest.raises(ValueError, match=message):
        list(trained_nlp.pipe(["Dell left."], component_cfg={"hmtl": settings}))


def test_an_error_handler_of_the_pipeline_decides(trained_nlp: Language, monkeypatch: pytest.MonkeyPatch) -> None:
    pipe: Any = trained_nlp.get_pipe("hmtl")
    seen: list[str] = []
    monkeypatch.setattr(pipe, "error_handler", lambda name, proc, docs, error: seen.append(f"{name}: {error}"), False)
    assert list(trained_nlp.pipe(["Dell left."], component_cfg={"hmtl": {"relation_threshold": 0.1}}))
    monkeypatch.setattr(type(pipe), "_predictions", lambda *args: 1 / 0)
    assert list(trained_nlp.pipe(["Dell left."])) == []
    assert seen == ["hmtl: division by zero"]


def test_a_components_folder_is_read_on_its_own(trained_nlp: Language, tmp_path: Path) -> None:
    trained_nlp.to_disk(tmp_path)
    text = "Bill Clinton was born in Hope."
    nlp = spacy.blank("en")
    nlp.add_pipe("hmtl", config=tiny_config(LEVELS)).from_disk(tmp_path / "hmtl")  # type: ignore[attr-defined]
    assert snapshot(nlp(text)) == snapshot(trained_nlp(text))


def test_a_folder_of_another_config_says_so(trained_nlp: Language, tmp_path: Path) -> None:
    trained_nlp.to_disk(tmp_path)
    nlp = spacy.blank("en")
    with pytest.raises(ValueError, match=r"H209.*do not fit the config.*as spacy\.load does"):
        nlp.add_pipe("hmtl").from_disk(tmp_path / "hmtl")  # type: ignore[attr-defined]
