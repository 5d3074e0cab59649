"""Bytes in JSON: objects of the one member ``b64``."""

from __future__ import annotations

import binascii
from typing import Any

from serving.server.errors import invalid
from serving.server.json_quote import quoted


def is_base64(value: Any) -> bool:
    """Whether this is an object of the one member ``b64``, a string."""
    return isinstance(value, dict) and len(value) == 1 and isinstance(value.get("b64"), str)


def decoded(value: Any) -> bytes:
    """The bytes of a ``{"b64": ...}``.

    Raises:
        ServingError: It is no such object, or no base64.
    """
    if not is_base64(value):
        raise invalid(f"JSON Value: {quoted(value)} not formatted correctly for base64 data")
    content = decoded_or_none(value)
    if content is None:
        raise invalid("Unable to base64 decode")
    return content


def decoded_or_none(value: Any) -> bytes | None:
    """As ``decoded``, ``None`` where that raises."""
    if not is_base64(value):
        return None
    text: str = value["b64"]
    content = _unescaped(text)
    # White space is allowed, and rare.
    return _unescaped("".join(text.split())) if content is None else content


def _unescaped(text: str) -> bytes | None:
    """What base64 says, with its padding or without; ``None``: it is none."""
    bare = text.rstrip("=")
    missing = -len(bare) % 4
    if missing == 3 or len(text) - len(bare) not in (0, missing):
        return None
    try:
        content = binascii.a2b_base64(bare + "=" * missing)
    except ValueError:
        return None
    # It skips what is no letter of base64.
    return content if len(content) == len(bare) * 3 // 4 else None
