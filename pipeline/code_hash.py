"""Digests of the product's own sources: what TFX's cache does not see by itself."""

from __future__ import annotations

import hashlib
import importlib
from pathlib import Path


def code_hash(*packages: str) -> str:
    """Hex digest over the Python sources of ``packages``, 16 characters.

    Among a component's parameters it makes an edit of that code re-run the component, and no
    other edit.
    """
    digest = hashlib.sha256()
    for package in packages:
        root = Path(importlib.import_module(package).__path__[0])
        for path in sorted(root.rglob("*.py")):
            digest.update(f"{package}/{path.relative_to(root).as_posix()}\0".encode())
            digest.update(path.read_bytes())
    return digest.hexdigest()[:16]
