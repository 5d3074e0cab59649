"""Which models are served from where: TF Serving's ``ModelServerConfig``, checked."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from google.protobuf import text_format
from tensorflow_serving.config import file_system_storage_path_source_pb2, model_server_config_pb2

from data.errors import InputError
from serving.server.errors import ServingError, invalid
from serving.server.options import ServerOptions

_Policy: Any = (
    file_system_storage_path_source_pb2.FileSystemStoragePathSourceConfig.ServableVersionPolicy
)

PLATFORM = "tensorflow"


@dataclass(frozen=True)
class Model:
    """One model that is served.

    Attributes:
        name: What clients ask for.
        base_path: Folder of its versions, each named by its number.
        policy: Which of them are served, a ``ServableVersionPolicy``.
        labels: Versions by label.
    """

    name: str
    base_path: Path
    policy: Any = field(default_factory=_Policy)
    labels: Mapping[str, int] = field(default_factory=dict)

    def chosen(self, versions: list[int]) -> list[int]:
        """Those of ``versions`` (ascending) that the policy serves, the newest first."""
        kind = self.policy.WhichOneof("policy_choice")
        if kind == "all":
            return versions[::-1]
        if kind == "specific":
            named = set(self.policy.specific.versions)
            return [version for version in versions[::-1] if version in named]
        # TF Serving reads a number of 0 as one.
        return versions[::-1][: max(self.policy.latest.num_versions, 1)]


def read_models(options: ServerOptions) -> list[Model]:
    """The models that a server is started with.

    Raises:
        InputError: As of ``read_model_config``.
    """
    if options.model_config_file is not None:
        return read_model_config(options.model_config_file)
    assert options.model_base_path is not None
    return [Model(options.model_name, options.model_base_path.resolve())]


def read_model_config(file: Path) -> list[Model]:
    """The models that a ``ModelServerConfig`` as text names.

    Raises:
        InputError: It is not there, or no such text.
    """
    config = model_server_config_pb2.ModelServerConfig()
    try:
        text_format.Parse(file.read_text(encoding="utf-8"), config)
        return checked(config)
    except OSError as error:
        raise InputError(file, f"cannot be read ({error.strerror})", "Give a text file") from error
    except (text_format.ParseError, UnicodeDecodeError, ServingError) as error:
        raise InputError(
            file,
            f"no ModelServerConfig as text ({error})",
            "Mend it; serving/deploy/config/models.config is one",
        ) from error


def checked(config: model_server_config_pb2.ModelServerConfig) -> list[Model]:
    """The models of a config.

    Raises:
        ServingError: It names one twice, or one without a place, or is of another kind.
    """
    if config.WhichOneof("config") != "model_config_list":
        raise invalid(
            "ServerModelConfig type not supported by HandleReloadConfigRequest. "
            "Only ModelConfigList is currently supported"
        )
    models: dict[str, Model] = {}
    for entry in config.model_config_list.config:
        platform = entry.model_platform or PLATFORM
        if platform != PLATFORM:
            raise invalid(
                f"Illegal to change a model's platform. For model {entry.name} platform was "
                f"{PLATFORM} and new platform requested is {platform}"
            )
        if entry.name in models:
            raise invalid(f"Illegal to list model {entry.name} multiple times in config list")
        path = Path(entry.base_path)
        if not path.is_absolute():
            raise invalid(
                f"Expected model {entry.name} to have an absolute path or URI; "
                f"got base_path()={entry.base_path}"
            )
        models[entry.name] = Model(
            entry.name, path, entry.model_version_policy, dict(entry.version_labels)
        )
    return list(models.values())
