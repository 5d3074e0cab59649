"""A standalone Spark cluster on loopback and Beam's job server for it, from Maven Central."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.java import add_opens, await_cores, java
from tests.job_server import job_server, maven_jars
from tests.ports import free_ports

FOLDER = Path(__file__).parent

# What Spark's own scripts open to it of Java 17.
_OPENED = [
    *("java.io", "java.lang", "java.lang.invoke", "java.lang.reflect", "java.net", "java.nio"),
    *("java.util", "java.util.concurrent", "java.util.concurrent.atomic"),
    *("sun.nio.ch", "sun.nio.cs", "sun.security.action", "sun.util.calendar"),
]
_ENTRY = "org.apache.spark.deploy"


@dataclass(frozen=True)
class Spark:
    """A running cluster.

    Attributes:
        master: Its address.
        page: host:port of the master's page, which answers in JSON too.
        job_server: Beam's, for Spark.
    """

    master: str
    page: str
    job_server: Path

    @property
    def beam_args(self) -> list[str]:
        """What sends a Beam pipeline of Python there, its Python running in the sender."""
        return [
            "--runner=SparkRunner",
            f"--spark_master_url={self.master}",
            "--spark_version=3",
            f"--spark_job_server_jar={self.job_server}",
            "--environment_type=LOOPBACK",
        ]

    def cores(self) -> int:
        """Those of all workers that have reported to the master."""
        return int(self._overview()["cores"])

    def jobs(self) -> dict[str, str]:
        """The state of each application that has ended there, by id; one for a Beam pipeline."""
        ended = self._overview()["completedapps"]
        return {application["id"]: application["state"] for application in ended}

    def _overview(self) -> dict[str, Any]:
        return httpx.get(f"http://{self.page}/json/").json()


@contextlib.contextmanager
def spark_cluster(folder: Path) -> Iterator[Spark]:
    """A master and a worker of two cores, ready for pipelines; ``folder`` gets the logs."""
    jars = maven_jars(FOLDER)
    home = _home(folder, jars)
    environment = {
        "SPARK_HOME": str(home),
        "SPARK_SCALA_VERSION": "2.12",
        "SPARK_LOCAL_IP": "127.0.0.1",
    }
    port, page, worker_page = free_ports(3)
    master = f"spark://127.0.0.1:{port}"
    host = ["--host", "127.0.0.1"]
    roles = {
        "master.Master": [*host, "--port", str(port), "--webui-port", str(page)],
        "worker.Worker": [
            *(*host, "--webui-port", str(worker_page), "--cores", "2", "--memory", "2g"),
            *("-d", folder / "work", master),
        ],
    }
    with contextlib.ExitStack() as stack:
        for role, options in roles.items():
            given = [*add_opens(_OPENED), "-Xmx256m", f"{_ENTRY}.{role}", *options]
            stack.enter_context(java(jars, given, folder / f"{role}.log", environment))
        server = job_server(
            folder / "job-server.jar",
            jars,
            "org.apache.beam.runners.spark.SparkJobServerDriver",
            _OPENED,
        )
        cluster = Spark(master, f"127.0.0.1:{page}", server)
        await_cores(cluster.cores, 2, folder)
        yield cluster


def _home(folder: Path, jars: Path) -> Path:
    """An installation as the worker looks for it, to start others of the same jars."""
    home = folder / "spark"
    home.mkdir()
    (home / "RELEASE").touch()
    (home / "jars").symlink_to(jars)
    return home
