"""Compares a saved model with its exports: python -m tests.measure_export MODEL BATCH...

All take turns in one process, on as many threads, at letter-boxed slices: nobody decodes. Prints
the medians of the time on the clock and of processor time, which other work on the machine
disturbs less. Needs the extra `export`.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime
import openvino
import tensorflow as tf

from preprocessing.normalise import normalise
from serving.contract import SERVING_DEFAULT
from serving.export.formats import FORMATS, ONNX_FILE
from serving.export.standalone import IMAGE, load_model, probe, standalone
from serving.model_files import find_saved_model

Runtime = Callable[[np.ndarray], object]


def runtimes(saved_model: Path, folder: Path, threads: int) -> tuple[int, dict[str, Runtime]]:
    """The side of the network's square, then the saved model's own forward pass and each export."""
    model = load_model(saved_model)
    known = probe(model)
    function = standalone(model, known)
    for name in ("saved_model", "onnx"):
        (folder / name).mkdir()
        FORMATS[name].write(function, folder / name)
    mean, deviation = tf.constant(known.mean), tf.constant(known.deviation)

    @tf.function(input_signature=function.input_signature, autograph=False)
    def own(image: tf.Tensor) -> dict[str, tf.Tensor]:
        return model.forward(normalise(image, mean, deviation))

    graph = tf.Graph()
    with graph.as_default():
        session = tf.compat.v1.Session(
            config=tf.compat.v1.ConfigProto(
                intra_op_parallelism_threads=threads, inter_op_parallelism_threads=1
            )
        )
        found = tf.compat.v1.saved_model.load(session, ["serve"], str(folder / "saved_model"))
        signature = found.signature_def[SERVING_DEFAULT]
        constants = session.make_callable(
            [output.name for output in signature.outputs.values()],
            feed_list=[signature.inputs[IMAGE].name],
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    # Threads that wait for work in a circle would count as work.
    options.add_session_config_entry("session.intra_op.allow_spinning", "0")
    onnx = str(folder / "onnx" / ONNX_FILE)
    ort = onnxruntime.InferenceSession(onnx, options, providers=["CPUExecutionProvider"])
    compiled = {
        precision: openvino.compile_model(
            onnx,
            "CPU",
            {"INFERENCE_NUM_THREADS": threads, "INFERENCE_PRECISION_HINT": precision},
        )
        for precision in ("f32", "bf16")
    }
    return known.images.shape[1], {
        "saved model": lambda images: own(tf.constant(images)),
        "export saved_model": lambda images: constants(images),
        "ONNX Runtime": lambda images: ort.run(None, {IMAGE: images}),
        "OpenVINO float32": lambda images: compiled["f32"]({IMAGE: images}),
        "OpenVINO bfloat16": lambda images: compiled["bf16"]({IMAGE: images}),
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("model", type=Path)
    parser.add_argument("batches", type=int, nargs="+")
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--threads", type=int, default=2)
    given = parser.parse_args()
    tf.config.threading.set_intra_op_parallelism_threads(given.threads)
    tf.config.threading.set_inter_op_parallelism_threads(1)
    with tempfile.TemporaryDirectory() as folder:
        side, found = runtimes(find_saved_model(given.model), Path(folder), given.threads)
        for batch in given.batches:
            images = np.random.default_rng(0).uniform(0, 255, (batch, side, side, 1))
            compare(found, images.astype(np.float32), given.rounds)


def compare(found: dict[str, Runtime], images: np.ndarray, rounds: int) -> None:
    """Prints a line a runtime."""
    clock: dict[str, list[float]] = {name: [] for name in found}
    processor: dict[str, list[float]] = {name: [] for name in found}
    for turn in range(rounds + 2):
        for name, run in found.items():
            began, used = time.perf_counter(), time.process_time()
            run(images)
            if turn > 1:
                processor[name].append(time.process_time() - used)
                clock[name].append(time.perf_counter() - began)
    for name in found:
        passed, spent = (1e3 * statistics.median(part[name]) for part in (clock, processor))
        print(f"batch {len(images)}, {name}: {passed:.0f} ms, processor {spent:.0f} ms", flush=True)


if __name__ == "__main__":
    main()
