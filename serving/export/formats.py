"""The formats that a standalone network can be written in, and how each is asked again."""

from __future__ import annotations

import tempfile
from abc import ABC, abstractmethod
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from serving.contract import SERVING_DEFAULT
from serving.export.standalone import IMAGE, save_standalone
from trainer.outputs import CLASSIFICATION, SEGMENTATION

_OUTPUTS = (CLASSIFICATION, SEGMENTATION)

ONNX_FILE = "network.onnx"
OPENVINO_FILE = "network.xml"

_OPSET = 18
"""ONNX operators, the newest that tf2onnx writes."""


_ERRORS = 3
"""ONNX Runtime's number for them; 2 are warnings."""


Answer = dict[str, np.ndarray]
"""Both outputs, by name."""
Network = Callable[[np.ndarray], Answer]
"""Answers float32 [batch, S, S, 1]."""


class Format(ABC):
    """One format; ``serving.export.packages`` knows what each imports."""

    @abstractmethod
    def write(self, function: tf.types.experimental.GenericFunction, folder: Path) -> None:
        """Writes the function into an existing, empty folder."""

    @abstractmethod
    def load(self, folder: Path) -> Network:
        """The written network, which computes in float32."""


class SavedModel(Format):
    """A SavedModel of constants: TensorFlow packs them for the processor once, not each time."""

    def write(self, function: tf.types.experimental.GenericFunction, folder: Path) -> None:
        """As ``saved_model.pb``, signature ``serving_default``."""
        save_standalone(function, folder)

    def load(self, folder: Path) -> Network:
        """By TensorFlow."""
        model = tf.saved_model.load(str(folder))

        def network(images: np.ndarray) -> Answer:
            answer = model.signatures[SERVING_DEFAULT](**{IMAGE: tf.constant(images)})
            return {name: answer[name].numpy() for name in _OUTPUTS}

        return network


class Onnx(Format):
    """ONNX, written by tf2onnx."""

    def write(self, function: tf.types.experimental.GenericFunction, folder: Path) -> None:
        """As ``network.onnx``."""
        import tf2onnx

        tf2onnx.convert.from_function(
            function, function.input_signature, opset=_OPSET, output_path=str(folder / ONNX_FILE)
        )

    def load(self, folder: Path) -> Network:
        """By ONNX Runtime."""
        import onnxruntime

        # Errors alone: it warns of the attribute by which tf2onnx says how TensorFlow resizes, and
        # asks the logger of the process for that, not the session's.
        onnxruntime.set_default_logger_severity(_ERRORS)
        session = onnxruntime.InferenceSession(
            str(folder / ONNX_FILE), providers=["CPUExecutionProvider"]
        )

        def network(images: np.ndarray) -> Answer:
            return dict(zip(_OUTPUTS, session.run(list(_OUTPUTS), {IMAGE: images}), strict=True))

        return network


class OpenVino(Format):
    """OpenVINO's intermediate representation, by way of ONNX.

    OpenVINO 2025.4 reads the SavedModel itself without complaint, and answers otherwise.
    """

    def write(self, function: tf.types.experimental.GenericFunction, folder: Path) -> None:
        """As ``network.xml`` and ``network.bin``, weights in float32."""
        import openvino

        with tempfile.TemporaryDirectory(prefix="brisc-onnx-") as between:
            Onnx().write(function, Path(between))
            model = openvino.convert_model(Path(between) / ONNX_FILE)
            openvino.save_model(model, folder / OPENVINO_FILE, compress_to_fp16=False)

    def load(self, folder: Path, precision: str = "f32") -> Network:
        """By OpenVINO, which, not told the precision, takes bfloat16 where the processor can."""
        import openvino

        compiled = openvino.compile_model(
            folder / OPENVINO_FILE, "CPU", {"INFERENCE_PRECISION_HINT": precision}
        )

        def network(images: np.ndarray) -> Answer:
            # Copied: the next call writes its answer to the same place.
            answer = compiled({IMAGE: images})
            return {name: answer[name].copy() for name in _OUTPUTS}

        return network


FORMATS: dict[str, Format] = {"onnx": Onnx(), "openvino": OpenVino(), "saved_model": SavedModel()}
