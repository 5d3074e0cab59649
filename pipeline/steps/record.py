"""What the steps of a run know of each other: two files in the run's folder."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import ConfigurationError, InputError
from pipeline.configuration import Parameters
from pipeline.request import RunRequest
from pipeline.workspace import Workspace
from trainer.config import ClusterConfig

if TYPE_CHECKING:
    from tfx.proto.orchestration import pipeline_pb2

PIPELINE = "pipeline.json"
REQUEST = "request.json"

_RUN_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")


class StepsRequest(BaseModel):
    """``request.json``: what was asked of ``brisc prepare-run``, and on what data.

    Attributes:
        data: The data folder, absolute.
        data_fingerprint: Digest of its content.
        serving: Where blessed models are pushed.
        parameters: What the run computes.
        beam_args: Options of the Beam pipelines within components.
        cluster: Which machines train.
        skip_bad: Whether unusable slices are left out.
        patients: Table of patients that the intervals of scores go by, named by its content.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    data: Path
    data_fingerprint: str
    serving: Path
    parameters: Parameters
    beam_args: tuple[str, ...]
    cluster: ClusterConfig
    skip_bad: bool
    patients: Path | None = None

    @classmethod
    def of(cls, request: RunRequest, fingerprint: str) -> StepsRequest:
        """What ``request`` asks for, on data of this ``fingerprint``."""
        return cls(
            data=request.data_dir.absolute(),
            data_fingerprint=fingerprint,
            serving=request.workspace.serving,
            parameters=request.parameters,
            beam_args=request.beam_args,
            cluster=request.cluster,
            skip_bad=request.skip_bad,
            patients=request.patients,
        )


class RunFolder:
    """The folder of one run.

    Raises:
        ConfigurationError: ``run_id`` cannot name a folder.
    """

    def __init__(self, workspace: Workspace, run_id: str) -> None:
        if not _RUN_ID.fullmatch(run_id):
            raise ConfigurationError(
                f"--run-id {run_id}",
                "not a name of a run",
                "Use letters, digits, . _ and -, the first a letter or digit, 100 at most",
            )
        self.run_id = run_id
        self.path = workspace.reports / run_id

    @property
    def prepared(self) -> bool:
        """Whether ``brisc prepare-run`` has come to its end."""
        return (self.path / REQUEST).is_file()

    def write(self, request: StepsRequest, ir: pipeline_pb2.Pipeline) -> None:
        """Keeps both, the request last: where it is, the other is too.

        Raises:
            InputError: The folder cannot be written.
        """
        from google.protobuf import json_format

        try:
            self.path.mkdir(parents=True, exist_ok=True)
            _put(self.path / PIPELINE, json_format.MessageToJson(ir))
            _put(self.path / REQUEST, request.model_dump_json(indent=2) + "\n")
        except OSError as error:
            raise InputError(
                self.path,
                f"it cannot be written ({error.strerror})",
                "Give --workspace a folder you may write to",
            ) from error

    def request(self) -> StepsRequest:
        """What the run was asked for.

        Raises:
            InputError: It has not been prepared, or by another version of this program.
        """
        file = self.path / REQUEST
        try:
            return StepsRequest.model_validate_json(self._read(file))
        except ValidationError as error:
            raise _foreign(file) from error

    def pipeline(self) -> pipeline_pb2.Pipeline:
        """The compiled pipeline.

        Raises:
            InputError: The run has not been prepared, or by another version of TFX.
        """
        from google.protobuf import json_format

        # Parsing needs to know the messages within.
        from tfx.proto.orchestration import executable_spec_pb2, pipeline_pb2

        assert executable_spec_pb2
        file = self.path / PIPELINE
        text = self._read(file)
        ir: Any = pipeline_pb2.Pipeline()
        try:
            return json_format.Parse(text, ir)
        except json_format.ParseError as error:
            raise _foreign(file) from error

    def require_prepared(self) -> None:
        """Checks that ``brisc prepare-run`` has come to its end.

        Raises:
            InputError: It has not.
        """
        if not self.prepared:
            raise InputError(
                self.path,
                f"run {self.run_id} has not been prepared",
                "Run `brisc prepare-run` with this --run-id and --workspace first",
            )

    def _read(self, file: Path) -> str:
        self.require_prepared()
        return file.read_text()


def _put(file: Path, text: str) -> None:
    partial = file.with_name(f".{file.name}.{os.getpid()}")
    partial.write_text(text)
    partial.replace(file)


def _foreign(file: Path) -> InputError:
    return InputError(
        file, "this version cannot read it", "Prepare the run anew under another --run-id"
    )
