"""``BriscExampleGen``: reads a folder in BRISC layout into tf.Examples, split honestly."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, ClassVar

import apache_beam as beam
from tfx import types
from tfx.components.example_gen.base_example_gen_executor import BaseExampleGenExecutor
from tfx.dsl.components.base import base_beam_component, executor_spec
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, component_spec, standard_artifacts, standard_component_specs

from data.config import SplitConfig
from data.examples import to_example
from data.layout import scan
from data.splits import SPLITS, assign

_VERSION_BITS = 31


class BriscExampleGenSpec(component_spec.ComponentSpec):
    """Parameters are what decides the output, so they alone decide whether it is cached."""

    PARAMETERS: ClassVar = {
        standard_component_specs.INPUT_CONFIG_KEY: component_spec.ExecutionParameter(
            type=example_gen_pb2.Input
        ),
        standard_component_specs.OUTPUT_CONFIG_KEY: component_spec.ExecutionParameter(
            type=example_gen_pb2.Output
        ),
        standard_component_specs.OUTPUT_DATA_FORMAT_KEY: component_spec.ExecutionParameter(
            type=int
        ),
        "data_dir": component_spec.ExecutionParameter(type=str),
        "data_fingerprint": component_spec.ExecutionParameter(type=str),
        "skipped": component_spec.ExecutionParameter(type=str),
        "split": component_spec.ExecutionParameter(type=str),
        "code_hash": component_spec.ExecutionParameter(type=str),
    }
    INPUTS: ClassVar[dict[str, component_spec.ChannelParameter]] = {}
    OUTPUTS: ClassVar = {
        standard_component_specs.EXAMPLES_KEY: component_spec.ChannelParameter(
            type=standard_artifacts.Examples
        )
    }


@beam.ptransform_fn
def _read_slices(
    pipeline: beam.Pipeline, exec_properties: dict[str, Any], split_pattern: str
) -> beam.PCollection:
    """Serialised examples of the split that ``split_pattern`` names."""
    skipped = set(json.loads(exec_properties["skipped"]))
    layout = scan(Path(exec_properties["data_dir"]))
    kept = (item for item in layout.slices if item.id not in skipped)
    config = SplitConfig.model_validate_json(exec_properties["split"])
    return (
        pipeline
        | "Slices" >> beam.Create(assign(kept, config)[split_pattern])
        | "ToExample" >> beam.Map(to_example)
    )


class Executor(BaseExampleGenExecutor):
    """Writes the splits and marks the artifact with what its content is."""

    def GetInputSourceToExamplePTransform(self) -> beam.PTransform:
        """What the base class applies to the pattern of each input split."""
        return _read_slices

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs ingest as one Beam pipeline."""
        super().Do(input_dict, output_dict, exec_properties)
        examples = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.EXAMPLES_KEY]
        )
        fingerprint = exec_properties["data_fingerprint"]
        # Spans number deliveries of data over time; a folder is one, and its content its version.
        examples.set_int_custom_property("span", 0)
        examples.set_int_custom_property("version", int(fingerprint, 16) % 2**_VERSION_BITS)
        examples.set_string_custom_property("input_fingerprint", fingerprint)


class BriscExampleGen(base_beam_component.BaseBeamComponent):
    """Ingests the slices of a folder in BRISC layout.

    Outputs ``examples`` with the splits train, val and test; the features are those of
    ``data.features``.
    """

    SPEC_CLASS = BriscExampleGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        data_dir: Path,
        data_fingerprint: str,
        skipped: list[str],
        split: SplitConfig,
        code_hash: str,
    ) -> None:
        """Sets up ingest.

        Args:
            data_dir: Folder in BRISC layout.
            data_fingerprint: Hex digest of its content, from ``data.checks``.
            skipped: Ids of slices to leave out.
            split: How slices are divided.
            code_hash: Digest of the code that ingests; changing it re-runs the component.
        """
        splits = [example_gen_pb2.Input.Split(name=name, pattern=name) for name in SPLITS]
        spec = BriscExampleGenSpec(
            input_config=example_gen_pb2.Input(splits=splits),
            output_config=example_gen_pb2.Output(),
            output_data_format=example_gen_pb2.FORMAT_TF_EXAMPLE,
            data_dir=str(data_dir),
            data_fingerprint=data_fingerprint,
            skipped=json.dumps(sorted(skipped)),
            split=split.model_dump_json(),
            code_hash=code_hash,
            examples=types.Channel(type=standard_artifacts.Examples),
        )
        super().__init__(spec=spec)
