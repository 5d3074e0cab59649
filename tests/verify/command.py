"""Runs the command on the set that `tests.folders.put_set` writes."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from data.naming import NO_TUMOR
from pipeline.cli.main import main
from tests.folders import stem

GLIOMA, OTHER, HEALTHY = stem("glioma", 1), stem("glioma", 2), stem(NO_TUMOR, 31)
USUAL = {"code-no", "manifest-crlf", "manifest-back-slashes"}
"""What every faultless set has, as BRISC has it."""

Found = dict[str, dict[str, Any]]
Change = Callable[[Path], Path]


def verify(root: Path, expected: int) -> Found:
    """Runs the command, which ends with this code; its findings by their names."""
    report = root.parent / "findings.json"
    with pytest.raises(SystemExit) as ended:
        main(["data", "verify", str(root), "--json", str(report)])
    assert ended.value.code == expected
    told = json.loads(report.read_text())
    for severity in ("error", "warning", "note"):
        alike = [item for item in told["findings"] if item["severity"] == severity]
        assert told[f"{severity}s"] == len(alike)
    for item in told["findings"]:
        assert item["reason"] and item["remedy"] and item["paths"] and item["count"]
    return {item["code"]: item for item in told["findings"]}
