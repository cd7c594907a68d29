"""Markdown tables of a grid's results: means and spreads over seeds, differences with their bounds."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from ..annotations.layers import LAYERS, TASKS
from .documents import OWN
from .grid import Grid
from .plan import Run
from .rows import Results, Row
from .setups import SETUPS
from .statistics import Counted, Difference, Mean, mean_of, paired_difference

# The setup of each task alone.
SINGLE = {"ner": "B", "emd": "C", "relation": "D", "coref": "E"}
CHECKPOINTS = {"joint": "joint checkpoint", "own": "each task's own best checkpoint"}
# Setups whose orders are compared: the second one with the first.
ORDERS = (("F", "K"), ("A", "A-REVERSED"))


@dataclass
class Group:
    """Runs that differ in their seeds alone.

    setup, embeddings, sampling: where they stand in the grid.
    rows: by seed, those that were made.
    details: by seed, their curves and counts of documents.
    """

    setup: str
    embeddings: str
    sampling: str
    rows: dict[int, Row] = field(default_factory=dict)
    details: dict[int, dict[str, Any]] = field(default_factory=dict)

    @property
    def tasks(self) -> list[str]:
        """Of the setup."""
        return SETUPS[self.setup].tasks

    def mean(self, key: str) -> Mean | None:
        """The mean of a column over seeds."""
        return mean_of([row[key] for row in self.rows.values() if row.get(key) is not None])

    def counts(self, key: str) -> dict[int, Counted]:
        """By seed, the counts of documents for a score."""
        found = {seed: (own.get("documents") or {}).get(key) for seed, own in self.details.items()}
        return {seed: table for seed, table in found.items() if table}


def groups_of(runs: Iterable[Run], results: Results) -> list[Group]:
    """The runs of a grid by setup, embeddings and sampling, with those rows that are there.

    runs (Iterable): All of the grid.
    results (Results): Rows.
    RETURNS (list): In the grid's order, without what no row is there of.
    """
    done = results.read()
    found: dict[tuple[str, str, str], Group] = {}
    for run in runs:
        if run.key in done:
            axes = (run.setup, run.embeddings, run.sampling)
            group = found.setdefault(axes, Group(*axes))
            group.rows[run.seed], group.details[run.seed] = done[run.key], results.details(run.key)
    return list(found.values())


def make_tables(grid: Grid, runs: Sequence[Run], results: Results) -> str:
    """A page with the tables of a grid.

    grid (Grid): Says which.
    runs (Sequence): All of the grid.
    results (Results): Rows; the page says which are missing.
    RETURNS (str): Markdown.
    """
    groups = groups_of(runs, results)
    parts = [f"# {grid.title}", _say_what(grid, runs, groups)]
    for part in grid.parts:
        for checkpoint, title in CHECKPOINTS.items():
            parts.append(f"## {part}, {title}: mean F1 and standard deviation over seeds")
            parts.append(_scores(grid, groups, f"{checkpoint}_{part}"))
        if pairs := _pairs(grid, groups):
            parts.append(f"## {part}, joint checkpoint: differences in points of F1, with 95 % bounds")
            parts.append("Bounds by a bootstrap over documents (2,000 draws), the same for both and for all seeds.")
            parts.append(_differences(grid, pairs, f"joint_{part}"))
    if grid.table == "time":
        parts.append("## Updates until a single task's score")
        parts.append(_times(groups))
    return "\n\n".join(parts) + "\n"


def name_of(grid: Grid, group: Group) -> str:
    """What a group is called: what differs within its grid."""
    axes = ((grid.setups, group.setup), (grid.embeddings, group.embeddings), (grid.sampling, group.sampling))
    return ", ".join(own for values, own in axes if len(values) > 1) or group.setup


def _say_what(grid: Grid, runs: Sequence[Run], groups: Sequence[Group]) -> str:
    made = {id(row) for group in groups for row in group.rows.values()}
    text = f"{len(made)} of {len(runs)} runs; budget: {grid.budget.describe()}."
    first = next((row for group in groups for row in group.rows.values()), None)
    if first is not None:
        versions = ", ".join(f"{key[8:]} {first[key]}" for key in sorted(first) if key.startswith("version_"))
        text += f" {first.get('processor') or first.get('machine')}, {first.get('threads')} thread(s); {versions}."
    seeds = {(run.setup, run.embeddings, run.sampling): [] for run in runs}  # type: ignore[var-annotated]
    done = {(g.setup, g.embeddings, g.sampling): set(g.rows) for g in groups}
    for run in runs:
        axes = (run.setup, run.embeddings, run.sampling)
        if run.seed not in done.get(axes, set()):
            seeds[axes].append(run.seed)
    missing = [
        f"{name_of(grid, Group(*axes))} (seeds {', '.join(map(str, own))})" for axes, own in seeds.items() if own
    ]
    return text + (f" Not made yet: {'; '.join(missing)}." if missing else "")


def _scores(grid: Grid, groups: Sequence[Group], prefix: str) -> str:
    rows = [
        (name_of(grid, group), *(_percent(group.mean(f"{prefix}_{OWN[task]}")) for task in TASKS), str(len(group.rows)))
        for group in groups
    ]
    return markdown(("", *(LAYERS[task].title for task in TASKS), "seeds"), rows)


def _pairs(grid: Grid, groups: Sequence[Group]) -> list[tuple[str, dict[str, tuple[Group, Group]]]]:
    """What is compared: a name and, by task, a group and the one that it is held against."""
    by_axes = {(group.setup, group.embeddings, group.sampling): group for group in groups}
    found = []
    for group in groups:
        if grid.table == "order":
            against = {own: (first, group.embeddings, group.sampling) for first, own in ORDERS}
            others = dict.fromkeys(group.tasks, against.get(group.setup))
            name = f"{group.setup} against {(against.get(group.setup) or ('',))[0]}"
        elif grid.table in ("embeddings", "sampling"):
            first = (group.setup, grid.embeddings[0], grid.sampling[0])
            others, name = (
                dict.fromkeys(group.tasks, first),
                f"{name_of(grid, group)} against {name_of(grid, Group(*first))}",
            )
        else:
            gold = "-GM" if "-GM" in group.setup else ""
            singles = {task: SINGLE[task] + (gold if task == "coref" else "") for task in group.tasks}
            others = {task: (own, group.embeddings, group.sampling) for task, own in singles.items()}
            name = f"{name_of(grid, group)} against single tasks"
        pairs = {
            task: (group, by_axes[axes])
            for task, axes in others.items()
            if axes is not None and axes in by_axes and by_axes[axes] is not group
        }
        if pairs:
            found.append((name, pairs))
    return found


def difference(pair: tuple[Group, Group], key: str) -> Difference | None:
    """The difference of two groups in a score.

    pair (tuple): The group, and what it is held against.
    key (str): Column.
    RETURNS (Difference, optional): None where there is nothing to compare.
    """
    return paired_difference(pair[0].counts(key), pair[1].counts(key))


def _differences(grid: Grid, pairs: Sequence[tuple[str, dict[str, tuple[Group, Group]]]], prefix: str) -> str:
    rows = []
    for name, own in pairs:
        found = {task: difference(own[task], f"{prefix}_{OWN[task]}") for task in TASKS if task in own}
        rows.append((name, *(_bounds(found.get(task)) for task in TASKS)))
    return markdown(("", *(LAYERS[task].title for task in TASKS)), rows)


def first_reaching(curves: Sequence[dict[str, Any]], key: str, score: float) -> tuple[int, float] | None:
    """When a training had a score.

    curves (Sequence): Lines of `training.jsonl`.
    key (str): Score, such as "ents_f".
    score (float): At least this.
    RETURNS (tuple, optional): Updates in all, and seconds; None if it never had it.
    """
    for row in curves:
        if row["kind"] == "scores" and (row["scores"].get(key) or 0.0) >= score:
            return row["step"], row["seconds"]
    return None


def _times(groups: Sequence[Group]) -> str:
    """For each task and seed: the single task's best score and its updates, and when the others had it."""
    singles = {group.setup: group for group in groups if group.setup in SINGLE.values()}
    rows = []
    for task, setup in SINGLE.items():
        for seed, own in sorted(singles[setup].details.items()) if setup in singles else ():
            curve = [row for row in own["curves"] if row["kind"] == "scores"]
            best = max((row["scores"].get(OWN[task]) or 0.0 for row in curve), default=0.0)
            alone = first_reaching(curve, OWN[task], best)
            for group in groups:
                if group.setup != setup and task in group.tasks and seed in group.details and alone is not None:
                    then = first_reaching(group.details[seed]["curves"], OWN[task], best)
                    reached = ("not reached", "") if then is None else (f"{then[0]:,}", f"{then[1]:,.0f}")
                    cells = (f"{100 * best:.1f}", f"{alone[0]:,}", f"{alone[1]:,.0f}", group.setup, *reached)
                    rows.append((LAYERS[task].title, str(seed), *cells))
    heads = ("task", "seed", "single task's best dev F1", "updates", "seconds", "setup", "updates in all", "seconds")
    return markdown(heads, rows)


def markdown(header: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A Markdown table.

    header (Sequence): Titles of columns.
    rows (Iterable): Cells.
    RETURNS (str): Lines, without one at the end.
    """
    lines = [header, ["---"] * len(header), *rows]
    return "\n".join("| " + " | ".join(cell.replace("|", "\\|") for cell in line) + " |" for line in lines)


def _percent(mean: Mean | None) -> str:
    if mean is None:
        return "-"
    return f"{100 * mean.mean:.1f}" + ("" if mean.spread is None else f" ± {100 * mean.spread:.1f}")


def _bounds(found: Difference | None) -> str:
    if found is None:
        return "-"
    text = f"{100 * found.mean:+.1f} ({100 * found.low:+.1f} to {100 * found.high:+.1f})"
    return f"**{text}**" if found.is_clear else text
