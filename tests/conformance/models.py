"""The models that the exchanges are about: `python -m tests.conformance.models DIR`.

Writes them below DIR and DIR/models.config, by which a server serves them.
"""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

CONFIG = "models.config"

Tensors = dict[str, tf.Tensor]


def write_models(folder: Path) -> None:
    """Half plus two, half plus three as its version 2, and a model of many types."""
    for version, addend in ((1, 2.0), (2, 3.0)):
        _write_line(folder / "hpt" / str(version), addend)
    model = tf.Module()
    tf.saved_model.save(model, str(folder / "multi" / "1"), signatures=_many_types())
    (folder / CONFIG).write_text(_config(folder), encoding="utf-8")


def _write_line(place: Path, addend: float) -> None:
    """y = x / 2 + addend, of numbers and of tf.Examples."""
    model = tf.Module()
    model.slope, model.addend = tf.Variable(0.5), tf.Variable(addend)

    def line(x: tf.Tensor) -> tf.Tensor:
        return model.slope * x + model.addend

    def read(examples: tf.Tensor) -> tf.Tensor:
        return tf.io.parse_example(examples, {"x": tf.io.FixedLenFeature([1], tf.float32)})["x"]

    def serve(x: tf.Tensor) -> Tensors:
        return {"y": line(x)}

    def regress(inputs: tf.Tensor) -> Tensors:
        return {"outputs": line(read(inputs))}

    def classify(inputs: tf.Tensor) -> Tensors:
        x = read(inputs)
        scores = tf.concat([line(x), x], axis=1)
        classes = tf.tile([["lo", "hi"]], [tf.shape(scores)[0], 1])
        return {"classes": classes, "scores": scores}

    signatures = {
        "serving_default": _signature(serve, x=(tf.float32, [None])),
        "regress_x": _signature(regress, inputs=(tf.string, [None])),
        "classify_x": _signature(classify, inputs=(tf.string, [None])),
    }
    tf.saved_model.save(model, str(place), signatures=signatures)
    _set_methods(
        place / "saved_model.pb",
        {"regress_x": "tensorflow/serving/regress", "classify_x": "tensorflow/serving/classify"},
    )


def _set_methods(file: Path, methods: dict[str, str]) -> None:
    """TensorFlow writes every signature as one of Predict; the other calls want their own."""
    saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
    for name, method in methods.items():
        saved.meta_graphs[0].signature_def[name].method_name = method
    file.write_bytes(saved.SerializeToString())


def _many_types() -> dict[str, Callable[..., Tensors]]:
    def several(a: tf.Tensor, b: tf.Tensor, s: tf.Tensor) -> Tensors:
        total = tf.reduce_sum(a, axis=1) + tf.cast(b, tf.float32)
        return {"sum": total, "txt": s, "img_bytes": s, "k": tf.cast(b, tf.int32)}

    def mixed(m: tf.Tensor) -> Tensors:
        return {"batch": m, "scalar": tf.reduce_sum(m)}

    return {
        "serving_default": _signature(
            several, a=(tf.float32, [None, 2]), b=(tf.int64, [None]), s=(tf.string, [None])
        ),
        "scal": _signature(lambda x: {"y": 2.0 * x}, x=(tf.float32, [])),
        "dbl": _signature(lambda d: {"d": d}, d=(tf.float64, [None])),
        "boo": _signature(lambda f: {"f": tf.logical_not(f)}, f=(tf.bool, [None])),
        "half": _signature(lambda h: {"h": h}, h=(tf.float16, [None])),
        "byt": _signature(lambda z_bytes: {"o_bytes": z_bytes}, z_bytes=(tf.string, [None])),
        "u8": _signature(lambda u: {"u": u}, u=(tf.uint8, [None])),
        "mixed": _signature(mixed, m=(tf.float32, [None, 3])),
        "img": _signature(lambda m: {"probs": m}, m=(tf.float32, [None, 3])),
    }


def _signature(
    function: Callable[..., Tensors], **inputs: tuple[tf.DType, list[int | None]]
) -> Callable[..., Tensors]:
    specs = [tf.TensorSpec(shape, dtype, name) for name, (dtype, shape) in inputs.items()]
    return tf.function(function, input_signature=specs, autograph=False)


def _config(folder: Path) -> str:
    entries = "".join(
        f'  config {{ name: "{name}" base_path: "{(folder / name).resolve()}"\n'
        '    model_platform: "tensorflow" model_version_policy { all {} } }\n'
        for name in ("hpt", "multi")
    )
    return f"model_config_list {{\n{entries}}}\n"


if __name__ == "__main__":
    write_models(Path(sys.argv[1]))
