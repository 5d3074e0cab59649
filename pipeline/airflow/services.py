"""Starts and ends the three services of Airflow, on loopback alone."""

from __future__ import annotations

import contextlib
import itertools
import re
import subprocess
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import httpx

from data.errors import InputError
from pipeline.airflow.home import USER, Home, Record
from pipeline.airflow.processes import Process, end

SERVICES = {
    "api-server": ["api-server"],
    "dag-processor": ["dag-processor"],
    # The server of its logs would listen at all addresses; tasks' logs are files that it shares
    # with the api-server.
    "scheduler": ["scheduler", "--skip-serve-logs"],
}

_HEALTHY = ("metadatabase", "scheduler", "dag_processor")
_STARTING = 300.0
_TASKS_END = 30.0
_SERVICES_END = 20.0


def require_down(home: Home) -> None:
    """Raises ``InputError`` where services of this home run."""
    record = home.record()
    if record is None or not record.running:
        return
    ended = [name for name, process in record.processes.items() if not process.runs]
    raise InputError(
        home.root,
        f"Airflow is up already, at http://127.0.0.1:{record.port}"
        + (f", but its {', '.join(ended)} has ended" if ended else ""),
        "Use it, or end it with `brisc airflow down`",
    )


def start(
    home: Home, environment: Mapping[str, str], port: int, dag_id: str, say: Callable[[str], None]
) -> str:
    """Makes the database, starts the services and waits until they answer for the DAG.

    Returns:
        The password of ``admin``.

    Raises:
        InputError: One of them failed; none is left running then.
    """
    say("making the database")
    _migrate(home, environment)
    password = home.new_password()
    record = Record(port=port, processes={})
    try:
        for name, arguments in SERVICES.items():
            process = _spawn(home, environment, name, arguments)
            record = Record(port=port, processes={**record.processes, name: process})
            home.write_record(record)
            if name == "api-server":
                # Tasks that an earlier scheduler has left begin with the next one, and fail where
                # no api-server answers them.
                say(f"starting {name}")
                _wait_until(home, record, _answers)
        say(f"starting {', '.join(list(SERVICES)[1:])}")
        _wait_until(home, record, lambda client: _healthy(client, dag_id, password))
    except BaseException:
        stop(home, record)
        raise
    return password


def stop(home: Home, record: Record) -> list[str]:
    """Ends the services that run, and the tasks that they run; returns the services' names.

    Tasks end first, while the api-server can still hear how they did.
    """
    running = record.running
    end(running.get("scheduler", []), _TASKS_END)
    others = [members for name, members in running.items() if name != "scheduler"]
    end(itertools.chain(*others), _SERVICES_END)
    home.forget_password()
    return list(running)


def _migrate(home: Home, environment: Mapping[str, str]) -> None:
    log = home.log("db-migrate")
    with log.open("wb") as file:
        ended = subprocess.run(
            [home.executable, "db", "migrate"],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
        )
    if ended.returncode:
        raise _failed(log, "the database cannot be made")


def _spawn(home: Home, environment: Mapping[str, str], name: str, arguments: list[str]) -> Process:
    with home.log(name).open("ab") as file:
        started = subprocess.Popen(
            [home.executable, *arguments],
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=subprocess.STDOUT,
            # What ends this command, as Ctrl-C, does not end it.
            start_new_session=True,
        )
    process = Process.of(started.pid)
    # Not yet waited for, so it has its number.
    assert process is not None
    return process


def _wait_until(home: Home, record: Record, ready: Callable[[httpx.Client], bool]) -> None:
    until = time.monotonic() + _STARTING
    with httpx.Client(base_url=f"http://127.0.0.1:{record.port}", trust_env=False) as client:
        while not ready(client):
            for name, process in record.processes.items():
                if not process.runs:
                    raise _failed(home.log(name), f"Airflow's {name} ended")
            if time.monotonic() > until:
                raise InputError(
                    home.root,
                    f"Airflow is not ready after {_STARTING:.0f} s",
                    f"Read {', '.join(f'{name}.log' for name in record.processes)} there",
                )
            time.sleep(0.5)


def _answers(client: httpx.Client) -> bool:
    with contextlib.suppress(httpx.TransportError):
        return client.get("/api/v2/version").is_success
    return False


def _healthy(client: httpx.Client, dag_id: str, password: str) -> bool:
    """Whether all services work and the DAG has been read."""
    with contextlib.suppress(httpx.TransportError):
        health = client.get("/api/v2/monitor/health")
        if health.is_error or any(health.json()[part]["status"] != "healthy" for part in _HEALTHY):
            return False
        answer = client.post("/auth/token", json={"username": USER, "password": password})
        token = answer.raise_for_status().json()["access_token"]
        headers = {"Authorization": f"Bearer {token}"}
        return client.get(f"/api/v2/dags/{dag_id}", headers=headers).is_success
    return False


def _failed(log: Path, reason: str) -> InputError:
    lines = log.read_text(encoding="utf-8", errors="replace").splitlines()
    # Whatever it says after its error, as where to read about it.
    errors = [line.strip() for line in lines if re.search(r"\b\w*(Error|Exception)\b", line)]
    said = errors[-1] if errors else "its log has no error"
    return InputError(log, f"{reason}: {said}", "Read this log")
