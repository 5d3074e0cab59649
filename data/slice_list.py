"""Slices as lines of a file, for Beam: it keeps several copies of a list in memory."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict
from pathlib import Path

from data.examples import to_example
from data.layout import Slice
from data.strata import rank


def write_list(part: Iterable[Slice], leak: Mapping[str, str], seed: int, file: Path) -> None:
    """Writes the slices of a split and their leaks as lines of JSON, mixed by ``seed``."""
    # By id, classes would follow each other, and a trainer shuffles only so far.
    mixed = sorted(part, key=lambda item: rank(item.id, seed))
    with file.open("w", encoding="utf-8") as lines:
        for item in mixed:
            lines.write(json.dumps([asdict(item), leak[item.id]], default=str) + "\n")


def example_of(line: str) -> bytes:
    """The tf.Example of one line."""
    fields, leak = json.loads(line)
    fields |= {name: Path(fields[name]) for name in ("image", "mask") if fields[name]}
    return to_example(Slice(**fields), leak)
