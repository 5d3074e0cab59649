"""Trains small networks that differ in one thing, for docs/results.md.

python -m tests.measure_ablations brisc2025 audit.json OUT [--seeds 3] [--epochs 8] [--only NAME]

A training whose scores lie in OUT is not run again.
"""

from __future__ import annotations

import argparse
import io
import json
import subprocess
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from data.naming import NO_TUMOR
from data.parts import official_part
from serving.prediction import Prediction
from serving.predictor import Predictor
from tests.command import COMMAND
from trainer.evaluation.folder import evaluate_slices
from trainer.evaluation.summary import Evaluation

VARIANTS = {
    "both-tasks": [],
    "class-alone": ["training.segmentation_weight=0"],
    "mask-alone": ["training.classification_weight=0"],
    "learnt-weights": ["training.loss_weighting=uncertainty"],
    "stretched": ["model.keep_aspect=false"],
    "unvaried": [
        f"training.augmentation.{name}=0"
        for name in ("rotation", "scale", "shift", "brightness", "contrast", "gamma", "noise")
    ]
    + ["training.augmentation.flip=false"],
    "batch-32": ["training.batch_size=32"],
    "rate-0.0003": ["training.learning_rate=0.0003"],
    "rate-0.003": ["training.learning_rate=0.003"],
    "float32": ["training.precision=float32"],
    "resnet18": ["model.encoder=resnet18"],
}
"""What is set otherwise. Of one task alone, only the scores of that task say anything."""

# The gate is applied afterwards, so that one training tells of both.
_SHARED = (
    "model.image_size=64",
    "model.encoder_weights=none",
    "model.gate_mask=false",
    "gate.thresholds=[{metric: accuracy, min: 0}]",
    "gate.changes=[]",
)
_SCORES = ("accuracy", "macro_f1", "dice_tumour", "dice_all", "healthy_false_mask_rate", "ece")


class Gated(Predictor):
    """A model whose mask of a slice without a tumour is emptied, as ``model.gate_mask`` has it."""

    def predict(self, images: Sequence[bytes]) -> list[Prediction]:
        """As ``Predictor.predict``."""
        return [
            _emptied(found) if found.label == NO_TUMOR else found
            for found in super().predict(images)
        ]


def _emptied(found: Prediction) -> Prediction:
    png = io.BytesIO()
    Image.fromarray(np.zeros(found.mask.shape, np.uint8)).save(png, "PNG")
    return replace(found, mask_png=png.getvalue(), mask_area=0)


def main() -> None:
    """Prints a line for each training and part of test, without the gate and with it."""
    given = _arguments()
    given.out.mkdir(parents=True, exist_ok=True)
    for seed in range(given.seeds):
        for name in given.only or VARIANTS:
            title = f"{name}-{given.epochs}-epochs-{seed}"
            file = given.out / f"{title}.json"
            if not file.exists():
                began = time.monotonic()
                model = _train(given, name, seed, title)
                scores = _score(model, given.data, given.audit)
                content = {"trained_seconds": round(time.monotonic() - began), **scores}
                file.write_text(json.dumps(content, indent=2) + "\n")
            print(title, json.dumps(json.loads(file.read_text())), flush=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.measure_ablations", description=__doc__)
    parser.add_argument("data", type=Path, help="in BRISC layout")
    parser.add_argument("audit", type=Path, help="JSON of brisc data audit")
    parser.add_argument("out", type=Path, help="folder for scores, and for what is trained")
    parser.add_argument("--seeds", type=int, default=1)
    parser.add_argument("--epochs", type=int, default=8)
    parser.add_argument("--only", action="append", choices=[*VARIANTS], help="default: all")
    return parser.parse_args()


def _train(given: argparse.Namespace, name: str, seed: int, title: str) -> Path:
    workspace = given.out / "workspace"
    settings = [
        *_SHARED,
        *VARIANTS[name],
        f"training.epochs={given.epochs}",
        f"training.patience={given.epochs}",
        f"training.seed={seed}",
        f"serving.model_name={title}",
    ]
    place = [f"--data={given.data}", f"--workspace={workspace}"]
    subprocess.run(
        [*COMMAND, "run", *place, *(f"--set={item}" for item in settings)],
        check=True,
        stdout=subprocess.DEVNULL,
    )
    return workspace / "serving" / title


def _score(model: Path, data: Path, audit: Path) -> dict[str, Any]:
    part = official_part(data, "test", audit, None)
    found = {}
    for gate, ask in (("ungated", Predictor), ("gated", Gated)):
        rows = evaluate_slices(ask(model), part.layout.slices, part.leak, part.groups)
        whole = Evaluation(rows).summarise()
        for where, scores in (("all", whole), ("no leak", whole["slices"]["leak=none"])):
            found[f"{gate}, {where}"] = {key: round(scores[key], 4) for key in _SCORES}
    return found


if __name__ == "__main__":
    main()
