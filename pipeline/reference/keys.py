"""Every key of the configuration files, as their models have them."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from pydantic import BaseModel

from pipeline.reference.schema import bounds_of, models_within, resolve, type_of


@dataclass(frozen=True)
class Key:
    """A key of a configuration file.

    Attributes:
        name: Its path in the file, as ``--set`` takes it; ``[]`` is any item of a list and ``*``
            any key of a mapping.
        type: What its value is.
        default: In YAML; None where the key has to be given, empty where the keys below have some.
        bounds: What its value must keep to, beyond the type.
        description: What it is for; None where nothing says so.
    """

    name: str
    type: str
    default: str | None
    bounds: str
    description: str | None


def read_keys(model: type[BaseModel]) -> list[Key]:
    """All keys of a configuration file or of a section, each before those below it."""
    schema = model.model_json_schema()
    return list(_walk(schema, schema.get("$defs", {}), ""))


def _walk(model: dict[str, Any], models: dict[str, Any], above: str) -> Iterator[Key]:
    for name, field in model["properties"].items():
        path = f"{above}{name}"
        section = "$ref" in field
        yield Key(
            name=path,
            type=type_of(field, models),
            default="" if section else _yaml(field["default"]) if "default" in field else None,
            bounds=bounds_of(field),
            description=field.get("description") or resolve(field, models).get("description"),
        )
        for marker, within in models_within(field):
            yield from _walk(resolve(within, models), models, f"{path}{marker}.")


def _yaml(value: Any) -> str:
    """A value on one line; of mappings, keys that are null are left out."""
    if isinstance(value, dict):
        pairs = (f"{key}: {_yaml(item)}" for key, item in value.items() if item is not None)
        return f"{{{', '.join(pairs)}}}"
    if isinstance(value, list):
        return f"[{', '.join(map(_yaml, value))}]"
    return value if isinstance(value, str) else json.dumps(value)
