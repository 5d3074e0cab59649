"""The metadata store of a workspace: SQLite in it, or PostgreSQL by its address."""

from __future__ import annotations

import os
import re
import tempfile
from typing import TYPE_CHECKING

import tenacity

from data.errors import InputError
from pipeline.workspace import Workspace

if TYPE_CHECKING:
    import ml_metadata as mlmd
    from ml_metadata.proto import metadata_store_pb2

PATIENCE = 30.0
"""Seconds that a server may be away."""

_CONNECTING = 10
"""Seconds until a host that does not answer counts as away."""

_RETRIES = 20

_FINAL = (
    "authentication failed",
    "no password",
    "does not exist",
    "pg_hba.conf",
    "permission denied",
)


def connection(
    workspace: Workspace, *, readonly: bool = False
) -> metadata_store_pb2.ConnectionConfig:
    """How the store is reached; a password is not in it but in the environment of this process.

    TFX logs a connection, and libpq, which PostgreSQL is asked by, looks there by itself.

    Args:
        workspace: Whose store.
        readonly: Only for looking, which is possible while a run is using SQLite.
    """
    address = workspace.store
    if address is not None:
        os.environ["PGPASSWORD"] = address.password
        os.environ.setdefault("PGCONNECT_TIMEOUT", str(_CONNECTING))
    # Each connection would be told on standard error. To be set before the import.
    os.environ.setdefault("GLOG_minloglevel", "2")
    from ml_metadata.proto import metadata_store_pb2

    config = metadata_store_pb2.ConnectionConfig()
    # Of transactions that others have crossed.
    config.retry_options.max_num_retries = _RETRIES
    if address is not None:
        config.postgresql.host = address.host
        config.postgresql.port = str(address.port)
        config.postgresql.user = address.user
        config.postgresql.dbname = address.database
        return config
    modes = metadata_store_pb2.SqliteMetadataSourceConfig
    config.sqlite.filename_uri = str(workspace.metadata)
    config.sqlite.connection_mode = modes.READONLY if readonly else modes.READWRITE_OPENCREATE
    return config


def open_store(
    config: metadata_store_pb2.ConnectionConfig, patience: float = PATIENCE
) -> mlmd.MetadataStore:
    """Connects, and makes the schema where there is none.

    Args:
        config: From ``connection``.
        patience: Seconds that a server may be away.

    Raises:
        InputError: It is away for longer, refuses the user, or the file is none of its own.
    """
    attempts = tenacity.Retrying(
        stop=tenacity.stop_after_delay(patience),
        wait=tenacity.wait_random(0.2, 1.0),
        retry=tenacity.retry_if_exception_type(_Away),
        reraise=True,
    )
    store: mlmd.MetadataStore = attempts(_open, config)
    return store


def store_error(config: metadata_store_pb2.ConnectionConfig, reason: str) -> InputError:
    """Says what is wrong with a store, by the name that a user knows it by."""
    if not config.HasField("postgresql"):
        return InputError(
            config.sqlite.filename_uri,
            f"the metadata cannot be used ({reason})",
            "Make it readable, or give another --workspace",
        )
    server = config.postgresql
    return InputError(
        f"postgresql://{server.user}@{server.host}:{server.port}/{server.dbname}",
        f"the metadata store cannot be used ({reason})",
        "Start the server, or correct metadata_store in secrets.yaml or BRISC_METADATA_STORE",
    )


class _Away(InputError):
    """What may be over in a moment."""


def _open(config: metadata_store_pb2.ConnectionConfig) -> mlmd.MetadataStore:
    import ml_metadata as mlmd

    from pipeline.ordered_store import OrderedStore

    try:
        return OrderedStore(config)
    except (RuntimeError, mlmd.errors.StatusError) as error:
        postgresql = config.HasField("postgresql")
        reason = (_said(config) if postgresql else "") or str(error).strip()
        found = store_error(config, reason)
        passing = not any(mark in reason for mark in _FINAL) if postgresql else "lock" in reason
        raise (_Away(*found.args) if passing else found) from error


def _said(config: metadata_store_pb2.ConnectionConfig) -> str:
    """What libpq says of a failed connection, which its caller only prints on standard error."""
    import ml_metadata as mlmd

    error = os.dup(2)
    with tempfile.TemporaryFile() as file:
        os.dup2(file.fileno(), 2)
        try:
            mlmd.MetadataStore(config)
        except (RuntimeError, mlmd.errors.StatusError):
            pass
        finally:
            os.dup2(error, 2)
            os.close(error)
        file.seek(0)
        said = file.read().decode(errors="replace")
    found = re.search(r"PostgreSQL error: (?:FATAL: *)?(.+(?:\n[\t ]+.+)*)", said)
    return " ".join(found[1].split()) if found else ""
