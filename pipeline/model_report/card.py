"""The model card, in Markdown, with the sections of Mitchell et al. 2019 (arXiv 1810.03993)."""

from __future__ import annotations

from collections.abc import Iterable

from data.page import Table
from pipeline.model_report import tables
from pipeline.model_report.definitions import definitions
from pipeline.model_report.facts import LIMITS, NOT_A_DEVICE, ModelFacts


def draw_card(facts: ModelFacts) -> str:
    """The card's text."""
    model = facts.settings["model"]
    sections = {
        "Model details": (
            f"A U-Net on a {model['encoder']} encoder with a classification head on its "
            f"bottleneck; input {model['image_size']} x {model['image_size']} pixels, one "
            f"contrast-enhanced T1 slice. Two outputs: the class of the tumour (softmax over four) "
            f"and its mask. {facts.verdict()}"
        ),
        "Intended use": (
            "Research on, and teaching with, brain-tumour MRI; a base for work on pipelines and "
            f"evaluation. {NOT_A_DEVICE}"
        ),
        "Factors": _list(
            [
                "Class, plane and tumour size change the scores: see the tables.",
                "Copies of test slices in train raise them: see the columns of leak.",
            ]
        ),
        "Metrics": _list(definitions(facts.scores["definitions"])),
        "Evaluation data": _table(tables.data_table(facts)) + _list(facts.split.sentences()),
        "Training data": (
            f"The train split above; val chose the epoch and the temperature. Data fingerprint "
            f"`{facts.fingerprint}`. {facts.licence()}"
        ),
        "Quantitative analyses": "\n".join(
            map(
                _table,
                (
                    *tables.score_tables(facts),
                    *tables.part_tables(facts),
                ),
            )
        ),
        "Ethical considerations": (
            "Slices carry no names, and masks are the work of few annotators. A wrong or missing "
            "mask looks as sure as a right one: show probabilities, and the slice beside the mask."
        ),
        "Caveats and recommendations": _list(LIMITS),
    }
    body = "\n".join(f"## {title}\n\n{text.strip()}\n" for title, text in sections.items())
    return f"# Model card\n\n{facts.headline()}\n\n{body}"


def _list(texts: Iterable[str]) -> str:
    return "".join(f"- {text}\n" for text in texts)


def _table(table: Table) -> str:
    head = "| " + " | ".join(table.columns) + " |\n" + "|---" * len(table.columns) + "|\n"
    rows = "".join("| " + " | ".join(row) + " |\n" for row in table.rows)
    return f"{table.title}:\n\n{head}{rows}\n"
