"""Pushes a blessed model to where TF Serving reads it, whole or not at all."""

from __future__ import annotations

import filecmp
import os
import shutil
import time
from pathlib import Path
from typing import Any

from tfx import types
from tfx.components.pusher import component as stock_component
from tfx.components.pusher import executor as stock
from tfx.dsl.components.base import executor_spec
from tfx.proto import pusher_pb2
from tfx.types import artifact_utils, standard_component_specs
from tfx.utils import proto_utils

from data.errors import InputError
from serving.model_files import versions


class Executor(stock.Executor):
    """The stock Pusher's contract, but atomic and idempotent.

    The stock one copies into place, where TF Serving's poll finds half a model. Here the copy
    is made beside, under a name that is no version, and renamed. A model that is the newest
    version already is not pushed again.
    """

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Pushes to ``push_destination.filesystem.base_directory`` if all blessings are there.

        Raises:
            InputError: The destination cannot be written.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        pushed = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.PUSHED_MODEL_KEY]
        )
        if not self.CheckBlessing(input_dict):
            self._MarkNotPushed(pushed)
            return
        destination = pusher_pb2.PushDestination()
        proto_utils.json_to_proto(
            exec_properties[standard_component_specs.PUSH_DESTINATION_KEY], destination
        )
        base = Path(destination.filesystem.base_directory)
        model = Path(self.GetModelPath(input_dict))
        try:
            version = _push(model, base)
        except OSError as error:
            raise InputError(
                base,
                f"the model could not be pushed ({error.strerror or error})",
                "Make room or make the folder writable, then run again",
            ) from error
        self._MarkPushed(
            pushed, pushed_destination=str(base / str(version)), pushed_version=str(version)
        )


class Pusher(stock_component.Pusher):
    """TFX's Pusher with the executor above."""

    EXECUTOR_SPEC = executor_spec.ExecutorClassSpec(Executor)


def _push(model: Path, base: Path) -> int:
    newest = max(versions(base), default=0)
    if newest and _same(model, base / str(newest)):
        return newest
    # TF Serving serves the highest number, so the clock must never lead back.
    version = max(int(time.time()), newest + 1)
    base.mkdir(parents=True, exist_ok=True)
    partial = base / f".{version}.{os.getpid()}.partial"
    try:
        shutil.copytree(model, partial)
        partial.rename(base / str(version))
    finally:
        shutil.rmtree(partial, ignore_errors=True)
    return version


def _same(one: Path, other: Path) -> bool:
    names = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file())
    if names != sorted(path.relative_to(other) for path in other.rglob("*") if path.is_file()):
        return False
    return all(filecmp.cmp(one / name, other / name, shallow=False) for name in names)
