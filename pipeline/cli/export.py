"""``brisc export``: the network of a saved model for other runtimes."""

from __future__ import annotations

from enum import Enum
from pathlib import Path
from typing import Annotated

import typer


class Format(str, Enum):
    """What is written."""

    onnx = "onnx"
    openvino = "openvino"
    saved_model = "saved_model"


def export(
    model: Annotated[Path, typer.Option(help="Saved model, or the folder of its versions.")],
    out: Annotated[Path, typer.Option(help="A new or empty folder.")],
    form: Annotated[
        Format, typer.Option("--format", help="saved_model: constants in place of variables.")
    ],
) -> None:
    """Writes the network of a saved model for ONNX Runtime, OpenVINO or TensorFlow.

    It takes letter-boxed slices and returns both probabilities, as docs/how-to/export.md shows.
    Its answers are compared with the saved model's before anything appears in --out.

    Example: brisc export --model work/serving/brisc --format onnx --out exported
    """
    from pipeline.console import hush_tensorflow
    from serving.export.packages import require_packages
    from serving.model_files import find_saved_model

    saved_model = find_saved_model(model)
    # Before TensorFlow is imported, which takes its time.
    require_packages(form.value)
    hush_tensorflow()
    from serving.export.run import export as write

    done = write(saved_model, form.value, out)
    print(
        f"{', '.join(str(out / name) for name in done.files)}: takes float32 "
        f"[n, {done.image_size}, {done.image_size}, 1]; on {done.slices} synthetic slices no "
        f"probability differs from the saved model's by more than {done.difference:.1e}"
    )
