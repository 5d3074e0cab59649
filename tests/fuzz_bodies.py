"""Drives the parser of REST by Atheris, which keeps what takes it to lines that nothing did before.

``python -m tests.fuzz_bodies CORPUS -runs=N`` begins with the bodies below and puts what it keeps
into the folder CORPUS. Ends with 1 where anything but the protocol's own error comes out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["serving.server"]):
    from tests.json_bodies import check_read_or_refused

SEEDS = (
    b'{"instances": [1.5, [2e-3, -4]]}',
    b'{"signature_name": "all", "inputs": {"f": [1], "s": ["a"], "b": [true], "i": [-1]}}',
    b'{"signature_name": "string", "instances": [{"b64": "/+8="}, "\\ud83d\\ude00", null]}',
    b'{"context": {"a": 1}, "examples": [{"x": [0.5, 1], "s": "t", "b": {"b64": "AA=="}}]}',
)


def main(arguments: list[str]) -> None:
    """Fuzzes with the arguments of libFuzzer, the first of them the folder."""
    for number, body in enumerate(SEEDS):
        (Path(arguments[1]) / f"seed-{number}").write_bytes(body)
    atheris.Setup(arguments, check_read_or_refused)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv)
