"""How the server is started: what it serves, where it listens and what it refuses."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

_MEBIBYTE = 1 << 20


class BatchingOptions(BaseModel):
    """How requests are joined; fields are those of TF Serving's ``BatchingParameters``."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_batch_size: int = Field(16, ge=1)
    batch_timeout_micros: int = Field(0, ge=0)
    """How long a request waits for others, microseconds; 0: only while all threads are busy."""
    max_enqueued_batches: int = Field(64, ge=1)
    """Beyond so many waiting batches, requests are refused with UNAVAILABLE."""
    num_batch_threads: int = Field(1, ge=1)
    allowed_batch_sizes: tuple[int, ...] = ()
    """Ascending, the last one ``max_batch_size``; a batch is filled up to the next of them."""


class Limits(BaseModel):
    """What a request may cost, so that none takes the server down."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    body_bytes: int = Field(16 * _MEBIBYTE, ge=1)
    """Of a request as it is sent, and once more as it is inflated."""
    body_seconds: float = Field(30.0, gt=0)
    """Until the whole of a request is there."""
    answer_seconds: float = Field(30.0, gt=0)
    """Until REST answers; over gRPC a request brings its own deadline."""
    json_depth: int = Field(100, ge=1, le=300)
    """Lists and objects within one another; more than this, and Python's own limit is near."""
    tensor_bytes: int = Field(256 * _MEBIBYTE, ge=1)
    """Of one input: a short message may ask for a large tensor of equal values."""
    waiting_requests: int = Field(512, ge=1)
    """Of each protocol, those that arrive among them; more are refused."""
    waiting_bytes: int = Field(512 * _MEBIBYTE, ge=1)
    """Of all bodies over REST at once; more are refused with UNAVAILABLE."""


class ServerOptions(BaseModel):
    """Everything ``serving.server.run.RunningServer`` needs to know."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    model_base_path: Path | None = None
    model_name: str = "brisc"
    model_config_file: Path | None = None
    """Text of a ``ModelServerConfig``, instead of the two above."""
    config_poll_seconds: float = Field(0.0, ge=0)
    """Between two looks at that file for other models; 0: it is read once."""
    poll_seconds: float = Field(1.0, gt=0)
    """Between two looks for new versions."""
    host: str = "127.0.0.1"
    grpc_port: int = Field(8500, ge=0, le=65535)
    """0: any that is free."""
    rest_port: int = Field(8501, ge=0, le=65535)
    threads: int = Field(16, ge=1)
    """Requests that are worked on at the same time, of each protocol."""
    batching: BatchingOptions | None = None
    limits: Limits = Limits()
    constant_weights: bool = False
    """TensorFlow was told that weights stay (``serving.server.constant_weights``): a version is
    refused where they do not."""
    mixed_precision: Literal["bfloat16"] | None = None
    """Arithmetic where oneDNN has it, instead of that of the model; TF Serving's own flag."""
    monitoring: bool = False
    """Metrics for Prometheus at ``/monitoring/prometheus/metrics``."""
    certificate: Path | None = None
    """PEM, with ``private_key``: both ports speak TLS only."""
    private_key: Path | None = None
    token: str | None = Field(None, repr=False)
    """Whoever asks must show it, as ``authorization: Bearer TOKEN``."""
    drain_seconds: float = Field(30.0, ge=0)
    """What requests under way are given when the server is told to end."""
