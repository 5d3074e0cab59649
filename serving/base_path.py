"""Tells before anything is loaded whether a folder is one whose versions can be served."""

from __future__ import annotations

from pathlib import Path

from data.errors import InputError
from serving.model_files import SAVED_MODEL, versions

_REMEDY = "Give the folder that `brisc run` pushed to, WORKSPACE/serving/NAME"


def require_versions(base: Path) -> None:
    """Checks that ``base`` holds a version of a model; whether it loads is seen later.

    Raises:
        InputError: It is not there, is itself a version, or has none in it.
    """
    try:
        if not base.is_dir():
            raise InputError(base, "no such folder", _REMEDY)
        if versions(base):
            return
    except OSError as error:
        raise InputError(base, f"cannot be listed ({error.strerror})", _REMEDY) from error
    if not (base / SAVED_MODEL).is_file():
        raise InputError(base, "no version of a model in it, a folder named by a number", _REMEDY)
    # "." and links have a name of their own only when they are followed.
    place = base.resolve()
    if place.name in map(str, versions(place.parent)):
        raise InputError(
            base, "is one version of a model", f"Give the folder of its versions, {place.parent}"
        )
    raise InputError(
        base,
        "is a saved model, and no folder of a model's versions",
        "Move it into a new folder under a number, as NAME/1, and give NAME",
    )
