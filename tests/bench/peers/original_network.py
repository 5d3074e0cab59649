"""The network of the original project: 62.0 million parameters, 20.0 GMAC at 256 pixels."""

from __future__ import annotations

import torch
import torchvision
from torch import nn


class _Up(nn.Module):
    """Twice the size, the encoder's features beside it, then two convolutions."""

    def __init__(self, below: int, skipped: int, out: int) -> None:
        super().__init__()
        self.up = nn.ConvTranspose2d(below, below, 2, stride=2)
        layers: list[nn.Module] = []
        for channels in (below + skipped, out):
            layers += [
                nn.Conv2d(channels, out, 3, padding=1),
                nn.BatchNorm2d(out),
                nn.ReLU(inplace=True),
            ]
        self.convolutions = nn.Sequential(*layers)

    def forward(self, below: torch.Tensor, skipped: torch.Tensor) -> torch.Tensor:
        return self.convolutions(torch.cat([self.up(below), skipped], dim=1))


class OriginalNetwork(nn.Module):
    """ResNet50 encoder, four decoder steps that widen, a class head on the last features."""

    def __init__(self) -> None:
        super().__init__()
        resnet = torchvision.models.resnet50(weights=None)
        self.stem = nn.Sequential(resnet.conv1, resnet.bn1, resnet.relu)
        self.pool = resnet.maxpool
        self.stages = nn.ModuleList([resnet.layer1, resnet.layer2, resnet.layer3, resnet.layer4])
        self.ups = nn.ModuleList(
            [_Up(2048, 1024, 512), _Up(512, 512, 256), _Up(256, 256, 128), _Up(128, 64, 64)]
        )
        self.mask = nn.Sequential(
            nn.ConvTranspose2d(64, 32, 2, stride=2), nn.ReLU(inplace=True), nn.Conv2d(32, 1, 1)
        )
        self.classes = nn.Sequential(
            nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Dropout(0.5), nn.Linear(2048, 4)
        )

    def forward(self, images: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """[batch, 3, S, S] to logits of the mask [batch, 1, S, S] and of the classes [batch, 4]."""
        skips = [self.stem(images)]
        features = self.pool(skips[0])
        for stage in self.stages:
            features = stage(features)
            skips.append(features)
        classes = self.classes(features)
        for up, skipped in zip(self.ups, reversed(skips[:-1]), strict=True):
            features = up(features, skipped)
        return self.mask(features), classes
