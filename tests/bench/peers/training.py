"""PyTorch: a step of the same network, segmentation-models-pytorch's U-Net with a class head, or
of the original project's."""

from __future__ import annotations

import json
import shutil
import sys
from collections.abc import Callable

import numpy as np
import segmentation_models_pytorch as smp
import torch
from torch import nn

from tests.bench.peers.original_network import OriginalNetwork
from tests.bench.side import answer, seconds

_STEPS = 2
_CLASSES = 4


def same_network() -> nn.Module:
    """32.5 million parameters, as ours has."""
    return smp.Unet(
        "resnet50",
        encoder_weights=None,
        classes=1,
        aux_params={"classes": _CLASSES, "dropout": 0.3, "pooling": "avg"},
    )


def stepper(
    make: Callable[[], nn.Module],
    images: torch.Tensor,
    labels: torch.Tensor,
    masks: torch.Tensor,
    *,
    channels_last: bool = False,
    compiled: bool = False,
    bf16: bool = False,
) -> Callable[[], float]:
    """What measures a step of one variant: AdamW, clipped gradients, our losses."""
    torch.manual_seed(0)
    network = make().train()
    if channels_last:
        network = network.to(memory_format=torch.channels_last)
        images = images.contiguous(memory_format=torch.channels_last)
    optimiser = torch.optim.AdamW(network.parameters(), lr=1e-3, weight_decay=1e-4)
    forward = torch.compile(network) if compiled else network

    def step() -> float:
        optimiser.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=bf16):
            logits, classes = forward(images)
        probability = torch.sigmoid(logits.float())
        hit = (probability * masks).sum()
        dice = 1 - (2 * hit + 1e-5) / (probability.sum() + masks.sum() + 1e-5)
        pixels = nn.functional.binary_cross_entropy(probability, masks)
        entropy = nn.functional.cross_entropy(classes.float(), labels, label_smoothing=0.1)
        loss = entropy + dice + pixels
        loss.backward()
        nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        return loss.item()

    return lambda: seconds(step, _STEPS)


def main(size: int, batch: int, network: str, threads: int) -> None:
    """Serves as a side, seconds a step.

    Args:
        size: Side of the square, pixels.
        batch: Slices a step.
        network: ``same`` or ``original``.
        threads: As many as the other side has.
    """
    torch.set_num_threads(threads)
    rng = np.random.default_rng(0)
    images = torch.from_numpy(rng.normal(size=(batch, 3, size, size)).astype(np.float32))
    labels = torch.from_numpy(rng.integers(0, _CLASSES, batch))
    masks = torch.from_numpy(rng.integers(0, 2, (batch, 1, size, size)).astype(np.float32))
    make = same_network if network == "same" else OriginalNetwork
    variants = {
        "PyTorch": {},
        "PyTorch, channels last": {"channels_last": True},
    }
    # What it compiles for a CPU is C++.
    if shutil.which("g++"):
        variants["PyTorch, compiled"] = {"compiled": True}
        variants["PyTorch, compiled, channels last"] = {"compiled": True, "channels_last": True}
    # Where the processor does not multiply bfloat16, it is emulated, many times slower.
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        variants |= {
            f"{name}, bfloat16": {**options, "bf16": True} for name, options in variants.items()
        }
    answer(
        {
            name: stepper(make, images, labels, masks, **options)
            for name, options in variants.items()
        }
    )


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
