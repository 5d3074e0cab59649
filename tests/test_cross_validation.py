"""Mean and spread over folds, also where a fold leaves a score undefined."""

from __future__ import annotations

import statistics
from pathlib import Path

import pytest

from data.split_record import SplitSummary
from data.statistics.record import DriftRecord
from pipeline.cross_validation import Spread, summarise
from pipeline.judgement import Scores
from pipeline.outcome import Outcome


def outcome(scores: Scores) -> Outcome:
    split = SplitSummary("grouped", 1, 3, {}, 0, {}, 0, 0)
    drift, nowhere = DriftRecord(None, ()), Path()
    return Outcome(
        [], split, nowhere, drift, nowhere, {}, scores, [], False, [], nowhere, None, None
    )


def test_mean_and_sample_deviation_of_the_folds() -> None:
    values = (0.5, 0.75, 0.25)
    found = summarise([outcome({"all": {"accuracy": value}}) for value in values])
    spread = found["all"]["accuracy"]
    assert spread.values == values
    assert spread.mean == pytest.approx(0.5)
    assert spread.deviation == pytest.approx(statistics.stdev(values))


def test_a_fold_without_a_slice_or_a_score_does_not_count_as_zero() -> None:
    found = summarise(
        [
            outcome({"all": {"auc": None}, "leak=copy": {"auc": 0.5}}),
            outcome({"all": {"auc": 0.75}}),
        ]
    )
    assert found["all"]["auc"] == Spread(0.75, None, (None, 0.75))
    assert found["leak=copy"]["auc"] == Spread(0.5, None, (0.5, None))


def test_what_no_fold_defines_is_undefined() -> None:
    assert Spread.of([None, None]) == Spread(None, None, (None, None))
