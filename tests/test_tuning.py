"""The search for better training parameters: what may be searched, and how it goes on."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from keras_tuner.errors import FatalError
from pydantic import ValidationError
from tfx.components.trainer.fn_args_utils import FnArgs

from data.errors import ConfigurationError
from trainer import fresh_process, tuning
from trainer.cluster import Job
from trainer.config import TrainingConfig
from trainer.fresh_process import ProcessDied
from trainer.member import try_out
from trainer.tuning_config import TuningConfig, tuned


@pytest.mark.parametrize(
    ("space", "reason"),
    [
        ({"epochs": [1, 2]}, "learning_rate"),
        ({"learning_rate": {"min": 1, "max": 0}}, "min is not below max"),
        ({"learning_rate": {"min": 0, "max": 1, "log": True}}, "begins above 0"),
        ({"ema_decay": {"min": 0.5, "max": 1.5}}, r"space.ema_decay: 1.5: .*less than 1"),
        ({"pixel_loss": ["focal", "hinge"]}, "space.pixel_loss: 'hinge'"),
        ({"batch_size": {"min": 8, "max": 32}}, "give a list"),
        ({"pixel_loss": ["focal"]}, "at least 2"),
        ({}, "at least 1"),
    ],
)
def test_a_space_that_no_training_could_use_is_refused(space: dict[str, Any], reason: str) -> None:
    with pytest.raises(ValidationError, match=reason):
        TuningConfig.model_validate({"space": space})


def test_found_values_replace_the_configured_ones_and_are_checked() -> None:
    config = TrainingConfig(epochs=9, freeze_encoder_epochs=3)
    assert tuned(config, {}) == config
    found = tuned(config, {"learning_rate": 0.5}, epochs=2)
    assert (found.learning_rate, found.epochs, found.freeze_encoder_epochs) == (0.5, 2, 0)
    assert found.batch_size == config.batch_size
    with pytest.raises(ValidationError):
        tuned(config, {"classification_weight": 0, "segmentation_weight": 0})


def arguments(folder: Path) -> FnArgs:
    space = {"learning_rate": {"min": 0.001, "max": 0.1, "log": True}, "pixel_loss": ["focal"] * 2}
    return FnArgs(
        train_files=["train"],
        eval_files=["val"],
        transform_graph_path="graph",
        custom_config={
            "model": {"encoder_weights": "none"},
            "training": {"epochs": 50, "precision": "float32"},
            "tuning": {"trials": 6, "epochs": 3, "search": "random", "space": space},
            "training_dir": str(folder),
        },
    )


def test_the_best_trial_is_found_also_by_a_search_that_was_interrupted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tried: list[TrainingConfig] = []

    def train(function: object, job: Job) -> None:
        """As if small rates were better."""
        assert function is try_out
        if len(tried) == 3 and not (tmp_path / "interrupted").exists():
            (tmp_path / "interrupted").touch()
            raise KeyboardInterrupt
        tried.append(job.training)
        best = job.run_dir / "best"
        best.mkdir(parents=True)
        (best / "best.json").write_text(json.dumps({"score": 1 - job.training.learning_rate}))

    monkeypatch.setattr(fresh_process, "call", train)
    with pytest.raises(KeyboardInterrupt):
        tuning.tuner_fn(arguments(tmp_path)).tuner.search()
    search = tuning.tuner_fn(arguments(tmp_path)).tuner
    search.search()
    rates = [config.learning_rate for config in tried]
    assert len(set(rates)) == len(rates) == 6, "a finished trial has been tried again"
    assert all(0.001 <= rate <= 0.1 for rate in rates)
    assert {(config.epochs, config.pixel_loss) for config in tried} == {(3, "focal")}
    (best,) = search.get_best_hyperparameters()
    assert best.values["learning_rate"] == min(rates)
    assert not list(tmp_path.glob("*/trial-*")), "weights of trials are left"


def ending(*errors: Exception | None) -> Callable[[object, Job], None]:
    """Trainings that end so, one after the other; the score is the number of those before."""
    left = list(enumerate(errors))

    def train(function: object, job: Job) -> None:
        number, error = left.pop(0)
        best = job.run_dir / "best"
        best.mkdir(parents=True)
        if error is not None:
            raise error
        (best / "best.json").write_text(json.dumps({"score": number}))

    return train


def test_a_trial_that_was_killed_is_passed_over(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    died = ProcessDied("the process ended with exit code -9")
    monkeypatch.setattr(fresh_process, "call", ending(None, died, None, died, None, None))
    search = tuning.tuner_fn(arguments(tmp_path)).tuner
    search.search()
    assert search.oracle.get_best_trials()[0].score == 5
    assert caplog.text.count("exit code -9; was there memory enough?") == 2
    assert not list(tmp_path.glob("*/trial-*"))


@pytest.mark.parametrize("trials", [2, 6])
def test_a_search_whose_trials_all_break_off_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, trials: int
) -> None:
    monkeypatch.setattr(fresh_process, "call", ending(*[RuntimeError("out of memory")] * trials))
    given = arguments(tmp_path)
    given.custom_config["tuning"]["trials"] = trials
    with pytest.raises(ConfigurationError, match="its trials broke off") as caught:
        tuning.tuner_fn(given).tuner.search()
    assert "batch_size" in caught.value.remedy


def test_what_every_trial_would_find_wrong_ends_the_search(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wrong = ConfigurationError("training.batch_size", "is too small", "Raise it")
    monkeypatch.setattr(fresh_process, "call", ending(wrong))
    with pytest.raises(FatalError, match="is too small") as caught:
        tuning.tuner_fn(arguments(tmp_path)).tuner.search()
    assert caught.value.__cause__ is wrong
