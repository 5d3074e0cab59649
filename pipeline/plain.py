"""Settings as text that a person reads."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any


def plain(value: Any) -> str:
    """A value as YAML on one line; of a mapping, without the keys that have none."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, Mapping):
        known = {key: inner for key, inner in value.items() if not _is_empty(inner)}
        return "{" + ", ".join(f"{key}: {plain(inner)}" for key, inner in known.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(plain, value)) + "]"
    return str(value)


def flat(settings: Mapping[str, Any], above: str = "") -> Iterator[tuple[str, Any]]:
    """Each setting by its whole key, as ``training.augmentation.flip``, and its value."""
    for key, value in settings.items():
        if isinstance(value, Mapping):
            yield from flat(value, f"{above}{key}.")
        else:
            yield f"{above}{key}", value


def _is_empty(value: Any) -> bool:
    if isinstance(value, Mapping):
        return all(map(_is_empty, value.values()))
    return value is None
