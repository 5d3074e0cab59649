"""`brisc airflow` without Airflow: what it writes, what it refuses, whose processes it ends."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from data.errors import ConfigurationError, InputError
from pipeline.airflow.choices import choices
from pipeline.airflow.home import Home, Record
from pipeline.airflow.processes import Process, end, family
from pipeline.airflow.services import stop
from pipeline.airflow.settings import Settings, read, write
from pipeline.cli.main import main
from pipeline.configuration import load_parameters
from tests.folders import put

NODES = [{"id": "LeakAudit", "upstream": []}, {"id": "Trainer", "upstream": ["LeakAudit"]}]


def settings(folder: Path, *assignments: str) -> Settings:
    parameters = load_parameters([], None, assignments)
    return Settings(folder=folder, workspace=folder / "work", choices=choices(parameters))


def own(process: subprocess.Popen[bytes]) -> Process:
    found = Process.of(process.pid)
    assert found is not None
    return found


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    """A process with a child, which says when both are there."""
    program = "import subprocess; p = subprocess.Popen(['sleep', '600']); print(p.pid, flush=True)"
    command = [sys.executable, "-c", f"{program}; p.wait()"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, start_new_session=True) as process:
        yield process
        process.kill()


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder to be in, and an environment in which nothing is ever called."""
    put(tmp_path / "environment" / "bin" / "airflow", b"")
    monkeypatch.setenv("BRISC_AIRFLOW_VENV", str(tmp_path / "environment"))
    monkeypatch.chdir(tmp_path)
    return tmp_path


def refused(capture: pytest.CaptureFixture[str], *arguments: str, code: int) -> str:
    with pytest.raises(SystemExit) as caught:
        main(["airflow", *arguments])
    assert caught.value.code == code
    return capture.readouterr().err


# What is written


def test_the_form_has_the_bounds_and_the_defaults_of_the_configuration() -> None:
    found = choices(load_parameters([], None, ["model.image_size=64", "training.epochs=2"]))
    assert found["image_size"].default == 64
    size = found["image_size"].form
    assert (size["type"], size["minimum"], size["multipleOf"]) == ("integer", 32, 32)
    assert found["split_strategy"].form["enum"] == ["official", "deduplicated", "grouped"]
    # A form draws one type and its absence, no choice of types.
    assert found["split_limit"].form["type"] == ["integer", "null"]
    assert all("anyOf" not in choice.form and "type" in choice.form for choice in found.values())


def test_what_was_exported_is_read_again_and_may_be_exported_anew(tmp_path: Path) -> None:
    folder = tmp_path / "dags"
    write(settings(tmp_path), NODES, folder)
    asked = settings(tmp_path, "training.epochs=3")
    paths = write(asked, NODES, folder)
    assert sorted(folder.iterdir()) == sorted(paths)
    assert read(folder) == asked
    nodes = json.loads((folder / "brisc_nodes.json").read_text())
    assert nodes == NODES


def test_folders_that_are_no_export_or_cannot_be_one_are_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="brisc airflow export"):
        read(tmp_path)
    (tmp_path / "file").touch()
    with pytest.raises(InputError, match="file: cannot be written"):
        write(settings(tmp_path), NODES, tmp_path / "file")


def test_no_variable_of_this_process_leads_airflow_to_our_packages_or_to_others(
    installed: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PYTHONPATH", "here")
    monkeypatch.setenv("AIRFLOW__API__HOST", "0.0.0.0")
    home = Home.at(installed / "home", installed / "environment")
    found = home.environment(installed, 1234, "postgresql://me:secret@127.0.0.1:1/db", 2)
    assert "PYTHONPATH" not in found
    assert found["AIRFLOW__API__HOST"] == "127.0.0.1"
    driver = "postgresql+psycopg2://me:secret@127.0.0.1:1/db"
    assert found["AIRFLOW__DATABASE__SQL_ALCHEMY_CONN"] == driver


# What is refused


def test_up_says_how_airflow_is_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BRISC_AIRFLOW_VENV", str(tmp_path / "none"))
    error = refused(capsys, "up", "--workspace", "w", code=2)
    assert error.startswith(f"brisc: {tmp_path / 'none'}: Airflow is not installed there")
    assert "requirements/airflow.sh" in error
    assert list(tmp_path.iterdir()) == []


def test_up_refuses_a_port_that_is_taken(
    installed: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        error = refused(capsys, "up", "--workspace", "w", f"--port={port}", code=2)
    assert error.startswith(f"brisc: --port {port}: ") and "another --port" in error


def test_up_refuses_where_it_is_up(
    installed: Path, capsys: pytest.CaptureFixture[str], sleeper: subprocess.Popen[bytes]
) -> None:
    home = Home.at(installed / "w" / "airflow", installed / "environment")
    home.root.mkdir(parents=True)
    home.write_record(Record(port=1234, processes={"scheduler": own(sleeper)}))
    error = refused(capsys, "up", "--workspace", "w", "--port=0", code=1)
    assert "up already, at http://127.0.0.1:1234" in error and "brisc airflow down" in error
    assert sleeper.poll() is None


def test_a_schedule_needs_data(installed: Path, capsys: pytest.CaptureFixture[str]) -> None:
    error = refused(capsys, "export", "dags", "--schedule=@daily", code=2)
    assert error.startswith("brisc: --schedule: ") and "--data" in error


# Whose processes are ended


@pytest.mark.parametrize("killed", [False, True])
def test_a_process_is_ended_with_what_it_has_started(
    installed: Path, sleeper: subprocess.Popen[bytes], killed: bool
) -> None:
    assert sleeper.stdout is not None
    child = Process.of(int(sleeper.stdout.readline()))
    process = own(sleeper)
    if killed:
        sleeper.kill()
        sleeper.wait()
    home = Home.at(installed / "home", installed / "environment")
    assert stop(home, Record(port=1, processes={"scheduler": process})) == ["scheduler"]
    assert child is not None and not child.runs and not process.runs


def test_another_process_with_the_number_of_one_that_was_started_is_left_alone(
    installed: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    assert sleeper.stdout is not None
    sleeper.stdout.readline()
    other = own(sleeper).model_copy(update={"started": 1})
    home = Home.at(installed / "home", installed / "environment")
    assert family(other) == []
    assert stop(home, Record(port=1, processes={"scheduler": other})) == []
    end([other], 1.0)
    assert sleeper.poll() is None
