"""The end of the graph: what measures a candidate, decides about it and pushes it."""

from __future__ import annotations

import json
from pathlib import Path

from tfx.components import Evaluator, InfraValidator, Trainer, Tuner
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.proto import infra_validator_pb2, pusher_pb2
from tfx.types import BaseChannel, Channel
from tfx.types.standard_artifacts import Model, ModelBlessing

from pipeline.code_hash import code_hash
from pipeline.components.baseline import OtherBlessedModelStrategy
from pipeline.components.infra_check import InfraCheck
from pipeline.components.model_report import ModelReport
from pipeline.components.pusher import Pusher
from pipeline.config import GateConfig
from pipeline.configuration import Parameters
from pipeline.eval_config import eval_config
from serving.config import ServingConfig
from serving.contract import EVALUATE
from serving.engine import IMAGE

_REPORTING = (
    "data.audit.components",
    "data.audit.record",
    "data.grouping",
    "data.groups",
    "data.layout",
    "data.page",
    "data.parts",
    "data.provenance",
    "data.split_record",
    "serving.contract",
    "serving.model_files",
    "serving.overlay",
    "serving.prediction",
    "serving.predictor",
    "trainer.evaluation",
    "pipeline.judgement",
    "pipeline.model_report",
    "pipeline.plain",
    "pipeline.config",
    "pipeline.components.model_report",
)


_SERVING = (
    "serving.client",
    "serving.client_grpc",
    "serving.client_rest",
    "serving.contract",
    "serving.model_files",
    "serving.prediction",
    "serving.predictor",
    "serving.served_check",
    "serving.server",
    "pipeline.components.infra_check",
)


def gated(
    model: BaseChannel,
    examples: BaseChannel,
    schema: BaseChannel,
    gate: GateConfig,
    serving: ServingConfig,
    folder: Path,
) -> list[BaseNode]:
    """Evaluates ``model`` beside the latest blessed one, serves it on trial, and pushes it below
    ``folder`` if it passes ``gate`` and answers there as it should."""
    baseline = Resolver(
        strategy_class=OtherBlessedModelStrategy,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
        candidate=model,
    ).with_id("Baseline")
    evaluator = _evaluator(model, examples, schema, gate, baseline.outputs["model"])
    tried = _infra_check(model, examples, serving)
    destination = str(folder / serving.model_name)
    pusher = Pusher(
        model=model,
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=tried[0].outputs["blessing"] if tried else None,
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=destination)
        ),
    )
    return [baseline, evaluator, *tried, pusher]


def measured(model: BaseChannel, examples: BaseChannel, schema: BaseChannel) -> BaseNode:
    """Evaluates ``model`` and does no more: Evaluator blesses nothing where nothing is demanded."""
    return _evaluator(model, examples, schema, None, None)


def reported(
    audit: BaseChannel,
    split: BaseChannel,
    trainer: Trainer,
    evaluator: BaseNode,
    parameters: Parameters,
    data: tuple[Path, str],
    *,
    patients: Path | None,
    gate: GateConfig | None,
    tuner: Tuner | None,
) -> BaseNode:
    """Says what is to be said of the model.

    Args:
        audit: Which slices are alike.
        split: Which of them are test.
        trainer: What made the model.
        evaluator: What measured it.
        parameters: What the run computes.
        data: Folder in BRISC layout, and the digest of its content.
        patients: Table of patients, named by its content; ``None``: there is none.
        gate: What was demanded; ``None`` where it was only measured.
        tuner: What searched for better parameters, where something did.
    """
    sections = parameters.model_dump(mode="json", include={"model", "training"})
    return ModelReport(
        model=trainer.outputs["model"],
        model_run=trainer.outputs["model_run"],
        audit=audit,
        split=split,
        evaluation=evaluator.outputs["evaluation"],
        blessing=evaluator.outputs["blessing"],
        data_dir=str(data[0]),
        data_fingerprint=data[1],
        patients=str(patients or ""),
        settings=json.dumps(sections, ensure_ascii=False),
        gate=gate.model_dump_json(by_alias=True) if gate else "",
        code_hash=code_hash(*_REPORTING),
        hyperparameters=tuner.outputs["best_hyperparameters"] if tuner else None,
    )


def _infra_check(
    model: BaseChannel, examples: BaseChannel, serving: ServingConfig
) -> list[BaseNode]:
    if serving.infra_check == "none":
        return []
    if serving.infra_check == "embedded":
        return [
            InfraCheck(
                model=model,
                examples=examples,
                slices=serving.infra_check_slices,
                code_hash=code_hash(*_SERVING),
            )
        ]
    tag = IMAGE.partition(":")[2]
    spec = infra_validator_pb2.ServingSpec(
        tensorflow_serving=infra_validator_pb2.TensorFlowServing(tags=[tag]),
        local_docker=infra_validator_pb2.LocalDockerConfig(),
        model_name=serving.model_name,
    )
    requests = infra_validator_pb2.RequestSpec(
        # Of serialised examples it can make requests by itself.
        tensorflow_serving=infra_validator_pb2.TensorFlowServingRequestSpec(
            signature_names=[EVALUATE]
        ),
        split_name="test",
        num_examples=serving.infra_check_slices,
    )
    validator = InfraValidator(
        model=model, serving_spec=spec, examples=examples, request_spec=requests
    )
    return [validator.with_id("InfraCheck")]


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
