"""Tells whether what a format is written with is installed, without importing any of it."""

from __future__ import annotations

import importlib.util

from data.errors import ConfigurationError

PACKAGES: dict[str, tuple[str, ...]] = {
    "onnx": ("tf2onnx", "onnxruntime"),
    "openvino": ("tf2onnx", "openvino"),
    "saved_model": (),
}
"""By format: what it imports and the extra ``export`` brings."""

INSTALL = ".venv/bin/uv pip install --python .venv/bin/python -e '.[export]'"
"""In the repository, as docs/how-to/export.md has it."""


def require_packages(name: str) -> None:
    """Checks that the packages of format ``name`` are installed.

    Raises:
        ConfigurationError: One is not.
    """
    missing = [package for package in PACKAGES[name] if importlib.util.find_spec(package) is None]
    if missing:
        raise ConfigurationError(
            f"--format {name}",
            f"{' and '.join(missing)} must be installed for it",
            f"Install the extra `export`, in the repository: `{INSTALL}`",
        )
