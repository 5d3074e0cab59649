"""The environment of Airflow 3 for heavier tests, made once."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from data.lock import in_turn
from tests.tools import CACHE

ROOT = Path(__file__).parents[1]
CANNOT = 3


def airflow_environment() -> Path:
    """The folder of the environment; skips the test where no Python for it is on this machine."""
    CACHE.mkdir(parents=True, exist_ok=True)
    # One worker makes it, the other waits; what is complete stays as it is.
    with in_turn(CACHE / "airflow.lock"):
        made = subprocess.run(
            [ROOT / "requirements" / "airflow.sh"], stderr=subprocess.PIPE, text=True
        )
    if made.returncode == CANNOT:
        pytest.skip(made.stderr)
    assert made.returncode == 0, made.stderr
    return ROOT / os.environ.get("BRISC_AIRFLOW_VENV", ".venv-airflow")
