"""The report as one HTML file."""

from __future__ import annotations

import html
import itertools
from collections.abc import Iterable

from data import naming
from data.page import draw_page, draw_table
from pipeline.model_report import tables
from pipeline.model_report.charts import STYLE, draw_confusion, draw_curves, draw_reliability
from pipeline.model_report.definitions import LEAK_MEANS, definitions
from pipeline.model_report.facts import LIMITS, NOT_A_DEVICE, ModelFacts
from pipeline.model_report.worst import draw_case

_CURVES = {
    "loss": "Loss",
    "classification_accuracy": "Accuracy of the class",
    "segmentation_dice_all": "Dice of the mask, all slices",
}
_STYLE = f"""{STYLE}
.charts {{ display: flex; flex-wrap: wrap; gap: 1.5rem 2rem; margin-bottom: 1.5rem; }}
figure {{ margin: 0; }}
.cases {{ display: grid; grid-template-columns: repeat(auto-fill, minmax(21rem, 1fr)); gap: 1rem; }}
.cases img {{ width: 49%; background: black; }}
figcaption {{ font-size: 0.8rem; overflow-wrap: anywhere; }}
"""


def draw_report(facts: ModelFacts) -> str:
    """The page's HTML."""
    gate = [draw_table(tables.gate_table(facts))] if facts.verdicts else []
    sections = [
        ("Gate", [_paragraph(facts.verdict()), *gate]),
        ("Data", [*map(_paragraph, facts.split.sentences()), draw_table(tables.data_table(facts))]),
        ("Scores", [_paragraph(LEAK_MEANS), *map(draw_table, tables.score_tables(facts))]),
        ("Where it errs", [_charts(_errors(facts)), *map(draw_table, tables.part_tables(facts))]),
        ("Training", [_charts(_training(facts)), draw_table(tables.setting_table(facts))]),
        ("Worst cases", [_cases(facts)]),
        ("Limits", [_list((NOT_A_DEVICE, *LIMITS)), _paragraph(facts.licence())]),
        ("Definitions", [_list(definitions(facts.scores["definitions"]))]),
    ]
    body = "".join(
        f"<section><h2>{title}</h2>{''.join(parts)}</section>" for title, parts in sections
    )
    footer = f"<footer><p>Data fingerprint {html.escape(facts.fingerprint)}</p></footer>"
    return draw_page("Model report", facts.headline(), body + footer, _STYLE)


def _errors(facts: ModelFacts) -> list[str]:
    return [
        draw_confusion(facts.scores["confusion"], naming.CLASSES),
        draw_reliability(facts.scores["reliability"]),
    ]


def _training(facts: ModelFacts) -> list[str]:
    by_metric = itertools.groupby(facts.curves, key=lambda curve: curve.metric)
    found = {metric: list(curves) for metric, curves in by_metric}
    return [draw_curves(title, found[key]) for key, title in _CURVES.items() if key in found]


def _cases(facts: ModelFacts) -> str:
    drawn = "".join(map(draw_case, facts.cases))
    intro = "Wrong classes first, then the smallest Dice; left the true mask, right the answer."
    return f'{_paragraph(intro)}<div class="cases">{drawn}</div>'


def _charts(charts: Iterable[str]) -> str:
    return f'<div class="charts">{"".join(charts)}</div>'


def _paragraph(text: str) -> str:
    return f"<p>{html.escape(text)}</p>"


def _list(texts: Iterable[str]) -> str:
    return f"<ul>{''.join(f'<li>{html.escape(text)}</li>' for text in texts)}</ul>"
