"""Computes the statistics of slices with TFDV, from the examples that ingest makes of them."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path

import apache_beam as beam
import tensorflow_data_validation as tfdv
from apache_beam.options.pipeline_options import PipelineOptions
from tensorflow_metadata.proto.v0 import schema_pb2
from tfx_bsl.public.tfxio import TFExampleBeamRecord

from data.slice_list import example_of, write_list
from data.splits import Assignment
from data.statistics.anomalies import SCHEMA
from data.statistics.bins import QUANTILES
from data.statistics.store import FILE, Statistics, read_file


def statistics_options(schema: schema_pb2.Schema | None = None) -> tfdv.StatsOptions:
    """What TFDV computes, in the pipeline and elsewhere.

    It looks at the head of each image, in splits of a hundred or more; ingest has decoded it whole.

    Args:
        schema: Tells which features are images: else TFDV would look for the commonest of them,
            and hold them all. StatisticsGen gets it as an artifact; within the options it would
            lie in ML Metadata, whose PostgreSQL takes no text that has a backslash in it.
    """
    return tfdv.StatsOptions(
        schema=schema,
        enable_semantic_domain_stats=True,
        num_quantiles_histogram_buckets=QUANTILES,
    )


def compute_statistics(assignment: Assignment, seed: int, beam_args: Sequence[str]) -> Statistics:
    """The statistics of each split that has slices.

    Args:
        assignment: Which slice is where.
        seed: Of the split, for the order of the examples.
        beam_args: Options of Beam.

    Raises:
        InputError: A file has become unreadable since it was checked.
    """
    parts = {name: part for name, part in assignment.parts.items() if part}
    options = statistics_options(tfdv.load_schema_text(str(SCHEMA)))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        with beam.Pipeline(options=PipelineOptions(list(beam_args))) as pipeline:
            for split, part in parts.items():
                write_list(part, assignment.leak, seed, folder / split)
                (folder / f"{split}.out").mkdir()
                _ = (
                    pipeline
                    | f"Slices[{split}]" >> beam.io.ReadFromText(str(folder / split))
                    | f"ToExample[{split}]" >> beam.Map(example_of).with_output_types(bytes)
                    | f"Decode[{split}]"
                    >> TFExampleBeamRecord("inmem", telemetry_descriptors=["brisc"]).BeamSource()
                    | f"Statistics[{split}]" >> tfdv.GenerateStatistics(options)
                    | f"Write[{split}]"
                    >> tfdv.WriteStatisticsToBinaryFile(str(folder / f"{split}.out" / FILE))
                )
        return {split: read_file(folder / f"{split}.out" / FILE) for split in parts}
