"""The training log: what is not there is no zero."""

from __future__ import annotations

import io
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from spacy_hmtl.training.logger import make_console_logger

WEIGHTS = {"ents_f": 0.25, "mentions_f": 0.25, "coref_f": 0.25, "relations_f": 0.25, "ents_p": None}
INFO = {
    "epoch": 1,
    "step": 20,
    "losses": {"hmtl": 3.0, "hmtl_ner": 3.0, "hmtl_emd": 0.0, "tagger": 0.0},
    "other_scores": {"ents_f": 0.5, "mentions_f": 0.0},
    "score": 0.125,
}


def log(info: dict[str, Any], **settings: Any) -> list[list[str]]:
    """Rows of a table in which one step is logged."""
    pipes: list[tuple[str, Any]] = [
        ("sentencizer", SimpleNamespace()),
        ("tagger", SimpleNamespace(is_trainable=True)),
        ("hmtl", SimpleNamespace(is_trainable=True, tasks=["ner", "emd"])),
    ]
    training = {"score_weights": WEIGHTS, "max_steps": 0, "eval_frequency": 10, "optimizer": {}}
    nlp, stream = SimpleNamespace(pipeline=pipes, config={"training": training}), io.StringIO()
    log_step, finalize = make_console_logger(**settings)(nlp, stream)
    log_step(None)
    log_step(info)
    finalize()
    return [line.split() for line in stream.getvalue().splitlines()]


def row(info: dict[str, Any]) -> list[str]:
    """The row of one step."""
    [found] = [row for row in log(info) if row[:2] == ["1", "20"]]
    return found


def test_what_is_not_there_is_a_dash_and_the_score_is_of_what_is() -> None:
    # E, #, losses of tagger, ner, emd, scores of four tasks, SCORE: (0.5 + 0) / 2.
    assert row(INFO) == ["1", "20", "0.00", "3.00", "-", "50.00", "0.00", "-", "-", "0.25"]


def test_the_score_of_all_tasks_is_spacys() -> None:
    info = {**INFO, "other_scores": {**INFO["other_scores"], "coref_f": 0.0, "relations_f": 0.0}}  # type: ignore[dict-item]
    assert row(info)[-5:] == ["50.00", "0.00", "0.00", "0.00", "0.12"]


def test_without_any_score_there_is_none() -> None:
    assert row({**INFO, "other_scores": {}, "score": 0.0})[-5:] == ["-"] * 5


def test_the_file_has_null_for_what_is_not_there(tmp_path: Path) -> None:
    path = tmp_path / "logs" / "log.jsonl"
    assert ["Saving", "results", "to", str(path)] in log(INFO, output_file=path)
    made = json.loads(path.read_text())
    assert made["losses"] == {"tagger": 0.0, "ner": 3.0, "emd": None}
    assert made["scores"] == {"ents_f": 50.0, "mentions_f": 0.0, "coref_f": None, "relations_f": None}
    assert (made["epoch"], made["step"], made["score"]) == (1, 20, 0.25)
    said = log(INFO, output_file=path)
    assert any("already" in line and "exists." in line for line in said)
    assert len(path.read_text().splitlines()) == 1
