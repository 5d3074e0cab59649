"""Turns whatever a component raised into an error that says what to do."""

from __future__ import annotations

from pathlib import Path

from data.errors import BriscError, InputError


def explained(error: BaseException, where: Path | str, remedy: str) -> BriscError:
    """The product's own error within ``error``, or one of ``where`` with this ``remedy``."""
    cause: BaseException | None = error
    while cause is not None:
        if isinstance(cause, BriscError):
            return cause
        cause = cause.__cause__ or cause.__context__
    lines = str(error).strip().splitlines()
    reason = f"{type(error).__name__}: {lines[0] if lines else 'no message'}"
    return InputError(where, f"a component failed ({reason})", remedy)
