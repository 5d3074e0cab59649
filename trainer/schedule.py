"""Optimiser and learning-rate schedule."""

from __future__ import annotations

import tf_keras as keras

from trainer.adamw import FusedAdamW
from trainer.config import TrainingConfig


def make_optimiser(config: TrainingConfig, total_steps: int) -> keras.optimizers.Optimizer:
    """AdamW, its gradients clipped by their common norm.

    Only kernels decay: a norm's scale, an offset or a loss weight has no reason to be small.
    """
    optimiser = FusedAdamW(
        make_schedule(config, total_steps),
        weight_decay=config.weight_decay,
        global_clipnorm=config.clip_norm,
        use_ema=config.ema_decay is not None,
        ema_momentum=config.ema_decay or 0.0,
    )
    optimiser.exclude_from_weight_decay(var_names=["gamma", "beta", "bias", "log_variance"])
    return optimiser


def make_schedule(
    config: TrainingConfig, total_steps: int
) -> keras.optimizers.schedules.LearningRateSchedule:
    """Rises linearly over ``warmup_fraction`` of all steps, then falls to zero along a cosine.

    Warm-up: Goyal et al. 2017 (arXiv 1706.02677); cosine: Loshchilov and Hutter 2017
    (arXiv 1608.03983), without restarts.
    """
    warmup = int(config.warmup_fraction * total_steps)
    if not warmup:
        return keras.optimizers.schedules.CosineDecay(config.learning_rate, total_steps)
    return keras.optimizers.schedules.CosineDecay(
        0.0, total_steps - warmup, warmup_target=config.learning_rate, warmup_steps=warmup
    )
