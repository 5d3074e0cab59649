"""What the extra `export` adds to this environment, in a folder of its own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

_FOLDER = Path(__file__).parents[1] / ".cache" / "export-extra"
_PACKAGES = ("tf2onnx>=1.17", "onnxruntime", "openvino")


def export_extra() -> Path:
    """Installs it where it is not yet, and returns what belongs at the end of ``sys.path``."""
    target = _FOLDER / f"python{sys.version_info[0]}.{sys.version_info[1]}"
    target.mkdir(parents=True, exist_ok=True)
    pins = target / "installed.txt"
    pip = [Path(sys.executable).with_name("uv"), "pip"]
    python = ["--python", sys.executable]
    freeze = [*pip, "freeze", *python, "--exclude-editable"]
    pins.write_text(subprocess.run(freeze, check=True, capture_output=True, text=True).stdout)
    into = ["--quiet", "--target", target, "--constraint", pins]
    subprocess.run([*pip, "install", *python, *into, *_PACKAGES], check=True)
    return target
