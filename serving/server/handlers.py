"""What the server can be asked, whatever the protocol: finds the version and has it answer."""

from __future__ import annotations

from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    inference_pb2,
    model_management_pb2,
    model_pb2,
    predict_pb2,
    regression_pb2,
)

from serving.server.errors import invalid
from serving.server.inference import classify, multi_inference, regress
from serving.server.manager import ModelManager
from serving.server.metadata import check_metadata, metadata
from serving.server.model_config import checked
from serving.server.predict import predict


class Handlers:
    """The requests of prediction_service.proto and model_service.proto.

    ``seconds`` is until nobody waits for the answer, ``None`` for ever. All raise ``ServingError``.
    """

    def __init__(self, manager: ModelManager, most_tensor_bytes: int) -> None:
        self._manager = manager
        self._most_bytes = most_tensor_bytes

    def predict(
        self, request: predict_pb2.PredictRequest, seconds: float | None = None
    ) -> predict_pb2.PredictResponse:
        """``PredictionService.Predict``."""
        with self._manager.using(_spec(request)) as servable:
            return predict(servable, request, self._most_bytes, seconds)

    def classify(
        self, request: classification_pb2.ClassificationRequest, seconds: float | None = None
    ) -> classification_pb2.ClassificationResponse:
        """``PredictionService.Classify``."""
        with self._manager.using(_spec(request)) as servable:
            return classify(servable, request, seconds)

    def regress(
        self, request: regression_pb2.RegressionRequest, seconds: float | None = None
    ) -> regression_pb2.RegressionResponse:
        """``PredictionService.Regress``."""
        with self._manager.using(_spec(request)) as servable:
            return regress(servable, request, seconds)

    def multi_inference(
        self, request: inference_pb2.MultiInferenceRequest, seconds: float | None = None
    ) -> inference_pb2.MultiInferenceResponse:
        """``PredictionService.MultiInference``."""
        if not request.tasks:
            raise invalid("MultiInferenceRequest must have at least one task")
        with self._manager.using(request.tasks[0].model_spec) as servable:
            return multi_inference(servable, request, seconds)

    def metadata(
        self,
        request: get_model_metadata_pb2.GetModelMetadataRequest,
        seconds: float | None = None,
    ) -> get_model_metadata_pb2.GetModelMetadataResponse:
        """``PredictionService.GetModelMetadata``."""
        spec = _spec(request)
        check_metadata(request)
        with self._manager.using(spec) as servable:
            return metadata(servable)

    def status(
        self, request: get_model_status_pb2.GetModelStatusRequest, seconds: float | None = None
    ) -> get_model_status_pb2.GetModelStatusResponse:
        """``ModelService.GetModelStatus``."""
        found = self._manager.statuses(_spec(request))
        return get_model_status_pb2.GetModelStatusResponse(model_version_status=found)

    def reload(
        self, request: model_management_pb2.ReloadConfigRequest, seconds: float | None = None
    ) -> model_management_pb2.ReloadConfigResponse:
        """``ModelService.HandleReloadConfigRequest``."""
        self._manager.reload(checked(request.config))
        response = model_management_pb2.ReloadConfigResponse()
        response.status.SetInParent()
        return response


def _spec(request: object) -> model_pb2.ModelSpec:
    if not request.HasField("model_spec"):  # type: ignore[attr-defined]
        raise invalid("Missing ModelSpec")
    return request.model_spec  # type: ignore[attr-defined]
