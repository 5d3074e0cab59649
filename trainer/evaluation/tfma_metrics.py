"""The product's scores as TFMA metrics, from the outputs of signature ``evaluate``.

One definition serves Evaluator and ``brisc evaluate``: both add up the same sums. TFMA's own
metrics would define the undefined (a class that a slice lacks) another way in each.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types

from trainer.evaluation import calibration, confusion, joint, overlap
from trainer.outputs import CLASSIFICATION, SEGMENTATION

_Sums = Callable[..., np.ndarray]
"""From the label of a slice and some outputs to what it adds to the sums."""
_Scores = Callable[[np.ndarray], dict[str, float]]


class ClassScores(metric_types.Metric):
    """Accuracy, macro-F1 and recall of each class; one value a name in ``CLASS_SCORES``."""

    def __init__(self, name: str = "class_scores") -> None:
        super().__init__(_class_computations, name=name)


class MaskScores(metric_types.Metric):
    """Dice, IoU and healthy false masks; one value a name in ``MASK_SCORES``.

    They hold at the network's image size, not at each slice's own.
    """

    def __init__(self, name: str = "mask_scores") -> None:
        super().__init__(_mask_computations, name=name)


class CalibrationScores(metric_types.Metric):
    """ECE and Brier score of the class probabilities; a name in ``CALIBRATION_SCORES`` each."""

    def __init__(self, name: str = "calibration_scores") -> None:
        super().__init__(_calibration_computations, name=name)


class JointScores(metric_types.Metric):
    """Class and mask judged together; one value a name in ``JOINT_SCORES``.

    Like ``MaskScores`` they hold at the network's image size. They read both outputs, whichever
    they are configured for.
    """

    def __init__(self, name: str = "joint_scores") -> None:
        super().__init__(_joint_computations, name=name)


class Family(NamedTuple):
    """A metric, the output it belongs to and the names of its values."""

    metric: type[metric_types.Metric]
    output: str
    names: tuple[str, ...]


FAMILIES = (
    Family(ClassScores, CLASSIFICATION, confusion.CLASS_SCORES),
    Family(CalibrationScores, CLASSIFICATION, calibration.CALIBRATION_SCORES),
    Family(MaskScores, SEGMENTATION, overlap.MASK_SCORES),
    Family(JointScores, SEGMENTATION, joint.JOINT_SCORES),
)
"""All that Evaluator measures and the gate can judge."""


def _class_computations(
    name: str, model_names: Iterable[str] = ("",)
) -> list[metric_types.MetricComputation]:
    del name
    return _computations(
        CLASSIFICATION, confusion.CLASS_SCORES, model_names, _class_sums, confusion.scores
    )


def _mask_computations(
    name: str, model_names: Iterable[str] = ("",)
) -> list[metric_types.MetricComputation]:
    del name
    return _computations(SEGMENTATION, overlap.MASK_SCORES, model_names, _mask_sums, overlap.scores)


def _calibration_computations(
    name: str, model_names: Iterable[str] = ("",)
) -> list[metric_types.MetricComputation]:
    del name
    return _computations(
        CLASSIFICATION,
        calibration.CALIBRATION_SCORES,
        model_names,
        _calibration_sums,
        calibration.scores,
    )


def _joint_computations(
    name: str, model_names: Iterable[str] = ("",)
) -> list[metric_types.MetricComputation]:
    del name
    return _computations(
        SEGMENTATION,
        joint.JOINT_SCORES,
        model_names,
        _joint_sums,
        joint.scores,
        reads=(CLASSIFICATION, SEGMENTATION),
    )


def _class_sums(label: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    predicted = np.argmax(np.atleast_2d(probabilities), axis=-1)
    return confusion.confusion(np.ravel(label), predicted)


def _mask_sums(label: np.ndarray, counts: np.ndarray) -> np.ndarray:
    del label  # The counts hold the truth already.
    return overlap.sums(np.atleast_2d(counts))


def _calibration_sums(label: np.ndarray, probabilities: np.ndarray) -> np.ndarray:
    return calibration.terms(np.ravel(label), np.atleast_2d(probabilities)).sum(axis=0)


def _joint_sums(label: np.ndarray, probabilities: np.ndarray, counts: np.ndarray) -> np.ndarray:
    predicted = np.argmax(np.atleast_2d(probabilities), axis=-1)
    return joint.terms(np.ravel(label), predicted, np.atleast_2d(counts)).sum(axis=0)


def _computations(
    output: str,
    names: Iterable[str],
    model_names: Iterable[str],
    to_sums: _Sums,
    to_scores: _Scores,
    reads: tuple[str, ...] = (),
) -> list[metric_types.MetricComputation]:
    computations = []
    for model_name in model_names:
        keys = [
            # Thresholds that are given by name look for keys that say nothing of weights.
            metric_types.MetricKey(name, model_name, output, example_weighted=None)
            for name in names
        ]
        combiner = _Adder(keys, model_name, reads or (output,), to_sums, to_scores)
        computations.append(
            metric_types.MetricComputation(keys=keys, preprocessors=None, combiner=combiner)
        )
    return computations


class _Adder(beam.CombineFn):
    """Adds the sums of slices, and turns the total into scores."""

    def __init__(
        self,
        keys: list[metric_types.MetricKey],
        model_name: str,
        outputs: tuple[str, ...],
        to_sums: _Sums,
        to_scores: _Scores,
    ) -> None:
        self._keys = keys
        self._model_name = model_name
        self._outputs = outputs
        self._to_sums = to_sums
        self._to_scores = to_scores

    def create_accumulator(self) -> float:
        return 0.0

    def add_input(
        self, accumulator: np.ndarray | float, element: metric_types.StandardMetricInputs
    ) -> np.ndarray:
        label = element.get_by_key("labels", self._model_name, self._outputs[0])
        predictions = [
            element.get_by_key("predictions", self._model_name, output) for output in self._outputs
        ]
        return accumulator + self._to_sums(label, *predictions)

    def merge_accumulators(self, accumulators: Iterable[np.ndarray | float]) -> Any:
        return sum(accumulators)

    def extract_output(self, accumulator: np.ndarray) -> dict[metric_types.MetricKey, float]:
        scores = self._to_scores(accumulator)
        return {key: scores[key.name] for key in self._keys}
