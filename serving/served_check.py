"""Serves a candidate and asks it real questions: does it answer as the model itself does?

The contract of TFX's InfraValidator, which needs Docker, by the embedded server.
"""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from data.errors import BriscError
from serving.client import Client, ClientOptions
from serving.prediction import Prediction
from serving.predictor import Predictor
from serving.server.options import ServerOptions
from serving.server.run import RunningServer

_NAME = "candidate"

_PROBABILITY = 1e-4
"""Largest difference of a probability; that of float32 with sums in another order is 1e-6."""

_PIXELS = 1e-3
"""Largest share of a mask's pixels that differ: those within that of 0.5."""


def find_faults(model: Path, images: Sequence[bytes]) -> list[str]:
    """What is wrong with ``model`` where it is served; nothing if it can be pushed.

    Args:
        model: Folder of a SavedModel with the product's signatures.
        images: Encoded slices; the server is asked for all of them at once and for the first alone.
    """
    try:
        expected = Predictor(model).predict(images)
        with tempfile.TemporaryDirectory(prefix="brisc-served-") as folder:
            base = Path(folder) / _NAME
            base.mkdir()
            (base / "1").symlink_to(model.resolve(), target_is_directory=True)
            options = ServerOptions(
                model_base_path=base, model_name=_NAME, grpc_port=0, rest_port=0
            )
            server = RunningServer(options)
            try:
                return _asked(server, images, expected)
            finally:
                server.stop()
    except BriscError as error:
        return [str(error)]


def _asked(
    server: RunningServer, images: Sequence[bytes], expected: Sequence[Prediction]
) -> list[str]:
    faults = []
    for address in (
        f"grpc://127.0.0.1:{server.grpc_port}",
        f"http://127.0.0.1:{server.rest_port}",
    ):
        protocol = address.partition(":")[0]
        with Client(address, ClientOptions(model_name=_NAME)) as client:
            for count in dict.fromkeys((len(images), 1)):
                answers = client.predict(images[:count])
                if len(answers) != count:
                    faults.append(f"{protocol}: {len(answers)} answers for {count} slices")
                faults += [
                    f"{protocol}, slice {number} of {count}: {fault}"
                    for number, pair in enumerate(zip(answers, expected, strict=False), 1)
                    for fault in _differences(*pair)
                ]
    return faults


def _differences(answer: Prediction, expected: Prediction) -> list[str]:
    found = []
    if answer.label != expected.label:
        found.append(f"the class is {answer.label}, not {expected.label}")
    off = max(
        abs(answer.probabilities[name] - value) for name, value in expected.probabilities.items()
    )
    if not off <= _PROBABILITY:
        found.append(f"a probability is off by {off:.2g}")
    if answer.mask.shape != expected.mask.shape:
        found.append(f"the mask is {answer.mask.shape}, not {expected.mask.shape}")
    elif np.mean(answer.mask != expected.mask) > _PIXELS:
        found.append(f"{np.sum(answer.mask != expected.mask)} pixels of the mask differ")
    return found
