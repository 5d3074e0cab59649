"""Finds the product's own error in what Beam makes of it on its way from a worker."""

from __future__ import annotations

import re

from data.errors import InputError

_STEP = re.compile(r" \[while running .*?\]", re.DOTALL)
# The last line of the traceback that a worker in another process sends as text.
_TEXT = re.compile(r"^data\.errors\.InputError: (.+): ([^:\n]+)\. ([^.\n]+)\.$", re.MULTILINE)


def original(error: Exception) -> BaseException | None:
    """The error of the product's own, or Ctrl-C, that a worker met; ``None`` for any other.

    In one process Beam adds the step to its first argument, from another it comes as text.
    """
    if str(error).startswith("KeyboardInterrupt"):
        return KeyboardInterrupt()
    if isinstance(error, InputError):
        return InputError(_STEP.sub("", error.where), error.reason, error.remedy)
    found = _TEXT.search(_STEP.sub("", str(error)))
    return InputError(*found.groups()) if found else None
