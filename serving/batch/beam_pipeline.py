"""The Beam pipeline: files in, masks and records out, nothing of a slice kept in between."""

from __future__ import annotations

import errno
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

import apache_beam as beam
from apache_beam.ml.inference.base import PredictionResult, RunInference
from apache_beam.options.pipeline_options import PipelineOptions, StandardOptions
from apache_beam.runners.portability.fn_api_runner.fn_runner import FnApiRunner
from PIL import Image

from data.errors import InputError
from serving.batch.handler import SignatureHandler
from serving.batch.plan import Task
from serving.batch.reading import Asked, explain, read_task
from serving.batch.records import Recorder
from serving.batch.request import BatchRequest
from serving.batch.results import Results
from serving.batch.row import Row, mask_path

_UNUSABLE = "unusable"


def run_tasks(request: BatchRequest, model: Path, tasks: Sequence[Task], run: int) -> None:
    """Answers for the slices of ``tasks``; the rows are in the records afterwards.

    Args:
        request: What is asked.
        model: The saved model itself.
        tasks: The files.
        run: The number of this run.

    Raises:
        InputError: The results cannot be written, or the model cannot be used.
    """
    options = PipelineOptions(list(request.beam_args))
    results = Results(request.out.absolute())
    with beam.Pipeline(_runner(options), options) as pipeline:
        read = (
            pipeline
            | "Files" >> beam.Create(tasks)
            | "Read"
            >> beam.ParDo(_Read(request.source.absolute(), request.plane)).with_outputs(
                _UNUSABLE, main="slices"
            )
        )
        _ = (
            read.slices
            | "Predict" >> RunInference(SignatureHandler(model.absolute(), request.batch_size))
            | "Write" >> beam.ParDo(_Write(results, run))
        )
        # Not flattened into the above, before which the runner would keep all masks in memory.
        _ = read[_UNUSABLE] | "Note" >> beam.ParDo(_Note(results, run))


def _runner(options: PipelineOptions) -> FnApiRunner | None:
    """Beam's in-process runner; ``None`` where another one is asked for.

    What Beam calls DirectRunner first downloads another runner and runs that; this is the one
    it falls back to.
    """
    name = options.view_as(StandardOptions).runner
    return FnApiRunner() if name in (None, "DirectRunner") else None


class _Read(beam.DoFn):
    """Reads files."""

    def __init__(self, folder: Path, plane: str | None) -> None:
        super().__init__()
        self._folder = folder
        self._plane = plane

    def process(self, task: Task) -> Iterator[Asked | beam.pvalue.TaggedOutput]:
        for found in read_task(task, self._folder, self._plane):
            yield found if isinstance(found, Asked) else beam.pvalue.TaggedOutput(_UNUSABLE, found)


class _Note(beam.DoFn):
    """Puts rows on record."""

    def __init__(self, results: Results, run: int) -> None:
        super().__init__()
        self._results = results
        self._run = run
        self._recorder: Recorder | None = None

    def process(self, row: Row) -> None:
        try:
            if self._recorder is None:
                self._recorder = Recorder(self._results.records, self._run)
            self._recorder.write(row)
        except OSError as error:
            raise _unwritable(self._results, error) from error

    def teardown(self) -> None:
        if self._recorder is not None:
            self._recorder.close()


class _Write(_Note):
    """Writes masks, and puts each on record once it is in place."""

    def process(self, result: PredictionResult) -> None:
        asked, answer = result.example, result.inference
        if isinstance(answer, InputError):
            super().process(asked.row(error=explain(answer)))
            return
        mask = mask_path(asked.source, asked.question.number, asked.question.count)
        try:
            self._results.write_mask(mask, answer.mask_png)
        except OSError as error:
            if error.errno != errno.ENAMETOOLONG:
                raise _unwritable(self._results, error) from error
            super().process(asked.row(error="its name is too long for a mask. Rename it."))
            return
        with Image.open(io.BytesIO(answer.mask_png)) as image:
            width, height = image.size
        spacing = asked.question.spacing_mm
        super().process(
            asked.row(
                label=answer.label,
                probabilities=tuple(answer.probabilities.values()),
                pixels=answer.mask_area,
                share=answer.mask_area / (width * height),
                area_mm2=None if spacing is None else answer.mask_area * spacing[0] * spacing[1],
                mask=mask,
            )
        )


def _unwritable(results: Results, error: OSError) -> InputError:
    return InputError(
        results.root,
        f"the results cannot be written ({error.strerror})",
        "Make room or make it writable; the same command goes on",
    )
