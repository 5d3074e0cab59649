"""Data that arrives in parts: ``{SPAN}`` in a path, as TFX's ExampleGen has it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from data.errors import ConfigurationError, InputError

_PATTERN = re.compile(r"\{SPAN(?::([^{}]*))?\}")


@dataclass(frozen=True)
class Span:
    """One folder of those that a pattern stands for.

    Attributes:
        number: What stands where the pattern has ``{SPAN}``.
        folder: The folder.
    """

    number: int
    folder: Path


def resolve_data(data: Path, wanted: int | None) -> tuple[Path, Span | None]:
    """The data folder, and which span it is; ``None`` where ``data`` has no ``{SPAN}``.

    Args:
        data: A folder, or a pattern of folders with one ``{SPAN}``, or ``{SPAN:W}`` for numbers of
            W digits, filled up with zeros.
        wanted: Number of the span; ``None``: the largest there is.

    Raises:
        ConfigurationError: A span is wanted of what is no pattern, or the pattern is not one.
        InputError: There is no such folder.
    """
    if "{SPAN" not in str(data):
        if wanted is not None:
            raise ConfigurationError(
                f"--span {wanted}",
                f"{data} has no spans",
                "Put {SPAN} where the number stands: --data 'data/span-{SPAN}'",
            )
        return data, None
    found = _spans(data)
    if not found:
        raise InputError(
            data,
            "no folder is named so",
            "Make one with a number in the place of {SPAN}; {SPAN:3} stands for 001, 002",
        )
    if wanted is None:
        span = max(found, key=lambda item: item.number)
        return span.folder, span
    for span in found:
        if span.number == wanted:
            return span.folder, span
    numbers = sorted(span.number for span in found)
    raise InputError(
        data,
        f"there is no folder of span {wanted}",
        f"Make it, or give one of the {len(numbers)} there are, {numbers[0]} to {numbers[-1]}",
    )


def _spans(pattern: Path) -> list[Span]:
    """The folders that ``pattern`` stands for."""
    places = [index for index, part in enumerate(pattern.parts) if "{SPAN" in part]
    found = _PATTERN.findall(str(pattern))
    if len(found) != 1 or str(pattern).count("{SPAN") != 1:
        raise ConfigurationError(pattern, "not one pattern", "Write {SPAN} or {SPAN:3}, once")
    width = found[0]
    if width and not re.fullmatch("[1-9][0-9]?", width):
        raise ConfigurationError(
            pattern, f"{width} is no number of digits", "Write {SPAN}, or {SPAN:3} for 001, 002"
        )
    parent, name = Path(*pattern.parts[: places[0]]), pattern.parts[places[0]]
    below = pattern.parts[places[0] + 1 :]
    before, after = (re.escape(text) for text in _PATTERN.split(name)[::2])
    digits = f"[0-9]{{{width}}}" if width else "0|[1-9][0-9]*"
    matcher = re.compile(f"{before}({digits}){after}")
    folders = parent.iterdir() if parent.is_dir() else ()
    matches = ((folder, matcher.fullmatch(folder.name)) for folder in folders)
    spans = [Span(int(match[1]), folder.joinpath(*below)) for folder, match in matches if match]
    return [span for span in spans if span.folder.is_dir()]
