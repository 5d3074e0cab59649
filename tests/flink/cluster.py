"""A standalone Flink cluster on loopback and Beam's job server for it, from Maven Central."""

from __future__ import annotations

import contextlib
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import httpx

from tests.java import add_opens, await_cores, java
from tests.job_server import job_server, maven_jars
from tests.ports import free_ports

FOLDER = Path(__file__).parent

# What Flink's own scripts open to it of Java 17.
_OPENED = add_opens(["java.lang", "java.net", "java.nio", "sun.nio.ch", "java.util"])
_ENTRY = "org.apache.flink.runtime"


@dataclass(frozen=True)
class Flink:
    """A running cluster."""

    address: str
    job_server: Path

    @property
    def beam_args(self) -> list[str]:
        """What sends a Beam pipeline of Python there, its Python running in the sender."""
        return [
            "--runner=FlinkRunner",
            f"--flink_master={self.address}",
            "--flink_version=1.19",
            f"--flink_job_server_jar={self.job_server}",
            "--environment_type=LOOPBACK",
            "--parallelism=2",
        ]

    def cores(self) -> int:
        """Those that are free for tasks."""
        # Before its leader is elected it answers that it is not available yet.
        answer = httpx.get(f"http://{self.address}/overview").raise_for_status()
        return int(answer.json()["slots-available"])

    def jobs(self) -> dict[str, str]:
        """The state of each job that the cluster has seen, by id; one for a Beam pipeline."""
        answer = httpx.get(f"http://{self.address}/jobs/overview").raise_for_status().json()
        return {job["jid"]: job["state"] for job in answer["jobs"]}


@contextlib.contextmanager
def flink_cluster(folder: Path) -> Iterator[Flink]:
    """A job manager and a task manager with two slots, ready for jobs; ``folder`` gets the logs."""
    jars = maven_jars(FOLDER)
    configuration = folder / "configuration"
    configuration.mkdir()
    shutil.copy(FOLDER / "config.yaml", configuration)
    rest, rpc = free_ports(2)
    options = [f"-Drest.port={rest}", f"-Djobmanager.rpc.port={rpc}"]
    roles = {
        "entrypoint.StandaloneSessionClusterEntrypoint": ["-Xmx512m"],
        "taskexecutor.TaskManagerRunner": ["-Xmx896m", "-XX:MaxDirectMemorySize=1g"],
    }
    with contextlib.ExitStack() as stack:
        for role, memory in roles.items():
            given = [*_OPENED, *memory, f"{_ENTRY}.{role}", "--configDir", configuration, *options]
            stack.enter_context(java(jars, given, folder / f"{role.rpartition('.')[2]}.log"))
        server = job_server(
            folder / "job-server.jar", jars, "org.apache.beam.runners.flink.FlinkJobServerDriver"
        )
        cluster = Flink(f"127.0.0.1:{rest}", server)
        await_cores(cluster.cores, 2, folder)
        yield cluster
