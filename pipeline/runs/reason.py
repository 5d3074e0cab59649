"""Why a run failed, by its log: TFX keeps no reason in ML Metadata."""

from __future__ import annotations

from pathlib import Path

_BEGIN = "Traceback (most recent call last):"


def read_reason(log: Path) -> str | None:
    """The first line of the last error in ``log``; ``None`` where there is none, or no log."""
    reason, within = None, False
    try:
        with log.open(encoding="utf-8", errors="replace") as lines:
            for line in lines:
                if line.startswith(_BEGIN):
                    within = True
                elif within and line.strip() and not line.startswith(" "):
                    # The error itself is the first line that is not indented.
                    reason, within = line.strip(), False
    except OSError:
        return None
    return reason and _without_module(reason)


def _without_module(reason: str) -> str:
    """``data.errors.InputError: what`` tells a user no more than ``InputError: what``."""
    name, colon, said = reason.partition(": ")
    return reason if " " in name else f"{name.rpartition('.')[2]}{colon}{said}"
