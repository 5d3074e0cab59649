"""The report of a model: what a reader finds on the page and in the card, and where it lies."""

from __future__ import annotations

import dataclasses
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from typer.testing import CliRunner

from data import naming
from data.split_record import SplitSummary
from pipeline.cli.main import app
from pipeline.judgement import Verdict
from pipeline.model_report import CARD, PAGE, SCORES, SLICES
from pipeline.model_report.anchors import ANCHORS
from pipeline.model_report.card import draw_card
from pipeline.model_report.charts import draw_curves
from pipeline.model_report.curves import Curve, read_curves
from pipeline.model_report.definitions import definitions
from pipeline.model_report.facts import ModelFacts
from pipeline.model_report.page import draw_report
from pipeline.model_report.tables import setting_table
from pipeline.model_report.worst import Case, worst_rows
from trainer.evaluation.row import About, Row, compare
from trainer.evaluation.summary import Evaluation

SIDE = 32


def row(number: int, label: str, predicted: str, leak: str = "none", moved: int = 0) -> Row:
    """A slice whose answered mask is the true one, moved to the right."""
    truth = np.zeros((SIDE, SIDE), bool)
    if label != naming.NO_TUMOR:
        truth[8:16, 8:16] = True
    probabilities = dict.fromkeys(naming.CLASSES, 0.1) | {predicted: 0.7}
    about = About(f"slice_{number}", "test", "axial", leak, f"g{number // 2}", label)
    return compare(about, truth, predicted, probabilities, np.roll(truth, moved, axis=1))


@pytest.fixture(scope="module")
def rows() -> list[Row]:
    return [
        row(0, "glioma", "glioma"),
        row(1, "glioma", "meningioma", moved=1),
        row(2, "pituitary", "pituitary", moved=6),
        row(3, "no_tumor", "no_tumor"),
        row(4, "glioma", "glioma", leak="copy", moved=2),
        row(5, "meningioma", "meningioma", leak="copy"),
    ]


@pytest.fixture(scope="module")
def curves(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Event files as Keras writes them."""
    folder = tmp_path_factory.mktemp("tensorboard")
    for split, values in (("train", (2.0, 1.0, 0.5)), ("validation", (2.5, 1.5, 1.25))):
        with tf.summary.create_file_writer(str(folder / split)).as_default():
            for step, value in enumerate(values):
                tf.summary.scalar("epoch_loss", value, step)
    return folder


@pytest.fixture(scope="module")
def facts(rows: list[Row], curves: Path) -> ModelFacts:
    classes = dict.fromkeys(naming.CLASSES, 5)
    return ModelFacts(
        scores=Evaluation(rows).summarise(),
        split=SplitSummary(
            "official", None, None, dict.fromkeys(("train", "val", "test"), classes), 0,
            {"none": 4, "neighbour": 0, "copy": 2}, None, None,
        ),
        verdicts=[Verdict("accuracy", "leak=none", 0.75, "at least 0.93", False)],
        blessed=False,
        settings={"model": {"image_size": 128, "encoder": "resnet50"}, "training": {"epochs": 3}},
        fingerprint="abc123",
        curves=read_curves(curves),
        cases=[Case(item, b"truth", b"answer") for item in worst_rows(rows)[:2]],
    )  # fmt: skip


class _Page(HTMLParser):
    """What a browser would fetch, and what a person reads."""

    def __init__(self, content: str) -> None:
        super().__init__()
        self.fetched: list[str] = []
        self.pictures: list[str] = []
        self.text = ""
        self.feed(content)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        self.fetched += [str(found[key]) for key in ("src", "href") if found.get(key)]
        self.pictures += [found["alt"] or ""] if tag == "img" else []
        self.fetched += ["script"] if tag == "script" else []

    def handle_data(self, data: str) -> None:
        self.text += f"{data}\n"


def test_the_page_needs_no_other_file_and_says_what_matters(facts: ModelFacts) -> None:
    page = _Page(draw_report(facts))
    assert page.fetched and all(source.startswith("data:") for source in page.fetched)
    for said in (
        "On all test slices (6): accuracy 0.833",
        "those with neither copy nor neighbour in train (4): accuracy 0.750",
        "Not a medical device",
        "Refused by the gate.",
        "at least 0.93",
        "not proven patient-disjoint",
        "CC BY 4.0",
        "abc123",
        "training.epochs",
        *(anchor.system for anchor in ANCHORS),
    ):
        assert said in page.text, said
    assert "nan" not in page.text.lower().split()


def test_the_worst_cases_come_first_and_with_their_pictures(
    facts: ModelFacts, rows: list[Row]
) -> None:
    # A wrong class before a small Dice; a healthy slice that was answered so is not among them.
    assert [item.id for item in worst_rows(rows)][:3] == ["slice_1", "slice_2", "slice_4"]
    page = _Page(draw_report(facts))
    assert page.pictures == [
        f"{kind} mask of {name}" for name in ("slice_1", "slice_2") for kind in ("true", "answered")
    ]
    assert "meningioma at 0.70, Dice 0.875" in page.text


def test_training_is_drawn_by_epoch_for_both_splits(curves: Path, facts: ModelFacts) -> None:
    train, validation = read_curves(curves)
    assert (train.split, train.values) == ("train", {1: 2.0, 2: 1.0, 3: 0.5})
    assert (validation.split, validation.values[3]) == ("validation", 1.25)
    drawn = draw_report(facts)
    assert drawn.count('<polyline class="line') == 2
    assert "epoch 3" in drawn
    assert read_curves(curves / "nowhere") == []


def test_charts_are_no_wider_than_their_captions_and_clip_no_number() -> None:
    values = {1: 0.00813, 2: -1.23e-05}
    drawn = draw_curves("Dice of the mask", [Curve("dice", "train", values)])
    width = int(re.search(r'<figure class="chart" style="width: (\d+)px"', drawn)[1])  # type: ignore[index]
    assert f'viewBox="0 0 {width} ' in drawn
    numbers = re.findall(r'<text x="(\d+)" y="\d+" text-anchor="end">([-.e0-9]+)</text>', drawn)
    assert [number for _, number in numbers] == ["-1.23e-05", "0.00813"]
    # At 11 pixels a digit is about 6.5 wide.
    assert all(int(right) >= 6.5 * len(number) for right, number in numbers)
    # The legend is in the caption, a colour a split.
    assert '<span class="key first"></span>train' in drawn


def test_the_page_explains_its_words(facts: ModelFacts) -> None:
    drawn = draw_report(facts)
    page = _Page(drawn)
    for said in (
        "predicted lesions that match a true one",
        "leak=none: neither a copy",
        "leak=none, glioma",
        "ECE (lower is better)",
        "Brier score (lower is better)",
        "medium from 0.885 %, large from 1.759 %, else small",
        "A mask counts as right from a Dice of 0.5.",
    ):
        assert said in page.text, said
    assert "{'" not in page.text and "_percent" not in page.text
    # Each definition that the scores have is a sentence.
    known = facts.scores["definitions"]
    assert not [line for line in definitions(known) if line.split(":")[0] in known]


def test_parameters_are_shown_a_key_a_row(facts: ModelFacts) -> None:
    settings = {"training": {"augmentation": {"flip": True}, "profile_steps": None}}
    rows = setting_table(dataclasses.replace(facts, settings=settings)).rows
    assert rows == [["training.augmentation.flip", "true"], ["training.profile_steps", "null"]]


def test_the_card_has_its_sections_and_the_same_scores(facts: ModelFacts) -> None:
    card = draw_card(facts)
    for section in ("Model details", "Intended use", "Metrics", "Evaluation data", "Caveats"):
        assert re.search(rf"^## {section}", card, re.MULTILINE)
    assert "Not a medical device" in card and "CC BY 4.0" in card
    tables = [line for line in card.splitlines() if line.startswith("|")]
    assert any(line.startswith("| accuracy | 0.833 [") for line in tables)
    widths = {line.count("|") for line in tables if "accuracy | 0.8" in line}
    assert widths == {5}, "a row has as many cells as its head: all, leak=none, leak=copy"


def test_a_fold_and_a_set_of_copies_alone_can_be_reported(rows: list[Row]) -> None:
    only = Evaluation([item for item in rows if item.leak == "copy"]).summarise()
    empty = {"none": 0, "neighbour": 0, "copy": 2}
    split = SplitSummary(
        "grouped", 1, 5, {"test": dict.fromkeys(naming.CLASSES, 1)}, 0, empty, 2, 2
    )
    facts = ModelFacts(only, split, [], False, {"model": {}, "training": {}}, "abc")
    page = _Page(draw_report(facts))
    assert "There are none with neither copy nor neighbour" in page.text
    assert "a fold of a cross-validation is no candidate" in page.text


def test_the_command_finds_the_last_report_and_copies_it(tmp_path: Path) -> None:
    for number in (1, 2):
        folder = tmp_path / "work" / "runs" / f"2026010{number}"
        folder.mkdir(parents=True)
        for name in (PAGE, CARD, SCORES, SLICES):
            (folder / name).write_text(json.dumps(number))
    (tmp_path / "work" / "runs" / "20260103").mkdir()
    runner = CliRunner()
    found = runner.invoke(app, ["report", str(tmp_path / "work")])
    assert found.output.splitlines()[0] == str(folder / PAGE)
    one = tmp_path / "work" / "runs" / "20260101"
    copied = runner.invoke(app, ["report", str(one), "--output", str(tmp_path / "out")])
    assert copied.exit_code == 0
    assert {p.name: p.read_text() for p in (tmp_path / "out").iterdir()} == dict.fromkeys(
        (PAGE, CARD, SCORES, SLICES), "1"
    )
    missing = runner.invoke(app, ["report", str(tmp_path / "out" / "none")])
    assert missing.exit_code == 1
    assert "no run there has come to a report" in str(missing.exception)


def test_a_report_of_drawn_slices_claims_nothing_about_real_ones(facts: ModelFacts) -> None:
    drawn = dataclasses.replace(facts, synthetic=True)
    for make in (draw_report, draw_card):
        assert "Measured on synthetic slices" in make(drawn)
        assert "Published figures" not in make(drawn) and "CC BY" not in make(drawn)
        assert "synthetic" not in make(facts)
        assert "Published figures" in make(facts) and "CC BY" in make(facts)
