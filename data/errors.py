"""The product's own errors: each names where, why, and what to do about it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path


class BriscError(Exception):
    """An error that a user can act on.

    Args:
        where: The file, folder or key that is at fault.
        reason: What is wrong with it, one clause.
        remedy: What to do about it, one sentence without its full stop.
    """

    def __init__(self, where: Path | str, reason: str, remedy: str) -> None:
        # All three reach Exception itself: Beam pickles errors between its workers.
        super().__init__(str(where), reason, remedy)
        self.where = str(where)
        self.reason = reason
        self.remedy = remedy

    def __str__(self) -> str:
        return _line(self.where, self.reason, self.remedy)


class InputError(BriscError):
    """Data, a model or a folder that cannot be used as it is."""


class ConfigurationError(BriscError):
    """A setting that is unknown, of the wrong type or out of its range."""


@dataclass(frozen=True)
class Problem:
    """One unusable input, found without stopping at it.

    Attributes:
        path: The file or folder at fault.
        reason: What is wrong with it, one clause.
        remedy: What to do about it, one sentence without its full stop.
        slice_id: The slice that is lost by it, where it is known.
        code: The name of this kind of problem, for programs.
    """

    path: Path
    reason: str
    remedy: str
    slice_id: str | None = None
    code: str = "unusable"

    def __str__(self) -> str:
        return _line(self.path, self.reason, self.remedy)


class UnusableInputs(InputError):
    """Some inputs are unusable; ``problems`` lists every one of them."""

    def __init__(self, where: Path | str, problems: Sequence[Problem]) -> None:
        super().__init__(
            where,
            f"{len(problems)} unusable input(s)",
            "Mend them, or pass --skip-bad to go on without them",
        )
        self.problems = list(problems)


def _line(where: Path | str, reason: str, remedy: str) -> str:
    return printable(f"{where}: {reason}. {remedy}.")


def printable(text: str) -> str:
    """Escapes what would leave the line: a file's name may hold line ends and worse."""
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in text)
