"""The part of the graph that trains: the model to begin with, the search, the training."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tfx.components import Trainer, Transform, Tuner
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.proto import trainer_pb2
from tfx.types import BaseChannel, Channel
from tfx.types.standard_artifacts import Model, ModelBlessing

from pipeline.code_hash import code_hash
from pipeline.components.base_model import BaseModelStrategy
from pipeline.configuration import Parameters
from trainer.encoder_file import encoder_digest


def learned(
    transform: Transform,
    examples: BaseChannel,
    schema: BaseChannel,
    parameters: Parameters,
    folder: Path,
    gate: BaseNode,
    synthetic: bool,
) -> list[BaseNode]:
    """Trains on what ``transform`` left, after a search and from a model where that is asked for.

    Args:
        transform: What made tensors of the examples.
        examples: Those themselves, which name the data.
        schema: Theirs.
        parameters: What the run computes.
        folder: Where trainings keep what outlives an interruption.
        gate: What training waits for.
        synthetic: Whether the slices were drawn.

    Returns:
        The nodes, Trainer the last.
    """
    settings = _settings(parameters, folder, synthetic)
    warm = [_base_model(examples, gate)] if parameters.training.warm_start else []
    shared = {
        "examples": transform.outputs["transformed_examples"],
        "transform_graph": transform.outputs["transform_graph"],
        "base_model": warm[0].outputs["model"] if warm else None,
        "train_args": trainer_pb2.TrainArgs(splits=["train"]),
        "eval_args": trainer_pb2.EvalArgs(splits=["val"]),
    }
    tuning = (
        [
            Tuner(
                tuner_fn="trainer.tuning.tuner_fn",
                custom_config={**settings, "tuning": parameters.tuning.model_dump(mode="json")},
                **shared,
            )
        ]
        if parameters.tuning.trials
        else []
    )
    trainer = Trainer(
        hyperparameters=tuning[0].outputs["best_hyperparameters"] if tuning else None,
        schema=schema,
        run_fn="trainer.run.run_fn",
        custom_config=settings,
        **shared,
    )
    return [*warm, *tuning, trainer]


def _base_model(examples: BaseChannel, gate: BaseNode) -> Resolver:
    found = Resolver(
        strategy_class=BaseModelStrategy,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
        current=examples,
    ).with_id("BaseModel")
    # Else it would be looked for where nothing is trained.
    found.add_upstream_node(gate)
    return found


def _settings(parameters: Parameters, folder: Path, synthetic: bool) -> dict[str, Any]:
    """What decides a training, beside its data; all of it, so that the cache sees each change."""
    return {
        "model": parameters.model.model_dump(mode="json"),
        "encoder_digest": encoder_digest(parameters.model),
        "training": parameters.training.model_dump(mode="json"),
        "training_dir": str(folder),
        "synthetic": synthetic,
        "code_hash": code_hash(
            "preprocessing",
            "trainer",
            "serving.contract",
            "serving.model_files",
            "serving.signatures",
            "serving.overlay",
            "serving.warmup_requests",
            "data.provenance",
            without="trainer.evaluation",
        ),
    }
