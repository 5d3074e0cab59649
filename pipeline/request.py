"""What one call of ``brisc run`` asks for."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

from pipeline.configuration import Parameters
from pipeline.workspace import Workspace
from trainer.config import ClusterConfig


@dataclass(frozen=True)
class RunRequest:
    """One call of ``brisc run``.

    Attributes:
        data_dir: Folder in BRISC layout.
        workspace: Where everything that the run makes lies.
        parameters: What the run computes.
        runner: What orchestrates.
        beam_args: Options of the Beam pipelines within components.
        cluster: Which machines train.
        skip_bad: Go on without unusable slices.
        patients: Table of patients that the intervals of scores go by; ``None``: there is none.
    """

    data_dir: Path
    workspace: Workspace
    parameters: Parameters
    runner: Literal["local", "beam"]
    beam_args: tuple[str, ...]
    cluster: ClusterConfig
    skip_bad: bool
    patients: Path | None = None
