"""Reads JSON as TF Serving does (RapidJSON, `kParseNanAndInfFlag`), within a depth."""

from __future__ import annotations

import json
import math
import re
from typing import Any

import numpy as np

from serving.server.errors import ServingError, invalid
from serving.server.json_quote import quoted

DEPTH = 100
"""Lists and objects within one another; CVE-2025-0649 is what comes of no limit."""

_BLANK = " \t\n\r"
_BOM = b"\xef\xbb\xbf"
_SHORT_CONSTANT = re.compile(r"-?\bInf\b|-NaN\b")
_LONG_CONSTANT = {"Inf": "Infinity", "-Inf": "-Infinity", "-NaN": "NaN"}

# Stand in for an escaped backslash and quotation mark; no JSON has such letters unescaped.
_BACKSLASH, _QUOTE = "\x01", "\x02"

# What each byte adds to the depth.
_STEPS = np.zeros(256, np.int8)
_STEPS[list(b"[{")] = 1
_STEPS[list(b"]}")] = -1


def parse(body: bytes, depth: int = DEPTH) -> dict[str, Any]:
    """The object that ``body`` begins with; what follows it is ignored.

    Of several members of one name the first counts. NaN, Inf and Infinity are numbers.

    Raises:
        ServingError: It is no JSON in UTF-8, no object, or deeper than ``depth``.
    """
    try:
        text = body.removeprefix(_BOM).decode()
    except UnicodeDecodeError as error:
        raise _malformed("Invalid encoding in string.", error.start) from error
    if body.count(b"[") + body.count(b"{") > depth:
        _check_depth(text, depth)
    begin = len(text) - len(text.lstrip(_BLANK))
    if begin == len(text):
        raise invalid("JSON Parse error: The document is empty")
    value = _decoded(text, begin)
    if not isinstance(value, dict):
        raise invalid(f"JSON Value: {quoted(value)} Is not object")
    return value


def _decoded(text: str, begin: int) -> Any:
    try:
        try:
            value, _ = _DECODER.raw_decode(text, begin)
        except json.JSONDecodeError:
            # Python's reader does not know the short names; where there are none, it fails again.
            value, _ = _DECODER.raw_decode(_lengthened(text), begin)
    except json.JSONDecodeError as error:
        raise _malformed(f"{error.msg}.", len(text[: error.pos].encode())) from error
    except ValueError as error:
        # The one other reason: Python's bound for the digits of an integer.
        raise _too_big() from error
    if "\\" in text and ("\\ud" in text or "\\uD" in text):
        try:
            json.dumps(value, ensure_ascii=False).encode()
        except UnicodeEncodeError as error:
            raise invalid("JSON Parse error: The surrogate pair in string is invalid.") from error
    return value


def as_double(number: int | float) -> float:
    """An integer of any size as a double.

    Raises:
        ServingError: It is too big for one.
    """
    try:
        return float(number)
    except OverflowError as error:
        raise _too_big() from error


def is_integer(value: object) -> bool:
    """Whether this is an integer of 64 bits; a larger one counts as a double."""
    return type(value) is int and -(2**63) <= value < 2**64


def is_double(value: object) -> bool:
    """Whether this is a number, but no integer of 64 bits."""
    return type(value) in (int, float) and not is_integer(value)


def _check_depth(text: str, depth: int) -> None:
    outside = "".join(_split(text)[::2]).encode("ascii", "replace")
    steps = _STEPS[np.frombuffer(outside, np.uint8)]
    if steps.size and steps.cumsum(dtype=np.int32).max() > depth:
        raise invalid(f"JSON Parse error: Nested more than {depth} levels deep")


def _split(text: str) -> list[str]:
    """What is outside strings and what is within, in turns.

    An expression for strings would take a time that grows with the square of an unended one.
    """
    return text.replace("\\\\", _BACKSLASH).replace('\\"', _QUOTE).split('"')


def _lengthened(text: str) -> str:
    """``text`` with constants by their long names."""
    if _BACKSLASH in text or _QUOTE in text:
        return text
    parts = _split(text)
    outside = _SHORT_CONSTANT.sub(lambda found: _LONG_CONSTANT[found[0]], '"'.join(parts[::2]))
    parts[::2] = outside.split('"')
    return '"'.join(parts).replace(_QUOTE, '\\"').replace(_BACKSLASH, "\\\\")


def _firsts(members: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(members)
    if len(found) < len(members):
        found = dict(members[::-1])
    return found


def _finite(digits: str) -> float:
    value = float(digits)
    if math.isinf(value):
        raise _too_big()
    return value


def _too_big() -> ServingError:
    return invalid("JSON Parse error: Number too big to be stored in double.")


def _malformed(reason: str, offset: int) -> ServingError:
    return invalid(f"JSON Parse error: {reason} at offset: {offset}")


_DECODER = json.JSONDecoder(object_pairs_hook=_firsts, parse_float=_finite)
