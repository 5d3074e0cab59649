"""``tuner_fn``: what TFX Tuner calls to search for better training parameters."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Any

import keras_tuner
from keras_tuner.engine import base_tuner
from keras_tuner.engine import trial as trial_module
from tfx.components.trainer.fn_args_utils import FnArgs
from tfx.components.tuner.component import TunerFnResult

from data.errors import BriscError, ConfigurationError
from trainer import fresh_process
from trainer.base_model import base_of
from trainer.best_epoch import FOLDER, SCORE, best_score
from trainer.checkpoints import mark_finished, training_folder
from trainer.cluster import Job
from trainer.config import ModelConfig, TrainingConfig
from trainer.member import try_out
from trainer.tuning_config import Range, TuningConfig, tuned

_log = logging.getLogger(__name__)


def tuner_fn(fn_args: FnArgs) -> TunerFnResult:
    """Prepares a search by KerasTuner over section ``tuning``'s space.

    Args:
        fn_args: As ``trainer.run.run_fn`` gets them; ``custom_config`` also holds ``tuning``.
    """
    custom: dict[str, Any] = fn_args.custom_config
    search = TuningConfig.model_validate(custom["tuning"])
    folder = training_folder(
        Path(custom["training_dir"]),
        [fn_args.transform_graph_path, *sorted(fn_args.train_files)],
        {**custom, "base_model": fn_args.base_model},
    )
    kinds = {
        "random": keras_tuner.oracles.RandomSearchOracle,
        "bayesian": keras_tuner.oracles.BayesianOptimizationOracle,
    }
    oracle = kinds[search.search](
        objective=keras_tuner.Objective(SCORE, "max"),
        max_trials=search.trials,
        hyperparameters=search_space(search),
        seed=search.seed,
    )
    return TunerFnResult(Trials(fn_args, search, oracle, folder), {})


def search_space(search: TuningConfig) -> keras_tuner.HyperParameters:
    """The configured space as KerasTuner's."""
    space = keras_tuner.HyperParameters()
    for key, values in search.space.items():
        if isinstance(values, Range):
            sampling = "log" if values.log else "linear"
            space.Float(key, values.min, values.max, sampling=sampling)
        else:
            space.Choice(key, list(values), ordered=False)
    return space


class Trials(base_tuner.BaseTuner):
    """Trains once a trial and reports the best epoch's score on val.

    Finished trials, and the epochs of an unfinished one, are found again after an interruption.
    """

    def __init__(
        self, fn_args: FnArgs, search: TuningConfig, oracle: keras_tuner.Oracle, folder: Path
    ) -> None:
        self._model = ModelConfig.model_validate(fn_args.custom_config["model"])
        self._config = TrainingConfig.model_validate(fn_args.custom_config["training"])
        self._files = {"train_files": fn_args.train_files, "val_files": fn_args.eval_files}
        self._base_model = base_of(fn_args.base_model, self._model, self._config)
        self._epochs = search.epochs
        self._folder = folder
        super().__init__(oracle, directory=str(folder), project_name="search")

    def run_trial(self, trial: trial_module.Trial) -> dict[str, float]:
        """Trains with a trial's values."""
        job = Job(
            run_dir=self._folder / f"trial-{trial.trial_id}",
            model=self._model,
            training=tuned(self._config, trial.hyperparameters.values, self._epochs),
            base_model=self._base_model,
            **self._files,
        )
        try:
            # TensorFlow gives no process back all that a training took.
            fresh_process.call(try_out, job)
        except BriscError as error:
            # KerasTuner would go on to the next trial, which has the same problem.
            raise keras_tuner.errors.FatalError(str(error)) from error
        except fresh_process.ProcessDied as error:
            # For want of memory, most often, which other values may not need.
            shutil.rmtree(job.run_dir, ignore_errors=True)
            values = trial.hyperparameters.values
            _log.error("trial %s: %s; was there memory enough?", values, error)
            raise keras_tuner.errors.FailedTrialError(str(error)) from error
        score = best_score(job.run_dir / FOLDER)
        _log.info("trial %s: %s %.4f", trial.hyperparameters.values, SCORE, score)
        # Its weights are of no more use.
        shutil.rmtree(job.run_dir)
        return {SCORE: score}

    def search(self, *fit_args: Any, **fit_kwargs: Any) -> None:
        """Tries all there are to try.

        Raises:
            ConfigurationError: Three in a row broke off, or none came to its end.
        """
        try:
            super().search(*fit_args, **fit_kwargs)
        except RuntimeError as error:
            raise _broken_off() from error
        # Where none has a score KerasTuner's best is one without.
        if all(trial.score is None for trial in self.oracle.trials.values()):
            raise _broken_off()

    def on_search_end(self) -> None:
        """Lets the folder be removed."""
        mark_finished(self._folder)


def _broken_off() -> ConfigurationError:
    return ConfigurationError(
        "tuning",
        "its trials broke off",
        "Read in the log what ended them; where memory was short, lower training.batch_size, or "
        "what tuning.space has for it",
    )
