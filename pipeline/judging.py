"""The end of the graph: what measures a candidate, decides about it and pushes it."""

from __future__ import annotations

from pathlib import Path

from tfx.components import Evaluator
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.proto import pusher_pb2
from tfx.types import BaseChannel, Channel
from tfx.types.standard_artifacts import Model, ModelBlessing

from pipeline.components.baseline import OtherBlessedModelStrategy
from pipeline.components.pusher import Pusher
from pipeline.config import GateConfig
from pipeline.eval_config import eval_config


def gated(
    model: BaseChannel,
    examples: BaseChannel,
    schema: BaseChannel,
    gate: GateConfig,
    destination: Path,
) -> list[BaseNode]:
    """Evaluates ``model`` beside the latest blessed one, and pushes it if it passes ``gate``."""
    baseline = Resolver(
        strategy_class=OtherBlessedModelStrategy,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
        candidate=model,
    ).with_id("Baseline")
    evaluator = _evaluator(model, examples, schema, gate, baseline.outputs["model"])
    pusher = Pusher(
        model=model,
        model_blessing=evaluator.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(destination))
        ),
    )
    return [baseline, evaluator, pusher]


def measured(model: BaseChannel, examples: BaseChannel, schema: BaseChannel) -> BaseNode:
    """Evaluates ``model`` and does no more: Evaluator blesses nothing where nothing is demanded."""
    return _evaluator(model, examples, schema, None, None)


def _evaluator(
    model: BaseChannel,
    examples: BaseChannel,
    schema: BaseChannel,
    gate: GateConfig | None,
    baseline: BaseChannel | None,
) -> Evaluator:
    return Evaluator(
        examples=examples,
        example_splits=["test"],
        model=model,
        baseline_model=baseline,
        schema=schema,
        eval_config=eval_config(gate),
    )
