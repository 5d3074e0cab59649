"""JSON values as messages quote them: what RapidJSON's PrettyWriter makes, lists on one line."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import numpy as np

MOST = 2000
"""Characters of a quotation; TF Serving quotes whole bodies, which costs time and memory."""

_INDENT = "    "


def quoted(value: Any) -> str:
    """A parsed value as text, cut where it is long."""
    if isinstance(value, float):
        return _decimal(value)
    parts: list[str] = []
    length = 0
    for part in _parts(value, "\n"):
        parts.append(part)
        length += len(part)
        if length > MOST:
            return "".join(parts)[:MOST] + "..."
    return "".join(parts)


def type_of(value: Any) -> str:
    """The name of RapidJSON for what a parsed value is."""
    if isinstance(value, bool):
        return str(value)
    if value is None:
        return "Null"
    names = {dict: "Object", list: "Array", str: "String", int: "Number", float: "Number"}
    return names[type(value)]


def _parts(value: Any, line: str) -> Iterator[str]:
    inner = line + _INDENT
    if isinstance(value, dict):
        before = "{"
        for name, member in value.items():
            yield f"{before}{inner}{_leaf(name)}: "
            yield from _parts(member, inner)
            before = ","
        yield f"{line}}}" if value else "{}"
    elif isinstance(value, list):
        before = "["
        for element in value:
            yield before
            yield from _parts(element, inner)
            before = ", "
        yield "]" if value else "[]"
    else:
        yield _leaf(value)


def _leaf(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False)


def _decimal(value: float) -> str:
    """Six digits where they are all, else as many as the type may need."""
    with np.errstate(over="ignore"):
        single = np.float32(value)
    kind, digits = (np.float32, 9) if np.isfinite(single) else (np.float64, 17)
    number = float(kind(value))
    if not np.isfinite(number):
        return _leaf(number)
    text = f"{number:g}"
    if kind(float(text)) != kind(value):
        text = f"{number:.{digits}g}"
    return text if set(text) & set(".e") else f"{text}.0"
