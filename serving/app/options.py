"""How the web page is started: whom it asks, where it listens and what it takes."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr

_MEBIBYTE = 1 << 20


class AppOptions(BaseModel):
    """Everything ``serving.app.web.create_app`` and ``serving.app.run`` need to know."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    server: str = Field(description="http://HOST:PORT for REST or grpc://HOST:PORT for gRPC.")
    model_name: str = Field("brisc", description="What the server calls the model.")
    token: SecretStr | None = Field(None, description="Shown to the server with every question.")
    model: Path | None = Field(
        None, description="The saved model, or the folder of its versions, where it is known."
    )
    host: str = Field("127.0.0.1", description="Address to listen at.")
    port: int = Field(7860, ge=0, le=65535, description="0: any that is free.")
    trusted_hosts: tuple[str, ...] = Field(
        (),
        description="Names by which browsers may call it; none: any, but where it listens to this "
        "machine alone only the machine's own.",
    )
    upload_bytes: int = Field(128 * _MEBIBYTE, ge=1, description="Of one file.")
    upload_seconds: float = Field(60.0, gt=0, description="Until the whole of a file is there.")
    uploads: int = Field(
        4, ge=1, description="Files that are in memory at the same time; others wait."
    )
    answer_seconds: float = Field(
        20.0, gt=0, description="What the server has for an answer, all attempts together."
    )
