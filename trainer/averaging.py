"""Judges a training by the moving average of its weights."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tf_keras as keras


class AveragedWeights(keras.callbacks.Callback):
    """Puts the optimiser's moving average in the weights' place while val is judged.

    Polyak and Juditsky 1992. The average itself is kept by the optimiser and is saved and
    restored with it; where it keeps none, nothing changes.
    """

    def __init__(self) -> None:
        super().__init__()
        self._validation: contextlib.ExitStack | None = None

    def on_test_begin(self, logs: dict[str, float] | None = None) -> None:
        """Lets val see the average."""
        self._validation = contextlib.ExitStack()
        self._validation.enter_context(self.applied())

    def on_test_end(self, logs: dict[str, float] | None = None) -> None:
        """Brings back the weights that training goes on with."""
        if self._validation is not None:
            self._validation.close()

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """The model has the averaged weights while the body runs."""
        # Under mixed_float16 Keras wraps it in one that scales losses.
        optimiser = getattr(self.model.optimizer, "inner_optimizer", self.model.optimizer)
        if not optimiser.use_ema:
            yield
            return
        variables = self.model.trainable_variables
        weights = [variable.numpy() for variable in variables]
        optimiser.finalize_variable_values(variables)
        try:
            yield
        finally:
            for variable, value in zip(variables, weights, strict=True):
                variable.assign(value)
