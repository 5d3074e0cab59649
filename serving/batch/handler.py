"""The saved model's own signature as Beam's RunInference asks a model."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from apache_beam.ml.inference.base import ModelHandler, PredictionResult

from data.errors import InputError
from serving.batch.reading import Asked

if TYPE_CHECKING:
    from serving.predictor import Predictor


class SignatureHandler(ModelHandler[Asked, PredictionResult, "Predictor"]):
    """Answers for slices by signature ``serving_default``.

    RunInference rather than a DoFn with a setup: Beam then forms the batches, across files too,
    loads the model once a worker, shared by its threads, and counts batches and their times.
    Beam's own TFModelHandlerTensor loads Keras models alone, and calls them, not a signature.
    TFX-BSL's RunInference takes tf.Examples, which would hold each file a second time.
    """

    def __init__(self, model: Path, batch_size: int) -> None:
        # One size: Beam would look for the fastest, and on a busy machine never find it.
        super().__init__(min_batch_size=batch_size, max_batch_size=batch_size)
        self._model = model

    def load_model(self) -> Predictor:
        """Loads the model, once a worker.

        Raises:
            InputError: It is damaged or has not the signature.
        """
        from serving.predictor import Predictor

        return Predictor(self._model)

    def run_inference(
        self,
        batch: Sequence[Asked],
        model: Predictor,
        inference_args: dict[str, Any] | None = None,
    ) -> Iterable[PredictionResult]:
        """A ``Prediction`` for each slice; an ``InputError`` for one that the model refuses."""
        try:
            answers: list[Any] = list(model.predict([item.question.encoded for item in batch]))
        except InputError as error:
            if len(batch) > 1:
                # It is one of them: the others are not to suffer for it.
                return [found for item in batch for found in self.run_inference([item], model)]
            answers = [error]
        return map(PredictionResult, batch, answers)

    def get_num_bytes(self, batch: Sequence[Asked]) -> int:
        """Bytes of the encoded slices; the default would pickle them to know."""
        return sum(len(item.question.encoded) for item in batch)
