"""The pipeline's graph: which component gets what from which."""

from __future__ import annotations

from pathlib import Path

from tensorflow_data_validation import StatsOptions
from tfx.components import (
    Evaluator,
    ExampleValidator,
    StatisticsGen,
    Trainer,
    Transform,
)
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import pusher_pb2, trainer_pb2, transform_pb2
from tfx.types import Channel
from tfx.types.standard_artifacts import Model, ModelBlessing

import data
from data.splits import SPLITS
from pipeline.code_hash import code_hash
from pipeline.components.anomaly_gate import AnomalyGate
from pipeline.components.baseline import OtherBlessedModelStrategy
from pipeline.components.example_gen import BriscExampleGen
from pipeline.components.pusher import Pusher
from pipeline.configuration import Parameters
from pipeline.eval_config import eval_config
from pipeline.workspace import Workspace
from trainer.encoder_file import encoder_digest

NAME = "brisc"
SCHEMA = Path(data.__file__).with_name("schema.pbtxt")

_INGEST = (
    "data.naming",
    "data.features",
    "data.config",
    "data.layout",
    "data.checks",
    "data.splits",
    "data.examples",
    "pipeline.components.example_gen",
)


def build_pipeline(
    parameters: Parameters,
    workspace: Workspace,
    *,
    data_dir: Path,
    data_fingerprint: str,
    skipped: list[str],
    beam_args: list[str],
) -> Pipeline:
    """Wires all components.

    Args:
        parameters: What ``params.yaml`` and its overrides decided.
        workspace: Where artifacts, metadata and models go.
        data_dir: Folder in BRISC layout.
        data_fingerprint: Digest of its content, from ``data.checks``.
        skipped: Ids of slices to leave out.
        beam_args: Options of the Beam pipelines within components.
    """
    ingest = BriscExampleGen(
        data_dir, data_fingerprint, skipped, parameters.split, code_hash(*_INGEST)
    )
    examples = ingest.outputs["examples"]
    # Looks at the head of each image, in splits of a hundred or more; ingest has decoded it whole.
    statistics = StatisticsGen(
        examples=examples, stats_options=StatsOptions(enable_semantic_domain_stats=True)
    )
    schema = ImportSchemaGen(schema_file=str(workspace.keep(SCHEMA)))
    validator = ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    anomaly_gate = AnomalyGate(
        anomalies=validator.outputs["anomalies"],
        code_hash=code_hash("pipeline.components.anomaly_gate"),
    )

    transform = Transform(
        examples=examples,
        schema=schema.outputs["schema"],
        preprocessing_fn="preprocessing.transform.preprocessing_fn",
        splits_config=transform_pb2.SplitsConfig(analyze=["train"], transform=list(SPLITS)),
        custom_config={
            "preprocessing": parameters.preprocessing.model_dump(mode="json"),
            "code_hash": code_hash("preprocessing"),
        },
    )
    transform.add_upstream_node(anomaly_gate)

    trainer = Trainer(
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        run_fn="trainer.run.run_fn",
        train_args=trainer_pb2.TrainArgs(splits=["train"]),
        eval_args=trainer_pb2.EvalArgs(splits=["val"]),
        custom_config={
            "model": parameters.model.model_dump(mode="json"),
            "encoder_digest": encoder_digest(parameters.model),
            "training": parameters.training.model_dump(mode="json"),
            "training_dir": str(workspace.training),
            "code_hash": code_hash(
                "preprocessing", "trainer", "serving.signatures", without="trainer.evaluation"
            ),
        },
    )
    baseline = Resolver(
        strategy_class=OtherBlessedModelStrategy,
        model=Channel(type=Model),
        model_blessing=Channel(type=ModelBlessing),
        candidate=trainer.outputs["model"],
    ).with_id("Baseline")
    evaluator = Evaluator(
        examples=examples,
        example_splits=["test"],
        model=trainer.outputs["model"],
        baseline_model=baseline.outputs["model"],
        schema=schema.outputs["schema"],
        eval_config=eval_config(parameters.gate),
    )
    pusher = Pusher(
        model=trainer.outputs["model"],
        model_blessing=evaluator.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(
                base_directory=str(workspace.serving / parameters.serving.model_name)
            )
        ),
    )
    return Pipeline(
        pipeline_name=NAME,
        pipeline_root=str(workspace.artifacts),
        components=[
            ingest,
            statistics,
            schema,
            validator,
            anomaly_gate,
            transform,
            trainer,
            baseline,
            evaluator,
            pusher,
        ],
        enable_cache=True,
        metadata_connection_config=metadata.sqlite_metadata_connection_config(
            str(workspace.metadata)
        ),
        beam_pipeline_args=beam_args,
    )
