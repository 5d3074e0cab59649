"""Published figures on BRISC's official test part, to read a model's own against."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Anchor:
    """One system's published scores; ``None`` where it states none.

    Attributes:
        system: What it is.
        accuracy: Share of slices with the right class.
        dice_tumour: Mean Dice over slices with a tumour.
        dice_all: Mean Dice over all slices, empty on empty counting 1.
    """

    system: str
    accuracy: float | None
    dice_tumour: float | None
    dice_all: float | None


ANCHORS = (
    Anchor("1-nearest neighbour on 16x16 thumbnails (the floor)", 0.955, 0.686, None),
    Anchor("PyTorch ResNet50-UNet, ImageNet weights, GPU, 256 px", 0.982, 0.828, 0.852),
    Anchor("PAUMT-Net (multi-task, ResNet34)", 0.993, 0.860, 0.879),
    Anchor("MedPLIB gated cascade", 0.993, 0.881, 0.898),
    Anchor("U-Net on MIT-b5, 512 px, test-time augmentation", None, 0.903, None),
    Anchor("EfficientNet-B0 (BRISC paper)", 0.992, None, None),
)
"""They hold on the official test part as a whole, of which most slices have a copy in train."""
