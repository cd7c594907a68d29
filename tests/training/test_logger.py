"""The training log talks: a bar on a terminal, and why the first rows show 0.00."""

from __future__ import annotations

import io
from types import SimpleNamespace
from typing import Any

import pytest
from terminals import Terminal, watched

from spacy_hmtl.progress import is_watched
from spacy_hmtl.training.logger import make_console_logger

WARMUP = {"@schedules": "warmup_linear.v1", "warmup_steps": 50, "total_steps": 100, "initial_rate": 0.1}


def nlp(rate: Any = WARMUP, averages: bool = True) -> Any:
    """A pipeline as the logger sees it, with one component of two tasks."""
    pipe = SimpleNamespace(tasks=["ner", "coref"], latest_losses={}, is_trainable=True)
    optimizer = {"learn_rate": rate, "use_averages": averages}
    weights = {"ents_f": 0.5, "coref_f": 0.5}
    training = {"max_steps": 100, "eval_frequency": 2, "score_weights": weights, "optimizer": optimizer}
    return SimpleNamespace(pipeline=[("hmtl", pipe)], config={"training": training})


def row(step: int, ents_f: float, coref_f: float, ner: float = 3.0, coref: float = 2.0) -> dict[str, Any]:
    losses = {"hmtl": ner + coref, "hmtl_ner": ner, "hmtl_coref": coref}
    return {"epoch": 0, "step": step, "losses": losses, "score": 0.1} | {
        "other_scores": {"ents_f": ents_f, "coref_f": coref_f}
    }


def run(stderr: Any, rows: list[dict[str, Any] | None], made: Any = None, **options: Any) -> str:
    """What a training of these updates prints."""
    made, stdout = made or nlp(), io.StringIO()
    log_step, finalize = make_console_logger(**options)(made, stdout, stderr)
    pipe = made.pipeline[0][1]
    for i, info in enumerate(rows):
        pipe.latest_losses = {"ner": 10.0} if i % 2 else {"coref": 4.0}
        log_step(info)
    finalize()
    return stdout.getvalue()


def test_a_terminal_sees_updates_time_left_and_losses_of_each_task(monkeypatch: pytest.MonkeyPatch) -> None:
    stderr = watched(monkeypatch)
    run(stderr, [row(0, 0.1, 0.1), None, row(2, 0.2, 0.1)])
    shown = stderr.last_lines()[-1]
    assert "2 of 100 updates" in shown
    assert "left" in shown
    assert "losses: ner 10.0, coref 4.0" in shown


@pytest.mark.parametrize(("name", "value"), [("CI", "true"), ("TERM", "dumb")])
def test_no_bar_in_continuous_integration_or_on_a_dumb_terminal(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    stderr = watched(monkeypatch)
    assert is_watched(stderr)
    monkeypatch.setenv(name, value)
    run(stderr, [row(0, 0.1, 0.1), None])
    assert stderr.getvalue() == ""


def test_no_bar_in_a_file_and_none_where_it_is_switched_off(monkeypatch: pytest.MonkeyPatch) -> None:
    watched(monkeypatch)
    file, terminal = io.StringIO(), Terminal()
    run(file, [row(0, 0.1, 0.1), None])
    run(terminal, [row(0, 0.1, 0.1), None], progress_bar=None)
    assert file.getvalue() == terminal.getvalue() == ""


def test_scores_of_zero_are_explained_once() -> None:
    text = " ".join(run(None, [row(0, 0.0, 0.0, coref=0.0), row(2, 0.1, 0.0), row(4, 0.0, 0.0)]).split())
    assert text.count("0.00 in the first rows") == 1
    assert "rises from 0 over the first 50 updates" in text
    assert "averaged weights" in text
    assert "was not drawn" in text


def test_reasons_are_those_of_the_config() -> None:
    text = run(None, [row(0, 0.0, 0.1)], nlp(rate=0.001, averages=False))
    assert "0.00 in the first rows" in text
    assert not any(word in text for word in ("rises", "averaged", "was not drawn"))


def test_scores_that_are_there_need_no_explanation() -> None:
    assert "first rows" not in run(None, [row(0, 0.1, 0.2), row(2, 0.1, 0.2), row(4, 0.1, 0.2), row(6, 0.0, 0.2)])
