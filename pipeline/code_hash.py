"""Digests of the product's own sources: what TFX's cache does not see by itself."""

from __future__ import annotations

import hashlib
import importlib.util
from collections.abc import Iterator
from importlib import metadata
from pathlib import Path


def code_hash(*names: str, without: str | None = None) -> str:
    """Hex digest of Python sources, 16 characters.

    Among a component's parameters it makes an edit of the code that the component runs re-run
    it, and no other edit.

    Args:
        names: Modules, or packages with all that is below them.
        without: A package among them to leave out.
    """
    left_out = set(_sources(without)) if without else set()
    # One workspace may serve both stacks, whose saved models differ.
    digest = hashlib.sha256(metadata.version("tfx").encode())
    for name in names:
        sources = list(_sources(name))
        for path in sources:
            if path not in left_out:
                place = path.relative_to(sources[0].parent).as_posix()
                digest.update(f"{name}/{place}\0".encode())
                digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _sources(name: str) -> Iterator[Path]:
    spec = importlib.util.find_spec(name)
    if spec is None or spec.origin is None:
        raise ModuleNotFoundError(name)
    origin = Path(spec.origin)
    if spec.submodule_search_locations is None:
        yield origin
    else:
        yield origin
        yield from sorted(path for path in origin.parent.rglob("*.py") if path != origin)
