"""Reads TF Serving's batching parameters: text of ``BatchingParameters``."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from google.protobuf import descriptor_pb2, message_factory, text_format, wrappers_pb2
from pydantic import ValidationError

from data.errors import InputError
from serving.server.options import BatchingOptions

_FIELD = descriptor_pb2.FieldDescriptorProto
_WRAPPERS = descriptor_pb2.FileDescriptorProto.FromString(wrappers_pb2.DESCRIPTOR.serialized_pb)
_WRAPPED = {
    "max_batch_size": "Int64Value",
    "batch_timeout_micros": "Int64Value",
    "max_enqueued_batches": "Int64Value",
    "num_batch_threads": "Int64Value",
    "thread_pool_name": "StringValue",
}
"""Fields of servables/tensorflow/session_bundle_config.proto that have a message of their own."""


def read_batching(file: Path) -> BatchingOptions:
    """The options that ``file`` has in the form of ``--batching_parameters_file``.

    Raises:
        InputError: It is not there, is of another form or has values out of range.
    """
    parameters = batching_parameters()
    try:
        text_format.Parse(file.read_text(encoding="utf-8"), parameters)
        given = {
            name: getattr(parameters, name).value
            for name in _WRAPPED
            if name in BatchingOptions.model_fields and parameters.HasField(name)
        }
        options = BatchingOptions(
            **given, allowed_batch_sizes=tuple(parameters.allowed_batch_sizes)
        )
        if parameters.pad_variable_length_inputs:
            raise ValueError("pad_variable_length_inputs is known to TF Serving only")
        _check_sizes(options)
    except OSError as error:
        raise InputError(file, f"cannot be read ({error.strerror})", "Give a text file") from error
    except (text_format.ParseError, UnicodeDecodeError, ValidationError, ValueError) as error:
        raise InputError(
            file,
            f"no usable BatchingParameters as text ({error})",
            "Mend it; serving/deploy/config/batching.config is one",
        ) from error
    return options


def _check_sizes(options: BatchingOptions) -> None:
    sizes = options.allowed_batch_sizes
    if sizes and (list(sizes) != sorted(set(sizes)) or sizes[-1] != options.max_batch_size):
        raise ValueError("allowed_batch_sizes must ascend and end with max_batch_size")


def batching_parameters() -> Any:
    """An empty ``BatchingParameters``, whose definition no wheel has."""
    file = descriptor_pb2.FileDescriptorProto(
        name="brisc/batching_parameters.proto", package="tensorflow.serving", syntax="proto3"
    )
    file.dependency.append(wrappers_pb2.DESCRIPTOR.name)
    described = file.message_type.add(name="BatchingParameters")
    for name, kind in _WRAPPED.items():
        _add(described, name, _FIELD.TYPE_MESSAGE).type_name = f".google.protobuf.{kind}"
    _add(described, "pad_variable_length_inputs", _FIELD.TYPE_BOOL)
    _add(described, "allowed_batch_sizes", _FIELD.TYPE_INT64).label = _FIELD.LABEL_REPEATED
    # By the one function for it that both stacks' protobuf has.
    found = message_factory.GetMessages([_WRAPPERS, file])
    return found["tensorflow.serving.BatchingParameters"]()


def _add(
    described: descriptor_pb2.DescriptorProto, name: str, kind: Any
) -> descriptor_pb2.FieldDescriptorProto:
    return described.field.add(
        name=name, number=len(described.field) + 1, label=_FIELD.LABEL_OPTIONAL, type=kind
    )
