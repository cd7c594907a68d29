"""A training as one HTML page: curves, config, data, versions. It needs nothing else."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from ..annotations.layers import LAYERS
from .curves import line_chart

_CSS = """
body{font:15px/1.5 system-ui,sans-serif;color:#1f2937;background:#fff;max-width:60rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.5rem}h2{font-size:1.1rem;margin-top:2rem;border-bottom:1px solid #ddd}
.charts{display:flex;flex-wrap:wrap;gap:1rem}.chart{margin:0;flex:1 1 27rem;max-width:29rem}
figcaption{font-weight:600}svg{width:100%;height:auto}svg text{font-size:10px;fill:#4b5563}
.legend{list-style:none;display:flex;flex-wrap:wrap;gap:.2rem 1rem;margin:0;padding:0;font-size:13px}
.legend span{display:inline-block;width:.8em;height:.8em;margin-right:.3em}
table{border-collapse:collapse}td,th{padding:.2rem .8rem .2rem 0;text-align:left;vertical-align:top}
td.n{text-align:right;font-variant-numeric:tabular-nums}
pre{background:#f6f6f4;padding:1rem;overflow:auto;font-size:12px}
"""
# F1 of each layer, as the page calls it.
_SCORES = {f"{layer.scores}_f": layer.title for layer in LAYERS.values()}


def render_report(record: Sequence[Mapping[str, Any]], title: str) -> str:
    """Show how a training went.

    record (Sequence): Lines of `training.jsonl`, see `spacy_hmtl.ConsoleLogger.v1`.
    title (str): Heading.
    RETURNS (str): A whole page; everything that comes from the record is escaped.
    """
    start = next((row for row in record if row["kind"] == "start"), {})
    updates = [row for row in record if row["kind"] == "updates"]
    scores = [row for row in record if row["kind"] == "scores"]
    sections = [
        f"<h1>{escape(title)}</h1>",
        _summary(record, scores),
        "<h2>Scores on the development data</h2>",
        _charts(_score_charts(scores)),
        _score_table(scores),
        "<h2>Updates</h2>",
        _charts(_update_charts(updates)),
        "<h2>Data</h2>",
        _data(start.get("data") or {}),
        "<h2>Versions and hardware</h2>",
        _pairs({**(start.get("versions") or {}), **(start.get("hardware") or {}), "date": start.get("date", "")}),
        "<h2>Config</h2>",
        f"<pre>{escape(str(start.get('config', 'not recorded')))}</pre>",
    ]
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{escape(title)}</title><style>{_CSS}</style></head><body>{''.join(sections)}</body></html>\n"
    )


def _charts(charts: Sequence[str]) -> str:
    return f'<div class="charts">{"".join(charts)}</div>'


def _summary(record: Sequence[Mapping[str, Any]], scores: Sequence[Mapping[str, Any]]) -> str:
    last: Mapping[str, Any] = record[-1] if record else {"step": 0, "seconds": 0.0, "kind": "start"}
    best = max(scores, key=lambda row: row["score"] or 0.0, default=None)
    values = {
        "updates": f"{last['step']:,}",
        "time": f"{last['seconds'] / 60:.1f} minutes",
        "ended": "yes" if last["kind"] == "end" else "no, or it was stopped",
    }
    if best is not None:
        values["best score"] = f"{100 * (best['score'] or 0.0):.2f} after {best['step']:,} updates"
    return _pairs(values)


def _score_charts(scores: Sequence[Mapping[str, Any]]) -> list[str]:
    def points(key: str) -> list[tuple[float, float]]:
        found = [(row["step"], row["scores"].get(key)) for row in scores]
        return [(float(step), 100 * value) for step, value in found if value is not None]

    joint = {"the score that chooses": [(float(row["step"]), 100 * (row["score"] or 0.0)) for row in scores]}
    layers = {title: points(key) for key, title in _SCORES.items()}
    return [line_chart("F1 of each task", layers, y_title="F1"), line_chart("Score", joint, y_title="per cent")]


def _score_table(scores: Sequence[Mapping[str, Any]]) -> str:
    keys = [key for key in _SCORES if any(row["scores"].get(key) is not None for row in scores)]
    head = "".join(f"<th>{escape(text)}</th>" for text in ("updates", "seconds", *(_SCORES[key] for key in keys)))
    body = ""
    for row in scores:
        values = [row["scores"].get(key) for key in keys]
        cells = [f"{row['step']:,}", f"{row['seconds']:,.0f}"]
        cells += ["-" if value is None else f"{100 * value:.2f}" for value in values]
        body += "<tr>" + "".join(f'<td class="n">{cell}</td>' for cell in cells) + "</tr>"
    return f"<table><tr>{head}</tr>{body}</table>"


def _update_charts(updates: Sequence[Mapping[str, Any]]) -> list[str]:
    tasks = sorted({task for row in updates for task in row["tasks"]})

    def points(task: str, key: str) -> list[tuple[float, float]]:
        return [(float(row["step"]), float(row["tasks"][task][key])) for row in updates if task in row["tasks"]]

    # Losses are of different sizes, so each has a chart of its own.
    charts = [
        line_chart(f"Loss: {_title(task)}", {_title(task): points(task, "loss")}, y_title="nats a document")
        for task in tasks
    ]
    norms = {_title(task): points(task, "norm") for task in tasks}
    charts.append(line_chart("Gradient norm before clipping", norms, y_title="norm"))
    rates = [(float(row["step"]), float(row["learn_rate"])) for row in updates if row.get("learn_rate") is not None]
    charts.append(line_chart("Learning rate", {"learning rate": rates}))
    charts.append(line_chart("Time", {"seconds": [(float(row["step"]), float(row["seconds"])) for row in updates]}))
    return charts


def _title(task: str) -> str:
    return LAYERS[task].title if task in LAYERS else task


def _data(data: Mapping[str, Mapping[str, Mapping[str, int]]]) -> str:
    rows = "".join(
        f"<tr><td>{escape(name)}</td><td>{escape(_title(task))}</td>"
        f'<td class="n">{counts["examples"]:,}</td><td class="n">{counts["tokens"]:,}</td></tr>'
        for name, tasks in data.items()
        for task, counts in tasks.items()
    )
    head = "<tr><th>component</th><th>task</th><th>training examples</th><th>tokens</th></tr>"
    return f"<table>{head}{rows}</table>" if rows else "<p>not recorded</p>"


def _pairs(values: Mapping[str, Any]) -> str:
    rows = "".join(
        f"<tr><th>{escape(str(key))}</th><td>{escape(str(value))}</td></tr>" for key, value in values.items()
    )
    return f"<table>{rows}</table>"
