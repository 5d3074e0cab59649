"""Keeps a process that runs one component from importing all the others."""

from __future__ import annotations

import importlib.util
import sys
from typing import Any

_PACKAGE = "tfx.components"


def import_components_lazily() -> None:
    """Lets the package ``tfx.components`` import its list of components when one is asked for.

    TFX's launcher needs a constant from within it, and by that would import every component there
    is and TFMA. To be called before TFX is imported.
    """
    if _PACKAGE in sys.modules:
        return
    spec = importlib.util.find_spec(_PACKAGE)
    assert spec is not None and spec.loader is not None
    package: Any = importlib.util.module_from_spec(spec)
    execute = spec.loader.exec_module

    def load(name: str) -> Any:
        del package.__getattr__
        execute(package)
        return getattr(package, name)

    package.__getattr__ = load
    sys.modules[_PACKAGE] = package
