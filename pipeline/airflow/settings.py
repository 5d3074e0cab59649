"""The two files beside the DAG: what the pipeline's nodes are, and how its tasks are run."""

from __future__ import annotations

import json
import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from data.errors import ConfigurationError, InputError
from pipeline.airflow.choices import Choice
from pipeline.command import COMMAND

SETTINGS = "brisc_settings.json"

DAG = Path(__file__).parent / "dags" / "brisc_dag.py"


class Settings(BaseModel):
    """``brisc_settings.json``: holds no secret, only where one is to be found."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    dag_id: str = Field("brisc", description="The DAG's name.")
    schedule: str | None = Field(None, description="When it runs by itself; null: when asked.")
    retries: int = Field(1, ge=0, description="How often a failed task is tried again.")
    retry_delay: float = Field(60.0, ge=0.0, description="Seconds before that.")
    parallel: int = Field(2, ge=1, description="Components that run at once.")
    command: tuple[str, ...] = Field(COMMAND, description="What runs a brisc command.")
    packages: Path = Field(
        Path(__file__).parents[2], description="Folder in which Python finds the project."
    )
    folder: Path = Field(description="Where commands run and find params.yaml.")
    workspace: Path = Field(description="Where all runs of the DAG lie.")
    data: Path | None = Field(None, description="Folder in BRISC layout unless a run names one.")
    options: tuple[str, ...] = Field((), description="Options of prepare-run for every run.")
    files: tuple[str, ...] = Field(
        (), description="Options of every command: config.yaml and secrets.yaml, where named."
    )
    metadata_connection: str | None = Field(
        None, description="Airflow connection whose address is that of the metadata store."
    )
    choices: dict[str, Choice] = Field(description="Parameters that the form of a run has.")


def read(folder: Path) -> Settings:
    """What ``write`` has written into ``folder``.

    Raises:
        ConfigurationError: It has not.
    """
    try:
        return Settings.model_validate_json((folder / SETTINGS).read_bytes())
    except (OSError, ValidationError) as error:
        raise ConfigurationError(
            folder, "holds no DAG that this version has exported", "Run `brisc airflow export`"
        ) from error


def write(settings: Settings, nodes: Sequence[dict[str, Any]], folder: Path) -> list[Path]:
    """Writes the DAG and its two files into ``folder``; returns their paths.

    Args:
        settings: How its tasks are run.
        nodes: From ``pipeline.steps.listing``.
        folder: Where Airflow looks for DAGs.

    Raises:
        InputError: The folder cannot be written.
    """
    contents = {
        SETTINGS: settings.model_dump_json(indent=2, by_alias=True),
        "brisc_nodes.json": json.dumps(nodes, indent=2),
    }
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, content in contents.items():
            # Airflow may be reading the folder.
            new = folder / f".{name}"
            new.write_text(content + "\n", encoding="utf-8")
            new.replace(folder / name)
        # Last: it needs the others.
        shutil.copyfile(DAG, folder / f".{DAG.name}")
        (folder / f".{DAG.name}").replace(folder / DAG.name)
    except OSError as error:
        raise InputError(
            folder, f"cannot be written ({error.strerror})", "Give a folder you may write to"
        ) from error
    return [folder / name for name in (DAG.name, *contents)]
