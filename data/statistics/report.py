"""Statistics, anomalies and drift as one HTML file."""

from __future__ import annotations

import html
from collections.abc import Mapping
from typing import Any

from tensorflow_metadata.proto.v0 import statistics_pb2

from data.page import Table, draw_page, draw_skipped, draw_table
from data.statistics import plot
from data.statistics.bins import common_edges, shares
from data.statistics.described import describe
from data.statistics.findings import Findings

_MOST = 20
"""Values of a feature that are shown."""
_BySplit = Mapping[str, statistics_pb2.FeatureNameStatistics]


def render_report(findings: Findings) -> str:
    """The report's HTML."""
    names = dict.fromkeys(
        feature.path.step[0]
        for part in findings.statistics.values()
        for feature in part.datasets[0].features
    )
    drawn = "".join(_section(name, _by_split(findings, name)) for name in sorted(names))
    return draw_page(
        f"Statistics of {findings.name}",
        findings.sentence(),
        f"{draw_table(findings.anomaly_table())}{draw_table(findings.drift.table())}"
        "<p>L-inf is the largest difference of the share of a value, JS the Jensen-Shannon "
        "divergence of the histograms over common bins, in bits. Both lie between 0 and 1; of a "
        "hundred slices and fewer they are large by chance.</p>"
        f"{draw_skipped(findings.problems)}{drawn}",
        plot.STYLE,
    )


def _by_split(findings: Findings, name: str) -> _BySplit:
    return {
        split: feature
        for split, part in findings.statistics.items()
        for feature in part.datasets[0].features
        if feature.path.step[0] == name
    }


def _section(name: str, splits: _BySplit) -> str:
    described = {split: describe(feature) for split, feature in splits.items()}
    # A split in which the feature is missing everywhere has no moments or values of it.
    columns = list(dict.fromkeys(key for values in described.values() for key in values))
    rows = [
        [split, *(_text(values.get(column)) for column in columns)]
        for split, values in described.items()
    ]
    table = draw_table(Table("", ["split", *columns], rows))
    return f"<section><h2>{html.escape(name)}</h2>{_plot(name, splits, described)}{table}</section>"


def _plot(name: str, splits: _BySplit, described: Mapping[str, Mapping[str, Any]]) -> str:
    numeric = {split: f for split, f in splits.items() if f.num_stats.histograms}
    if numeric:
        edges = common_edges(list(numeric.values()))
        bins = [f"{edge:.3g}" for edge in edges[:-1]]
        return plot.draw_bars(name, bins, {s: list(shares(f, edges)) for s, f in numeric.items()})
    counts = {split: values["counts"] for split, values in described.items() if "counts" in values}
    labels = list(dict.fromkeys(label for values in counts.values() for label in values))[:_MOST]
    if not labels:
        return ""
    return plot.draw_bars(
        name,
        labels,
        {
            split: [values.get(label, 0) / max(sum(values.values()), 1) for label in labels]
            for split, values in counts.items()
        },
    )


def _text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        shown = [f"{label} {count}" for label, count in value.items()]
        more = [f"{len(shown) - _MOST} more"] if len(shown) > _MOST else []
        return ", ".join([*shown[:_MOST], *more])
    return str(value) if isinstance(value, int) else f"{value:.4g}"
