"""The pipeline's graph: which component gets what from which."""

from __future__ import annotations

import json
from pathlib import Path

from tfx.components import (
    Evaluator,
    ExampleValidator,
    StatisticsGen,
    Transform,
    Tuner,
)
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import transform_pb2

from data.provenance import is_synthetic
from data.splits import SPLITS
from data.statistics.anomalies import SCHEMA
from data.statistics.generate import statistics_options
from pipeline.code_hash import code_hash
from pipeline.components.anomaly_gate import AnomalyGate
from pipeline.components.example_gen import BriscExampleGen
from pipeline.components.leak_audit import LeakAudit
from pipeline.configuration import Parameters
from pipeline.drift import drift_nodes
from pipeline.judging import gated, measured, reported
from pipeline.learning import learned
from pipeline.workspace import Workspace

NAME = "brisc"

_READING = ("data.naming", "data.layout", "data.checks")
_AUDIT = (*_READING, "data.audit", "data.oddities", "data.page", "pipeline.components.leak_audit")
_INGEST = (
    *_READING,
    "data.features",
    "data.config",
    "data.audit.components",
    "data.audit.leak",
    "data.audit.record",
    "data.groups",
    "data.grouping",
    "data.strata",
    "data.splits",
    "data.split_record",
    "data.examples",
    "data.slice_list",
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
    patients: Path | None = None,
    fold: int | None = None,
) -> Pipeline:
    """Wires all components.

    A run of a cross-validation measures a recipe and is no candidate: it has no gate, and neither
    asks for a baseline nor pushes.

    Args:
        parameters: What ``params.yaml`` and its overrides decided.
        workspace: Where artifacts, metadata and models go.
        data_dir: Folder in BRISC layout.
        data_fingerprint: Digest of its content, from ``data.checks``.
        skipped: Ids of slices to leave out.
        beam_args: Options of the Beam pipelines within components.
        patients: Table of patients, named by its content, that the intervals of scores go by.
        fold: Which fold of a cross-validation is test, from 0; ``None``: there is none.
    """
    audit = LeakAudit(
        data_dir=str(data_dir),
        data_fingerprint=data_fingerprint,
        skipped=json.dumps(skipped, ensure_ascii=False),
        code_hash=code_hash(*_AUDIT),
    )
    ingest = BriscExampleGen(
        audit.outputs["audit"],
        data_dir,
        data_fingerprint,
        skipped,
        parameters.split,
        code_hash(*_INGEST),
        fold or 0,
    )
    examples = ingest.outputs["examples"]
    schema = ImportSchemaGen(schema_file=str(workspace.keep(SCHEMA)))
    statistics = StatisticsGen(
        examples=examples, schema=schema.outputs["schema"], stats_options=statistics_options()
    )
    validator = ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]
    )
    anomaly_gate = AnomalyGate(
        anomalies=validator.outputs["anomalies"],
        code_hash=code_hash("pipeline.components.anomaly_gate", "data.statistics.anomalies"),
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
        # Of what goes in StatisticsGen has them already, and nothing reads those of small images.
        disable_statistics=True,
    )
    transform.add_upstream_node(anomaly_gate)
    served = workspace.serving / parameters.serving.model_name if fold is None else None
    watched = drift_nodes(examples, statistics.outputs["statistics"], parameters.drift, served)
    transform.add_upstream_node(watched[-1])

    learning = learned(
        transform,
        examples,
        schema.outputs["schema"],
        parameters,
        workspace.training,
        watched[-1],
        is_synthetic(data_dir),
    )
    trainer = learning[-1]
    reading = [audit, ingest, schema, statistics, validator, anomaly_gate, *watched, transform]
    judged = trainer.outputs["model"], examples, schema.outputs["schema"]
    judging = (
        gated(*judged, parameters.gate, parameters.serving, workspace.serving)
        if fold is None
        else [measured(*judged)]
    )
    report = reported(
        audit.outputs["audit"],
        ingest.outputs["split"],
        trainer,
        next(node for node in judging if isinstance(node, Evaluator)),
        parameters,
        (data_dir, data_fingerprint),
        patients=patients,
        gate=parameters.gate if fold is None else None,
        tuner=next((node for node in learning if isinstance(node, Tuner)), None),
    )
    return Pipeline(
        pipeline_name=NAME,
        pipeline_root=str(workspace.artifacts),
        components=[*reading, *learning, *judging, report],
        enable_cache=True,
        beam_pipeline_args=beam_args,
    )
