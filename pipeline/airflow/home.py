"""The folder of an Airflow that is tried: its settings, its files, and what of it runs."""

from __future__ import annotations

import json
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from data.errors import ConfigurationError
from pipeline.airflow.processes import Process, family

USER = "admin"

_LOOPBACK = "127.0.0.1"


class Record(BaseModel):
    """What `brisc airflow up` has started.

    Attributes:
        port: Where the api-server listens.
        processes: By the name of their command.
    """

    model_config = ConfigDict(frozen=True)

    port: int
    processes: dict[str, Process]

    @property
    def running(self) -> dict[str, list[Process]]:
        """Those that have not ended, and what they have started."""
        families = {name: family(process) for name, process in self.processes.items()}
        return {name: members for name, members in families.items() if members}


@dataclass(frozen=True)
class Home:
    """AIRFLOW_HOME.

    Attributes:
        root: The folder.
        executable: Airflow's command.
    """

    root: Path
    executable: Path

    @classmethod
    def at(cls, root: Path, environment: Path) -> Home:
        """The home in ``root`` of the Airflow that is installed in ``environment``."""
        return cls(root.absolute(), environment.absolute() / "bin" / "airflow")

    def require_installed(self) -> None:
        """Raises ``ConfigurationError`` where the environment has no Airflow."""
        if not self.executable.is_file():
            raise ConfigurationError(
                self.executable.parents[1],
                "Airflow is not installed there",
                "Run `requirements/airflow.sh`, or name its environment in BRISC_AIRFLOW_VENV",
            )

    @property
    def logs(self) -> Path:
        """Where tasks log, a folder a run."""
        return self.root / "logs"

    def log(self, name: str) -> Path:
        """The log of one service."""
        return self.root / f"{name}.log"

    def record(self) -> Record | None:
        """What was started last; ``None`` if nothing ever was."""
        try:
            return Record.model_validate_json(self._record.read_bytes())
        except (FileNotFoundError, ValidationError):
            return None

    def write_record(self, record: Record) -> None:
        """Keeps what was started, whole or not at all."""
        new = self._record.with_suffix(".new")
        new.write_text(record.model_dump_json(indent=2), encoding="utf-8")
        new.replace(self._record)

    def new_password(self) -> str:
        """Makes the password of ``admin``, which holds until the next one is made."""
        password = secrets.token_urlsafe(12)
        self._passwords.unlink(missing_ok=True)
        self._passwords.touch(mode=0o600)
        self._passwords.write_text(json.dumps({USER: password}), encoding="utf-8")
        return password

    def forget_password(self) -> None:
        """Deletes it."""
        self._passwords.unlink(missing_ok=True)

    def environment(
        self, dags: Path, port: int, database: str | None, parallel: int
    ) -> dict[str, str]:
        """The environment of Airflow's commands: ours, without the way to our packages.

        Args:
            dags: Folder of the DAG.
            port: Of the api-server.
            database: postgresql://USER:PASSWORD@HOST:PORT/DATABASE, or ``None`` for SQLite.
            parallel: Tasks that run at once.
        """
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
        # Tasks ask the api-server, which no proxy knows.
        direct = ",".join(filter(None, [os.environ.get("NO_PROXY"), _LOOPBACK]))
        settings = {
            "core__dags_folder": str(dags.absolute()),
            "core__load_examples": "False",
            "core__executor": "LocalExecutor",
            "core__parallelism": str(parallel),
            "core__dags_are_paused_at_creation": "False",
            "core__execution_api_server_url": f"http://{_LOOPBACK}:{port}/execution/",
            "core__simple_auth_manager_users": f"{USER}:admin",
            "core__simple_auth_manager_passwords_file": str(self._passwords),
            "api__host": _LOOPBACK,
            "api__port": str(port),
            "api__base_url": f"http://{_LOOPBACK}:{port}",
            "api__workers": "1",
            "api_auth__jwt_secret": secrets.token_urlsafe(64),
            "database__sql_alchemy_conn": self._database(database),
            "logging__base_log_folder": str(self.logs),
            "usage_data_collection__enabled": "False",
        }
        return {
            **kept,
            "NO_PROXY": direct,
            "no_proxy": direct,
            "AIRFLOW_HOME": str(self.root),
            **{f"AIRFLOW__{name.upper()}": value for name, value in settings.items()},
        }

    def _database(self, address: str | None) -> str:
        if address is None:
            return f"sqlite:///{self.root / 'airflow.db'}"
        scheme, _, rest = address.partition("://")
        return f"postgresql+psycopg2://{rest}" if scheme in ("postgresql", "postgres") else address

    @property
    def _record(self) -> Path:
        return self.root / "services.json"

    @property
    def _passwords(self) -> Path:
        return self.root / "passwords.json"
