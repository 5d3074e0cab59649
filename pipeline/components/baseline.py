"""Finds the model that a new one must not fall behind."""

from __future__ import annotations

import ml_metadata as mlmd
from tfx import types
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import (
    LatestBlessedModelStrategy,
)


class OtherBlessedModelStrategy(LatestBlessedModelStrategy):
    """The latest blessed model other than the candidate.

    A run that changes nothing has the model it blessed last time as its candidate. Taken for
    its own baseline it would be evaluated, blessed and pushed once more.
    """

    def resolve_artifacts(
        self, store: mlmd.MetadataStore, input_dict: dict[str, list[types.Artifact]]
    ) -> dict[str, list[types.Artifact]] | None:
        """Resolves ``model`` and ``model_blessing``, leaving out the models in ``candidate``."""
        candidates = input_dict["candidate"]
        own = {artifact.id for artifact in candidates}
        others = {
            "model": [model for model in input_dict["model"] if model.id not in own],
            "model_blessing": input_dict["model_blessing"],
        }
        resolved = super().resolve_artifacts(store, others) or {}
        return {**resolved, "candidate": candidates}
