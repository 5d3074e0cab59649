"""The same network in ONNX Runtime and OpenVINO, as `brisc export` writes it."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import openvino

from tests.bench.side import answer, steady_seconds

_TIMES = 3


def main(onnx: str, batch: int, threads: int) -> None:
    """Serves as a side, seconds a batch; arguments as those of the other side."""
    (file,) = Path(onnx).glob("*.onnx")
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that wait for work in a circle would disturb the other side.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    session = onnxruntime.InferenceSession(str(file), options, providers=["CPUExecutionProvider"])
    (name,) = (entry.name for entry in session.get_inputs())
    size = session.get_inputs()[0].shape[1]
    rng = np.random.default_rng(0)
    images = rng.uniform(0, 255, (batch, size, size, 1)).astype(np.float32)
    compiled = {
        precision: openvino.compile_model(
            str(file),
            "CPU",
            {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision},
        )
        for precision in ("f32", "bf16")
    }
    work = {
        "ONNX Runtime": lambda: session.run(None, {name: images}),
        "OpenVINO float32": lambda: compiled["f32"]({name: images}),
        "OpenVINO bfloat16": lambda: compiled["bf16"]({name: images}),
    }
    answer({name: lambda ask=ask: steady_seconds(ask, _TIMES) for name, ask in work.items()})


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
