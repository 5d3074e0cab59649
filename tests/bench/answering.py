"""Rows about answers: the network of a saved model, and the server around it."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from serving.model_files import find_saved_model
from tests.bench.comparison import Setting, take_turns
from tests.bench.row import Row, limited
from tests.command import ROOT
from tests.export_extra import export_extra

_SIZE = 128
# At most 1.2 times the time of a runtime in the same precision.
_GOAL = 1 / 1.2
_BFLOAT16 = "OpenVINO bfloat16"


def inference(setting: Setting) -> Iterator[Row]:
    """Seconds a batch of the same network on as many threads, in float32 and in bfloat16."""
    model = str(find_saved_model(_model(setting)))
    extra = str(export_extra())
    with tempfile.TemporaryDirectory(dir=setting.folder) as onnx:
        for threads in (1, 2):
            for batch in (1, 8):
                options = {"onnx": onnx, "batch": batch, "threads": threads}
                # The first writes what the peers read. Precision is a process's.
                ours = [
                    setting.ours("inference", model=model, extra=extra, bfloat16=half, **options)
                    for half in (False, True)
                ]
                runtimes = setting.peer("runtimes", **options)
                measured = take_turns(*ours, runtimes, rounds=setting.rounds)
                name = f"inference-{threads}-threads-batch-{batch}"
                mixed, own = measured.pop("saved model bfloat16"), measured.pop("saved model")
                peer = {_BFLOAT16: measured.pop(_BFLOAT16)}
                yield Row(name, "s/batch", _GOAL, own, measured)
                yield Row(f"{name}-bfloat16", "s/batch", _GOAL, mixed, peer)


def serving(setting: Setting) -> Iterator[Row]:
    """What the server adds to the bare signature, and what many clients get of it."""
    # TensorFlow: not before it is needed.
    from serving.server.constant_weights import assume_constant_weights
    from serving.server.model_config import Model
    from tests.bench.served import latency, slice_512, throughput

    model, image = _model(setting), slice_512()
    # The bare signature, in this process, gets what the server gives itself.
    assume_constant_weights([Model("model", model)])
    asked = [latency(model, image) for _ in range(setting.rounds)]
    for name, way, other, limit in (
        ("grpc-above-signature", "gRPC", "bare", 5.0),
        ("rest-above-grpc", "REST", "gRPC", 10.0),
    ):
        # Less than a tenth of a millisecond is none.
        more = [max(medians[way] - medians[other], 0.1) for medians in asked]
        yield limited(name, "ms", limit, more)
    rates = [throughput(model, image) for _ in range(setting.rounds)]
    bare = {name: [rate[name] for _, rate in rates] for name in rates[0][1]}
    own = [served for served, _ in rates]
    yield Row("grpc-throughput", "slices/s", 0.95, own, bare, more_is_better=True)


def _model(setting: Setting) -> Path:
    """The folder of a model's versions; an untrained one takes as long."""
    if setting.models is not None:
        return setting.models
    folder = setting.folder / f"model-{_SIZE}"
    if not (folder / "saved" / "1").is_dir():
        # By a process of its own: what it imports and builds stays out of this one.
        command = [sys.executable, "-m", "tests.untrained_model", folder, setting.data, str(_SIZE)]
        subprocess.run(command, cwd=ROOT, check=True, stderr=subprocess.DEVNULL)
    return folder / "saved"
