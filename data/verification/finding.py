"""What a verification finds, and how what is found many times becomes one line."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Any

from data.errors import Problem


class Severity(str, Enum):
    """How much a finding matters: only errors cost a slice, or make the data untrue."""

    error = "error"
    warning = "warning"
    note = "note"


@dataclass(frozen=True)
class Finding:
    """One kind of thing that was found, with every place.

    Attributes:
        severity: How much it matters.
        code: The name of its kind, for programs.
        reason: What was found, one clause.
        remedy: What to do about it, one sentence without its full stop.
        groups: The places. Paths in one group belong together: copies of each other; mostly
            a group is one path.
        count: How many there are, of what the reason counts.
    """

    severity: Severity
    code: str
    reason: str
    remedy: str
    groups: tuple[tuple[Path, ...], ...]
    count: int

    @property
    def paths(self) -> tuple[Path, ...]:
        """All places."""
        return tuple(path for group in self.groups for path in group)

    def as_json(self, root: Path) -> dict[str, Any]:
        """Plain data; paths are relative to ``root`` where they lie in it."""
        groups = [[relative(path, root) for path in group] for group in self.groups]
        plain = {
            "severity": self.severity.value,
            "code": self.code,
            "count": self.count,
            "reason": self.reason,
            "remedy": self.remedy,
            "paths": [path for group in groups for path in group],
        }
        return plain | ({"groups": groups} if any(len(group) > 1 for group in groups) else {})


def finding(
    severity: Severity,
    code: str,
    reason: str,
    remedy: str,
    places: Iterable[Path | tuple[Path, ...]],
    count: int | None = None,
) -> list[Finding]:
    """A list with the finding, or an empty one where there is no place."""
    groups = tuple((place,) if isinstance(place, Path) else place for place in places)
    if not groups:
        return []
    return [
        Finding(severity, code, reason, remedy, groups, len(groups) if count is None else count)
    ]


def from_problems(problems: Iterable[Problem]) -> list[Finding]:
    """Errors of unusable files: one for all that have the same code, reason and remedy."""
    alike: dict[tuple[str, str, str], list[Path]] = {}
    for item in problems:
        alike.setdefault((item.code, item.reason, item.remedy), []).append(item.path)
    return [
        found
        for (code, reason, remedy), paths in alike.items()
        for found in finding(Severity.error, code, reason, remedy, paths)
    ]


def relative(path: Path, root: Path) -> str:
    """The path as it is shown: from ``root``, with slashes."""
    inside = path != root and path.is_relative_to(root)
    return path.relative_to(root).as_posix() if inside else str(path)
