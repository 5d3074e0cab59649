"""Finds the model whose weights a training begins with."""

from __future__ import annotations

import ml_metadata as mlmd
from tfx import types
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)

from data.statistics.store import FINGERPRINT
from pipeline.lineage import trained_on


class BaseModelStrategy(LatestBlessedModelStrategy):
    """The latest blessed model that was trained on other data than this run's.

    The model that a run has left would else be the base of the same run the next time, and each
    repetition a training of its own.
    """

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]] | None:
        """Resolves ``model`` and ``model_blessing``; ``current`` holds the examples of this run."""
        current = input_dict["current"]
        own = {examples.get_string_custom_property(FINGERPRINT) for examples in current}
        models = list(input_dict["model"])
        while True:
            given = {"model": models, "model_blessing": list(input_dict["model_blessing"])}
            found = super().resolve_artifacts(store, given) or {}
            latest = [model.id for model in found.get("model", [])]
            if not own.intersection(
                examples.custom_properties[FINGERPRINT].string_value
                for examples in trained_on(store, latest)
            ):
                return {**found, "current": current}
            models = [model for model in models if model.id not in latest]
