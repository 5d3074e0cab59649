"""Answers GetModelMetadata: the signatures of a model (get_model_metadata.proto)."""

from __future__ import annotations

from tensorflow_serving.apis import get_model_metadata_pb2

from serving.server.errors import invalid
from serving.server.servable import Servable

SIGNATURES = "signature_def"


def check_metadata(request: get_model_metadata_pb2.GetModelMetadataRequest) -> None:
    """Whether the request asks for something that there is.

    Raises:
        ServingError: It does not.
    """
    if not request.metadata_field:
        raise invalid("GetModelMetadataRequest must specify at least one metadata_field")
    for name in request.metadata_field:
        if name != SIGNATURES:
            raise invalid(f"Metadata field {name} is not supported")


def metadata(servable: Servable) -> get_model_metadata_pb2.GetModelMetadataResponse:
    """The signatures of this version, as ``signature_def``."""
    response = get_model_metadata_pb2.GetModelMetadataResponse()
    response.model_spec.name = servable.name
    response.model_spec.version.value = servable.version
    signatures = get_model_metadata_pb2.SignatureDefMap()
    for name, signature in servable.signatures.items():
        signatures.signature_def[name].CopyFrom(signature)
    response.metadata[SIGNATURES].Pack(signatures)
    return response
