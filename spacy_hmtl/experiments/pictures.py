"""Pictures of a grid's results, by matplotlib: PNG and SVG."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from ..annotations.layers import LAYERS, TASKS
from ..errors import Errors
from .documents import OWN
from .grid import Grid
from .tables import SINGLE, Group, name_of

_SUFFIXES = (".png", ".svg")


def draw(grid: Grid, groups: Sequence[Group], folder: Path) -> list[Path]:
    """Draw what the grid's tables say: differences as a heat map, or bars with spreads; learning curves of each task.

    grid (Grid): Its first part is drawn.
    groups (Sequence): With rows.
    folder (Path): For the files.
    RETURNS (list): The files; none without rows.
    RAISES (ValueError): H665 without matplotlib.
    """
    figure_of = _figure_of()
    prefix = f"joint_{grid.parts[0]}" if grid.parts else "joint_dev"
    figures: dict[str, Any] = {}
    if groups:
        figures["scores"] = _bars(figure_of, grid, groups, prefix)
        figures["curves"] = _curves(figure_of, grid, groups)
    if grid.table == "setups" and any(group.setup in SINGLE.values() for group in groups):
        figures["gains"] = _heat_map(figure_of, grid, groups, prefix)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for name, figure in figures.items():
        for suffix in _SUFFIXES:
            path = folder / f"{grid.name}-{name}{suffix}"
            # Without the date, so that equal results are equal files.
            figure.savefig(path, bbox_inches="tight", dpi=120, metadata={"Date": None} if suffix == ".svg" else None)
            written.append(path)
    return written


def _figure_of() -> Any:
    """matplotlib's figure, which needs no screen. RAISES (ValueError): H665."""
    try:
        import matplotlib
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ValueError(Errors.H665) from error
    matplotlib.rcParams["svg.hashsalt"] = "spacy-hmtl"
    return Figure


def _bars(figure_of: Any, grid: Grid, groups: Sequence[Group], prefix: str) -> Any:
    """F1 of each task, a bar a group, with the standard deviation over seeds."""
    figure = figure_of(figsize=(11, 3.2))
    for number, task in enumerate(TASKS, start=1):
        axes = figure.add_subplot(1, len(TASKS), number)
        own = [(name_of(grid, group), group.mean(f"{prefix}_{OWN[task]}")) for group in groups if task in group.tasks]
        found = [(name, mean) for name, mean in own if mean is not None]
        names = [name for name, _ in found][::-1]
        means = [100 * mean.mean for _, mean in found][::-1]
        spreads = [100 * (mean.spread or 0.0) for _, mean in found][::-1]
        axes.barh(range(len(names)), means, xerr=spreads, color="#5b8fb0", ecolor="#333333", capsize=2)
        axes.set_yticks(range(len(names)), names, fontsize=8)
        axes.set_title(LAYERS[task].title, fontsize=9)
        axes.set_xlabel("F1", fontsize=8)
    figure.tight_layout()
    return figure


def _heat_map(figure_of: Any, grid: Grid, groups: Sequence[Group], prefix: str) -> Any:
    """Points of F1 that each setup lies above each task alone."""
    singles = {group.setup: group for group in groups}
    rows = [group for group in groups if len(group.tasks) > 1 and "GM" not in group.setup]
    values = [[_gain(group, singles.get(SINGLE[task]), task, prefix) for task in TASKS] for group in rows]
    most = max([abs(value) for row in values for value in row if value is not None] or [1.0]) or 1.0
    figure = figure_of(figsize=(6, 0.5 + 0.4 * max(1, len(rows))))
    axes = figure.add_subplot(1, 1, 1)
    numbers = [[float("nan") if value is None else value for value in row] for row in values]
    if rows:
        axes.imshow(numbers, cmap="RdBu", vmin=-most, vmax=most, aspect="auto")
    for y, row in enumerate(values):
        for x, value in enumerate(row):
            axes.text(x, y, "" if value is None else f"{value:+.1f}", ha="center", va="center", fontsize=8)
    axes.set_xticks(range(len(TASKS)), [LAYERS[task].title for task in TASKS], fontsize=8)
    axes.set_yticks(range(len(rows)), [name_of(grid, group) for group in rows], fontsize=8)
    axes.set_title("points of F1 above the task alone", fontsize=9)
    return figure


def _gain(group: Group, single: Group | None, task: str, prefix: str) -> float | None:
    key = f"{prefix}_{OWN[task]}"
    ours, theirs = group.mean(key), None if single is None else single.mean(key)
    return None if ours is None or theirs is None else 100 * (ours.mean - theirs.mean)


def _curves(figure_of: Any, grid: Grid, groups: Sequence[Group]) -> Any:
    """Development scores against the updates that a task has had of its own."""
    figure = figure_of(figsize=(11, 3.2))
    for number, task in enumerate(TASKS, start=1):
        axes = figure.add_subplot(1, len(TASKS), number)
        for place, group in enumerate(group for group in groups if task in group.tasks and "-GM" not in group.setup):
            for seed, own in sorted(group.details.items()):
                points = own_curve(own["curves"], task)
                label = name_of(grid, group) if seed == min(group.details) else None
                xs, ys = [x for x, _ in points], [100 * y for _, y in points]
                axes.plot(xs, ys, color=f"C{place % 10}", label=label, linewidth=1, marker=".")
        axes.set_title(LAYERS[task].title, fontsize=9)
        axes.set_xlabel("own updates", fontsize=8)
        axes.legend(fontsize=6)
    figure.tight_layout()
    return figure


def own_curve(curves: Sequence[dict[str, Any]], task: str) -> list[tuple[int, float]]:
    """A task's scores while it learns.

    curves (Sequence): Lines of `training.jsonl`.
    task (str): One of the setup.
    RETURNS (list): Updates of the task's own, and its score in 0 to 1.
    """
    n_own, points = 0, []
    for row in curves:
        if row["kind"] == "updates":
            n_own += int((row["tasks"].get(task) or {}).get("updates", 0))
        elif row["kind"] == "scores":
            points.append((n_own, row["scores"].get(OWN[task]) or 0.0))
    return points
