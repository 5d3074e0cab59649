"""Whether what `brisc export` writes answers as the saved model does, on real slices.

python -m tests.measure_export brisc2025 MODEL

Asked are the test slices, letter-boxed as the model does it; Dice is that of the masks at the
network's size. Besides the formats: both ways to compute in bfloat16, that of `brisc serve
--mixed-precision bfloat16` and that of OpenVINO.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from data.layout import Slice, scan
from data.naming import CLASSES
from pipeline.console import hush_tensorflow
from serving.model_files import find_saved_model
from tests.export_extra import export_extra
from trainer.evaluation import overlap
from trainer.outputs import CLASSIFICATION, MASK_PROBABILITY, SEGMENTATION

_BATCH = 32

Answer = dict[str, np.ndarray]


@dataclass(frozen=True)
class Slices:
    """What is asked, and what is true.

    Attributes:
        encoded: Their files' bytes.
        images: float32 [slices, S, S, 1], grey values 0..255.
        truth: bool [slices, S, S, 1].
        labels: int [slices].
    """

    encoded: list[bytes]
    images: np.ndarray
    truth: np.ndarray
    labels: np.ndarray


def main() -> None:
    """Prints a line for each way to ask the model."""
    parser = argparse.ArgumentParser(prog="python -m tests.measure_export", description=__doc__)
    parser.add_argument("data", type=Path, help="in BRISC layout")
    parser.add_argument("model", type=Path, help="of brisc run, or a version of it")
    given = parser.parse_args()
    sys.path.append(str(export_extra()))
    hush_tensorflow()
    model = find_saved_model(given.model)
    asked = _read(model, [s for s in scan(given.data).slices if s.official_split == "test"])
    answers = _answers(model, asked)
    name, reference = next(answers)
    print(f"{len(asked.labels)} slices of {asked.images.shape[1]} pixels")
    print(f"{name}: {_scores(reference, asked)}", flush=True)
    for name, answer in answers:
        print(f"{name}: {_scores(answer, asked)}; {_beside(answer, reference)}", flush=True)


def _read(model: Path, slices: Sequence[Slice]) -> Slices:
    # What imports TensorFlow: not before it is told to be quiet.
    import tensorflow as tf

    from data.examples import to_example
    from preprocessing import features
    from serving.contract import TRANSFORM
    from serving.export.standalone import load_model

    loaded = load_model(model)
    images, masks = [], []
    for batch in _batches(slices):
        examples = tf.constant([to_example(item, leak="none") for item in batch])
        boxed = loaded.signatures[TRANSFORM](examples=examples)
        images += [tf.io.decode_png(png, channels=1).numpy() for png in boxed[features.IMAGE]]
        masks += [tf.io.decode_png(png, channels=1).numpy() for png in boxed[features.MASK]]
    return Slices(
        [item.image.read_bytes() for item in slices],
        np.stack(images).astype(np.float32),
        np.stack(masks) > 0,
        np.array([CLASSES.index(item.label) for item in slices]),
    )


def _answers(model: Path, asked: Slices) -> Iterator[tuple[str, Answer]]:
    import tensorflow as tf

    from serving.export.formats import FORMATS, OpenVino
    from serving.export.run import export

    yield "saved model", _by_signature(model, asked)
    with tempfile.TemporaryDirectory(prefix="brisc-measure-export-") as folder:
        for name, form in FORMATS.items():
            written = Path(folder) / name
            export(model, name, written)
            yield name, _joined(form.load(written), asked.images)
        network = OpenVino().load(Path(folder) / "openvino", precision="bf16")
        yield "openvino, bfloat16", _joined(network, asked.images)
    # The last: it holds for all that this process loads from here on.
    tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
    yield "saved model, bfloat16", _by_signature(model, asked)


def _by_signature(model: Path, asked: Slices) -> Answer:
    import tensorflow as tf

    from serving.contract import RAW
    from serving.export.standalone import load_model

    # Kept: its variables go when it does.
    loaded = load_model(model)

    def ask(encoded: Sequence[bytes]) -> Answer:
        answer = loaded.signatures[RAW](image_bytes=tf.constant(encoded))
        return {name: tensor.numpy() for name, tensor in answer.items()}

    return _joined(ask, asked.encoded)


def _joined(ask: Callable[[Any], Answer], items: Sequence[Any]) -> Answer:
    answers = [ask(batch) for batch in _batches(items)]
    return {
        name: np.concatenate([answer[name] for answer in answers])
        for name in (CLASSIFICATION, SEGMENTATION)
    }


def _batches(items: Sequence[Any]) -> list[Sequence[Any]]:
    return [items[start : start + _BATCH] for start in range(0, len(items), _BATCH)]


def _scores(answer: Answer, asked: Slices) -> str:
    masks = answer[SEGMENTATION] > MASK_PROBABILITY
    pixels = [(masks & asked.truth), masks, asked.truth]
    counts = np.stack([each.sum(axis=(1, 2, 3)) for each in pixels], axis=-1)
    accuracy = (answer[CLASSIFICATION].argmax(axis=-1) == asked.labels).mean()
    found = overlap.scores(overlap.sums(counts))
    return (
        f"accuracy {accuracy:.5f}, Dice {found['dice_tumour']:.5f} of tumours, "
        f"{found['dice_all']:.5f} of all"
    )


def _beside(answer: Answer, reference: Answer) -> str:
    class_off, mask_off = (
        float(np.abs(answer[name] - reference[name]).max())
        for name in (CLASSIFICATION, SEGMENTATION)
    )
    one, other = (each[SEGMENTATION] > MASK_PROBABILITY for each in (answer, reference))
    return (
        f"differs by {class_off:.1e} of a class, {mask_off:.1e} of a pixel, "
        f"{(one != other).sum()} pixels on the other side of {MASK_PROBABILITY}"
    )


if __name__ == "__main__":
    main()
