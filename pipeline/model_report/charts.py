"""Charts as inline SVG; colours follow the page, dark or light."""

from __future__ import annotations

import html
from collections.abc import Mapping, Sequence
from typing import Any

from pipeline.model_report.curves import Curve

_WIDTH, _HEIGHT, _MARGIN = 340, 200, 44
_LEFT = 68
"""Room for a number such as 0.00813, or -1.23e-05, left of the axis."""
STYLE = """
svg { display: block; } svg text { font: 11px sans-serif; fill: CanvasText; }
.axis { stroke: GrayText; stroke-width: 1; fill: none; } .line { fill: none; stroke-width: 2; }
.first { stroke: #2b6cb0; } .second { stroke: #dd6b20; } .diagonal { stroke-dasharray: 4 4; }
.key { display: inline-block; width: 1.4em; margin: 0 0.3em 0 0.8em; border-top: 3px solid;
vertical-align: middle; } .key.first { color: #2b6cb0; } .key.second { color: #dd6b20; }
.bar { fill: #2b6cb0; opacity: 0.8; } .cell { fill: #2b6cb0; stroke: GrayText; }
"""


def draw_curves(title: str, curves: Sequence[Curve]) -> str:
    """One metric over the epochs, a line a split."""
    values = [value for curve in curves for value in curve.values.values()]
    epochs = [epoch for curve in curves for epoch in curve.values]
    if not values:
        return ""
    low, high = min(values), max(values)
    last = max(epochs)
    lines = []
    for curve, colour in zip(curves, ("first", "second"), strict=False):
        points = " ".join(
            f"{_across((epoch - 1) / max(last - 1, 1)):.1f},"
            f"{_up((value - low) / (high - low) if high > low else 0.5):.1f}"
            for epoch, value in sorted(curve.values.items())
        )
        lines.append(f'<polyline class="line {colour}" points="{points}"/>')
    legend = "".join(
        f'<span class="key {colour}"></span>{html.escape(curve.split)}'
        for curve, colour in zip(curves, ("first", "second"), strict=False)
    )
    content = "".join(lines) + _ends("epoch 1", f"epoch {last}", f"{low:.3g}", f"{high:.3g}")
    return _chart(title, content, legend)


def draw_reliability(bins: Sequence[Mapping[str, Any]]) -> str:
    """Accuracy against confidence in bins, beside the diagonal on which both are the same."""
    bars = [
        f'<rect class="bar" x="{_across(item["lower"]):.1f}" y="{_up(item["accuracy"]):.1f}" '
        f'width="{_across(item["upper"]) - _across(item["lower"]) - 1:.1f}" '
        f'height="{_up(0) - _up(item["accuracy"]):.1f}"><title>{item["n"]} slices, '
        f"confidence {item['confidence']:.3f}, accuracy {item['accuracy']:.3f}</title></rect>"
        for item in bins
        if item["n"]
    ]
    diagonal = (
        f'<line class="axis diagonal" x1="{_across(0)}" y1="{_up(0)}" '
        f'x2="{_across(1)}" y2="{_up(1)}"/>'
    )
    ends = _ends("confidence 0", "confidence 1", "accuracy 0", "accuracy 1")
    return _chart(
        "Reliability: on the diagonal, classes given with 80 % are right in 80 % of the slices; "
        "a bar that ends below it is of answers that are too sure",
        "".join(bars) + diagonal + ends,
    )


def draw_confusion(matrix: Sequence[Sequence[int]], names: Sequence[str]) -> str:
    """Slices by true class (rows) and answer (columns); shades are shares of the row."""
    side, left, top = 72, 84, 24
    middle = side / 2
    cells = []
    for row, counts in enumerate(matrix):
        y = top + row * side
        cells.append(_text(left - 6, y + middle, names[row], "end"))
        for column, count in enumerate(counts):
            x = left + column * side
            cells.append(
                f'<rect class="cell" x="{x}" y="{y}" width="{side}" height="{side}" '
                f'fill-opacity="{count / max(sum(counts), 1):.3f}"/>'
            )
            cells.append(_text(x + middle, y + middle, str(count), "middle"))
    cells += [
        _text(left + column * side + middle, top - 8, name, "middle")
        for column, name in enumerate(names)
    ]
    width, height = left + side * len(names) + 8, top + side * len(names) + 8
    return _svg("Slices by true class (rows) and answer (columns)", "".join(cells), width, height)


def _across(share: float) -> float:
    return _LEFT + share * (_WIDTH - _LEFT - _MARGIN / 2)


def _up(share: float) -> float:
    return _HEIGHT - _MARGIN - share * (_HEIGHT - 2 * _MARGIN)


def _text(x: float, y: float, text: str, anchor: str = "start") -> str:
    return f'<text x="{x:.0f}" y="{y:.0f}" text-anchor="{anchor}">{html.escape(text)}</text>'


def _ends(left: str, right: str, low: str, high: str) -> str:
    """The axes' ends, as text."""
    return (
        _text(_across(0), _HEIGHT - 16, left)
        + _text(_across(1), _HEIGHT - 16, right, "end")
        + _text(_LEFT - 4, _up(0) + 4, low, "end")
        + _text(_LEFT - 4, _up(1) + 4, high, "end")
    )


def _chart(title: str, content: str, legend: str = "") -> str:
    axes = (
        f'<polyline class="axis" points="{_across(0)},{_up(1)} {_across(0)},{_up(0)} '
        f'{_across(1)},{_up(0)}"/>'
    )
    return _svg(title, axes + content, _WIDTH, _HEIGHT, legend)


def _svg(title: str, content: str, width: int, height: int, legend: str = "") -> str:
    """A drawing, and its title below it, no wider than itself; ``legend`` is HTML."""
    name = html.escape(title, quote=True)
    return (
        f'<figure class="chart" style="width: {width}px">'
        f'<svg role="img" aria-label="{name}" width="{width}" '
        f'height="{height}" viewBox="0 0 {width} {height}">{content}</svg>'
        f"<figcaption>{name}{legend}</figcaption></figure>"
    )
