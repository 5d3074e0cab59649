"""Assembles the configuration of all stages from files, a profile and the command line."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.config import DriftConfig, SplitConfig
from data.errors import ConfigurationError
from pipeline.config import GateConfig, PathsConfig, SecretsConfig
from preprocessing.config import PreprocessingConfig
from serving.config import ServingConfig
from trainer.config import ModelConfig, TrainingConfig
from trainer.tuning_config import TuningConfig

PROFILES = Path(__file__).parent / "profiles"

SECRETS = Path("secrets.yaml")
METADATA_STORE = "BRISC_METADATA_STORE"

_Model = TypeVar("_Model", bound=BaseModel)


class Parameters(BaseModel):
    """``params.yaml``: everything that decides what a run computes."""

    model_config = ConfigDict(extra="forbid", frozen=True, protected_namespaces=())

    model: ModelConfig = Field(default_factory=ModelConfig)
    training: TrainingConfig = Field(default_factory=TrainingConfig)
    tuning: TuningConfig = Field(default_factory=TuningConfig)
    split: SplitConfig = Field(default_factory=SplitConfig)
    drift: DriftConfig = Field(default_factory=DriftConfig)
    gate: GateConfig = Field(default_factory=GateConfig)
    serving: ServingConfig = Field(default_factory=ServingConfig)

    @property
    def preprocessing(self) -> PreprocessingConfig:
        """What the Transform graph needs of section ``model``."""
        return self.model.preprocessing


def load_paths(file: Path | None, overrides: dict[str, Any]) -> PathsConfig:
    """Reads ``config.yaml``; ``overrides`` that are not ``None`` win.

    Raises:
        ConfigurationError: The file cannot be read, or a key or value is not valid.
    """
    values = _read(file) if file else {}
    values |= {key: value for key, value in overrides.items() if value is not None}
    return _validate(PathsConfig, values, str(file or "command line"))


def load_secrets(file: Path | None, metadata_store: str | None = None) -> SecretsConfig:
    """Reads ``file``, else ``secrets.yaml`` of this folder where there is one.

    Args:
        file: What ``--secrets`` named.
        metadata_store: The value of ``BRISC_METADATA_STORE``, which wins over the file's.

    Raises:
        ConfigurationError: The file cannot be read, or a key or value is not valid.
    """
    secrets = SecretsConfig()
    if file is not None or SECRETS.exists():
        secrets = _validate(SecretsConfig, _read(file or SECRETS), str(file or SECRETS))
    if metadata_store:
        given = _validate(SecretsConfig, {"metadata_store": metadata_store}, METADATA_STORE)
        secrets = secrets.model_copy(update={"metadata_store": given.metadata_store})
    return secrets


def load_parameters(
    files: Sequence[Path], profile: str | None, assignments: Iterable[str]
) -> Parameters:
    """Layers parameter files, then a profile, then ``section.key=value``; later wins.

    Raises:
        ConfigurationError: Something cannot be read, or a key or value is not valid.
    """
    values: dict[str, Any] = {}
    for file in files:
        layer = _read(file)
        _validate(Parameters, layer, str(file))
        values = _merge(values, layer)
    if profile is not None:
        values = _merge(values, _read(_profile_file(profile)))
    for assignment in assignments:
        values = _merge(values, _parse(assignment))
        _validate(Parameters, values, f"--set {assignment}")
    return _validate(Parameters, values, "parameters")


def _profile_file(name: str) -> Path:
    known = sorted(path.stem for path in PROFILES.glob("*.yaml"))
    if name not in known:
        raise ConfigurationError(
            f"--profile {name}", "no such profile", f"The profiles are {', '.join(known)}"
        )
    return PROFILES / f"{name}.yaml"


def _read(file: Path) -> dict[str, Any]:
    try:
        values = yaml.safe_load(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(
            file, error.strerror or str(error), "Give an existing YAML file"
        ) from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        # ValueError: an impossible date, or text that is not UTF-8.
        reason = " ".join(str(error).split())
        raise ConfigurationError(file, f"not valid YAML ({reason})", "Mend the file") from error
    if values is None:
        return {}
    if not isinstance(values, dict):
        raise ConfigurationError(file, "not a mapping of sections", "Write section: {key: value}")
    return values


def _parse(assignment: str) -> dict[str, Any]:
    path, equals, text = assignment.partition("=")
    keys = path.split(".")
    if not equals or not all(keys):
        raise ConfigurationError(
            f"--set {assignment}", "not an assignment", "Write --set section.key=value"
        )
    try:
        value: Any = yaml.safe_load(text)
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise ConfigurationError(
            f"--set {assignment}", "the value is not valid YAML", "Quote it"
        ) from error
    # YAML 1.1 reads 1e-3, without a dot, as a string; "1e-3" in quotes is meant to be one.
    if isinstance(value, str) and value == text:
        with contextlib.suppress(ValueError):
            value = float(value)
    for key in reversed(keys[1:]):
        value = {key: value}
    return {keys[0]: value}


def _merge(base: dict[str, Any], layer: dict[str, Any]) -> dict[str, Any]:
    merged = dict(base)
    for key, value in layer.items():
        both = isinstance(merged.get(key), dict) and isinstance(value, dict)
        merged[key] = _merge(merged[key], value) if both else value
    return merged


def _validate(model: type[_Model], values: dict[str, Any], where: str) -> _Model:
    try:
        return model.model_validate(values)
    except ValidationError as error:
        first = error.errors()[0]
        key = ".".join(str(part) for part in first["loc"])
        if first["type"] == "extra_forbidden":
            keys = ", ".join(_keys_beside(model, first["loc"]))
            raise ConfigurationError(
                where, f"unknown key {key}", f"The keys there are {keys}"
            ) from error
        reason = first["msg"].removeprefix("Value error, ")
        given = first.get("input")
        short = isinstance(given, str | int | float | None) and model is not SecretsConfig
        shown = f" (given {given!r})" if short else ""
        raise ConfigurationError(
            where, f"{key}: {reason[:1].lower()}{reason[1:]}{shown}", "Correct the value"
        ) from error


def _keys_beside(model: type[BaseModel], location: tuple[int | str, ...]) -> list[str]:
    """The keys that exist where ``location`` points to one that does not."""
    for part in location[:-1]:
        if isinstance(part, int):
            continue
        annotation = model.model_fields[part].annotation
        candidates = [annotation, *getattr(annotation, "__args__", ())]
        model = next(
            item for item in candidates if isinstance(item, type) and issubclass(item, BaseModel)
        )
    return [field.alias or name for name, field in model.model_fields.items()]
