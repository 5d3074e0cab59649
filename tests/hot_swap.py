"""Swaps versions of a served model under load, and says what its clients saw of it.

``python -m tests.hot_swap MODEL [SWAPS]`` measures the memory as well.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import threading
import time
from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path

import grpc
import psutil
import tensorflow as tf
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_service_pb2_grpc,
    predict_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)

from data import naming
from serving.warmup_requests import WARMUP_REQUESTS
from tests.serving_command import serve

CLIENTS = 8
SETTLED = 60
"""Seconds after the load at which memory is looked at."""


@dataclass
class Seen:
    """What happened.

    Attributes:
        answers: By version.
        faults: Requests that failed, or were answered by two versions at once.
        memory: MiB of the server after each swap.
        settled: MiB some time after the load; 0 where nobody waited for it.
    """

    answers: Counter[int] = field(default_factory=Counter)
    faults: list[str] = field(default_factory=list)
    memory: list[int] = field(default_factory=list)
    settled: int = 0


def swap_under_load(model: Path, folder: Path, swaps: int, settled: float = 0) -> Seen:
    """Replaces version after version of ``model`` below ``folder`` while clients ask for answers.

    Every other version names its classes in capitals, so that an answer shows who gave it.
    """
    base = folder / "brisc"
    base.mkdir()
    seen, stop = Seen(), threading.Event()
    _put(model, base, 1)
    with (
        serve(f"--model-base-path={base}") as served,
        grpc.insecure_channel(served.grpc) as channel,
    ):
        process = psutil.Process(served.process.pid)
        request = _request(model)
        threads = [
            threading.Thread(target=_ask, args=(channel, request, seen, stop))
            for _ in range(CLIENTS)
        ]
        for thread in threads:
            thread.start()
        for version in range(2, swaps + 2):
            _put(model, base, version)
            _wait_for(channel, version, seen)
            shutil.rmtree(base / str(version - 1))
            seen.memory.append(_mebibytes(process))
        stop.set()
        for thread in threads:
            thread.join()
        if settled:
            time.sleep(settled)
            seen.settled = _mebibytes(process)
    return seen


def _put(model: Path, base: Path, version: int) -> None:
    staged = base / f".{version}.partial"
    shutil.copytree(model, staged)
    if version % 2:
        graph = staged / "saved_model.pb"
        content = graph.read_bytes()
        for name in naming.CLASSES:
            content = content.replace(name.encode(), name.upper().encode())
        graph.write_bytes(content)
    staged.rename(base / str(version))


def _request(model: Path) -> predict_pb2.PredictRequest:
    """The model's own warm-up request: one slice."""
    (record,) = tf.data.TFRecordDataset(str(model / WARMUP_REQUESTS)).as_numpy_iterator()
    request = prediction_log_pb2.PredictionLog.FromString(record).predict_log.request
    request.model_spec.name = "brisc"
    return request


def _ask(
    channel: grpc.Channel, request: predict_pb2.PredictRequest, seen: Seen, stop: threading.Event
) -> None:
    predict = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict
    while not stop.is_set():
        try:
            response = predict(request, timeout=120)
        except grpc.RpcError as error:
            seen.faults.append(f"{error.code().name} {error.details()}")
            continue
        version = response.model_spec.version.value
        (label,) = response.outputs["class"].string_val
        if label.isupper() != bool(version % 2):
            seen.faults.append(f"version {version} answers {label!r}")
        seen.answers[version] += 1


def _wait_for(channel: grpc.Channel, version: int, seen: Seen) -> None:
    """Until this version is the only one, and has answered."""
    asked = get_model_status_pb2.GetModelStatusRequest()
    asked.model_spec.name = "brisc"
    status = model_service_pb2_grpc.ModelServiceStub(channel).GetModelStatus
    state = get_model_status_pb2.ModelVersionStatus
    swapped = (state.AVAILABLE, state.END)
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        found = status(asked, timeout=120).model_version_status
        states = {item.version: item.state for item in found}
        if (states.get(version), states[version - 1]) == swapped and seen.answers[version]:
            return
        time.sleep(0.1)
    raise TimeoutError(f"version {version} is not served: {states}")


def _mebibytes(process: psutil.Process) -> int:
    return int(process.memory_info().rss >> 20)


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as scratch:
        found = swap_under_load(
            Path(sys.argv[1]), Path(scratch), int([*sys.argv, "20"][2]), SETTLED
        )
    print("answers", sum(found.answers.values()), "faults", len(found.faults), found.faults[:3])
    print("MiB after each swap", found.memory, "settled", found.settled)
    print(f"settled against second swap {found.settled / found.memory[1]:.3f}")
