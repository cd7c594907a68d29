"""Line charts as SVG that needs nothing else."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from html import escape

Points = Sequence[tuple[float, float]]
_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _BOTTOM = 460, 220, 58, 12, 12, 34
_COLORS = ("#2563a8", "#b3462c", "#2f7d4f", "#8a5aa8", "#a8842b", "#4b5563")


def line_chart(title: str, series: Mapping[str, Points], *, x_title: str = "updates", y_title: str = "") -> str:
    """A chart of some lines, with a legend.

    title (str): Heading, shown above and read aloud.
    series (Mapping): By name, points (x, y); those that are no finite number are left out.
    x_title, y_title (str): Of the axes.
    RETURNS (str): A `figure` element.
    """
    lines = {
        name: [(x, y) for x, y in points if math.isfinite(x) and math.isfinite(y)] for name, points in series.items()
    }
    lines = {name: points for name, points in lines.items() if points}
    heading = f"<figcaption>{escape(title)}</figcaption>"
    if not lines:
        return f'<figure class="chart">{heading}<p>nothing recorded</p></figure>'
    xs = [x for points in lines.values() for x, _ in points]
    ys = [y for points in lines.values() for _, y in points]
    x_range, y_range = _widened(min(xs), max(xs)), _widened(min(ys), max(ys))

    def place(x: float, y: float) -> tuple[float, float]:
        across = (x - x_range[0]) / (x_range[1] - x_range[0])
        up = (y - y_range[0]) / (y_range[1] - y_range[0])
        return _LEFT + across * (_WIDTH - _LEFT - _RIGHT), _HEIGHT - _BOTTOM - up * (_HEIGHT - _TOP - _BOTTOM)

    drawn = "".join(_line(i, [place(x, y) for x, y in points]) for i, points in enumerate(lines.values()))
    legend = "".join(
        f'<li><span style="background:{_COLORS[i % len(_COLORS)]}"></span>{escape(name)}</li>'
        for i, name in enumerate(lines)
    )
    axes = _axes(x_range, y_range, x_title, y_title)
    return (
        f'<figure class="chart">{heading}<svg viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img" '
        f'aria-label="{escape(title, quote=True)}">{axes}{drawn}</svg><ul class="legend">{legend}</ul></figure>'
    )


def _widened(low: float, high: float) -> tuple[float, float]:
    """A range that is wider than nothing."""
    return (low, high) if high > low else (low - 0.5 * (abs(low) or 1.0), high + 0.5 * (abs(high) or 1.0))


def _line(number: int, points: Sequence[tuple[float, float]]) -> str:
    color = _COLORS[number % len(_COLORS)]
    path = " ".join(f"{x:.1f},{y:.1f}" for x, y in points)
    dots = "".join(f'<circle cx="{x:.1f}" cy="{y:.1f}" r="2" fill="{color}"/>' for x, y in points)
    return f'<polyline points="{path}" fill="none" stroke="{color}" stroke-width="1.5"/>{dots}'


def _axes(x_range: tuple[float, float], y_range: tuple[float, float], x_title: str, y_title: str) -> str:
    bottom, right = _HEIGHT - _BOTTOM, _WIDTH - _RIGHT
    parts = [f'<path d="M{_LEFT} {_TOP}V{bottom}H{right}" fill="none" stroke="#888"/>']
    for share in (0.0, 0.5, 1.0):
        x, y = _LEFT + share * (right - _LEFT), bottom - share * (bottom - _TOP)
        x_value, y_value = (low + share * (high - low) for low, high in (x_range, y_range))
        parts.append(f'<text x="{x:.0f}" y="{bottom + 14}" text-anchor="middle">{_number(x_value)}</text>')
        parts.append(f'<text x="{_LEFT - 6}" y="{y + 3:.0f}" text-anchor="end">{_number(y_value)}</text>')
    parts.append(f'<text x="{(_LEFT + right) / 2:.0f}" y="{_HEIGHT - 4}" text-anchor="middle">{escape(x_title)}</text>')
    if y_title:
        middle = (_TOP + bottom) / 2
        turned = f'transform="rotate(-90 10 {middle:.0f})"'
        parts.append(f'<text x="10" y="{middle:.0f}" text-anchor="middle" {turned}>{escape(y_title)}</text>')
    return "".join(parts)


def _number(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.3g}"
