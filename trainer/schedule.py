"""Optimiser and learning-rate schedule."""

from __future__ import annotations

import tf_keras as keras

from trainer.config import TrainingConfig


def make_optimiser(config: TrainingConfig, total_steps: int) -> keras.optimizers.Optimizer:
    """AdamW (Loshchilov and Hutter 2019, arXiv 1711.05101) with clipped gradients.

    The rate rises linearly over ``warmup_fraction`` of ``total_steps``, then falls to zero
    along a cosine (arXiv 1608.03983).
    """
    warmup = int(config.warmup_fraction * total_steps)
    if warmup:
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0, total_steps - warmup, warmup_target=config.learning_rate, warmup_steps=warmup
        )
    else:
        schedule = keras.optimizers.schedules.CosineDecay(config.learning_rate, total_steps)
    return keras.optimizers.AdamW(
        schedule, weight_decay=config.weight_decay, global_clipnorm=config.clip_norm
    )
