"""``BriscExampleGen``: reads a folder in BRISC layout into tf.Examples, split honestly."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any, ClassVar

import apache_beam as beam
from tfx import types
from tfx.components.example_gen.write_split import DEFAULT_FILE_NAME
from tfx.components.util import examples_utils
from tfx.dsl.components.base import (
    base_beam_component,
    base_beam_executor,
    executor_spec,
)
from tfx.proto import example_gen_pb2
from tfx.types import artifact_utils, component_spec, standard_artifacts, standard_component_specs

from data.audit.record import read_pairs
from data.config import SplitConfig
from data.groups import read_groups
from data.layout import scan
from data.slice_list import example_of, write_list
from data.split_record import SplitSummary, summarise_split, write_split
from data.splits import SPLITS, Assignment, assign, require_trainable
from data.statistics.store import FINGERPRINT
from pipeline.artifacts import DataAudit, DataSplit

AUDIT_KEY = "audit"
SPLIT_KEY = "split"
_VERSION_BITS = 31


class BriscExampleGenSpec(component_spec.ComponentSpec):
    """Parameters are what decides the output, so they alone decide whether it is cached."""

    PARAMETERS: ClassVar = {
        "data_dir": component_spec.ExecutionParameter(type=str),
        "data_fingerprint": component_spec.ExecutionParameter(type=str),
        "skipped": component_spec.ExecutionParameter(type=str),
        "split_config": component_spec.ExecutionParameter(type=str),
        "fold": component_spec.ExecutionParameter(type=int),
        "code_hash": component_spec.ExecutionParameter(type=str),
    }
    INPUTS: ClassVar = {AUDIT_KEY: component_spec.ChannelParameter(type=DataAudit)}
    OUTPUTS: ClassVar = {
        standard_component_specs.EXAMPLES_KEY: component_spec.ChannelParameter(
            type=standard_artifacts.Examples
        ),
        SPLIT_KEY: component_spec.ChannelParameter(type=DataSplit),
    }


class Executor(base_beam_executor.BaseBeamExecutor):
    """Divides the slices, and writes each split as gzipped TFRecords.

    TFX's own base for such executors shuffles whole examples between reading and writing, which
    holds all of them in memory where Beam runs in one process. Here reading and writing are one
    step, and which slices to read comes from a file, since Beam keeps several copies of a list.
    """

    def Do(
        self,
        input_dict: dict[str, list[types.Artifact]],
        output_dict: dict[str, list[types.Artifact]],
        exec_properties: dict[str, Any],
    ) -> None:
        """Runs ingest as one Beam pipeline.

        Raises:
            InputError: The data cannot be divided as asked, or a file has become unreadable.
        """
        self._log_startup(input_dict, output_dict, exec_properties)
        config = SplitConfig.model_validate_json(exec_properties["split_config"])
        assignment, summary = _divide(
            Path(artifact_utils.get_single_uri(input_dict[AUDIT_KEY])), config, exec_properties
        )
        split_uri = artifact_utils.get_single_uri(output_dict[SPLIT_KEY])
        write_split(assignment, summary, Path(split_uri))
        lists = {name: os.path.join(self._get_tmp_dir(), name) for name in assignment.parts}
        for name, part in assignment.parts.items():
            write_list(part, assignment.leak, config.seed, Path(lists[name]))
        # Not needed any more, and not small where there are many slices.
        del assignment

        examples = artifact_utils.get_single_instance(
            output_dict[standard_component_specs.EXAMPLES_KEY]
        )
        _describe(examples, exec_properties["data_fingerprint"])
        with self._make_beam_pipeline() as pipeline:
            for name, file in lists.items():
                uri = artifact_utils.get_split_uri([examples], name)
                _ = (
                    pipeline
                    | f"Slices[{name}]" >> beam.io.ReadFromText(file)
                    | f"ToExample[{name}]" >> beam.Map(example_of)
                    | f"Write[{name}]"
                    >> beam.io.WriteToTFRecord(
                        os.path.join(uri, DEFAULT_FILE_NAME), file_name_suffix=".gz"
                    )
                )


def _divide(
    audit: Path, config: SplitConfig, exec_properties: dict[str, Any]
) -> tuple[Assignment, SplitSummary]:
    root, fold = Path(exec_properties["data_dir"]), exec_properties["fold"]
    skipped = set(json.loads(exec_properties["skipped"]))
    known = read_groups(config.groups) if config.groups else {}
    assignment = assign(
        [item for item in scan(root).slices if item.id not in skipped],
        config,
        pairs=read_pairs(audit),
        known=known,
        fold=fold,
    )
    require_trainable(assignment.parts, root)
    return assignment, summarise_split(assignment, config, known, fold)


def _describe(examples: types.Artifact, fingerprint: str) -> None:
    """Marks the artifact with what its content is."""
    examples.split_names = artifact_utils.encode_split_names(list(SPLITS))
    examples_utils.set_payload_format(examples, example_gen_pb2.FORMAT_TF_EXAMPLE)
    # Spans number deliveries of data over time; a folder is one, and its content its version.
    examples.set_int_custom_property("span", 0)
    examples.set_int_custom_property("version", int(fingerprint, 16) % 2**_VERSION_BITS)
    examples.set_string_custom_property(FINGERPRINT, fingerprint)


class BriscExampleGen(base_beam_component.BaseBeamComponent):
    """Ingests the slices of a folder in BRISC layout.

    Outputs ``examples`` with the splits train, val and test, whose features are those of
    ``data.features``, and ``split``, which says where each slice is and why.
    """

    SPEC_CLASS = BriscExampleGenSpec
    EXECUTOR_SPEC = executor_spec.BeamExecutorSpec(Executor)

    def __init__(
        self,
        audit: types.BaseChannel,
        data_dir: Path,
        data_fingerprint: str,
        skipped: list[str],
        split_config: SplitConfig,
        code_hash: str,
        fold: int = 0,
    ) -> None:
        """Sets up ingest.

        Args:
            audit: The ``DataAudit`` of the same folder.
            data_dir: Folder in BRISC layout.
            data_fingerprint: Hex digest of its content, from ``data.checks``.
            skipped: Ids of slices to leave out.
            split_config: How slices are divided; ``groups`` is a file whose name tells its content.
            code_hash: Digest of the code that ingests; changing it re-runs the component.
            fold: Which fold is test, from 0.
        """
        spec = BriscExampleGenSpec(
            audit=audit,
            data_dir=str(data_dir),
            data_fingerprint=data_fingerprint,
            skipped=json.dumps(sorted(skipped), ensure_ascii=False),
            split_config=split_config.model_dump_json(),
            fold=fold,
            code_hash=code_hash,
            examples=types.Channel(type=standard_artifacts.Examples),
            split=types.Channel(type=DataSplit),
        )
        super().__init__(spec=spec)
