"""A run in steps, as far as that goes without TFX: what is refused, and how it is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import ConfigurationError, InputError
from data.layout import scan
from pipeline.cli.main import main
from pipeline.config import PathsConfig
from pipeline.configuration import Parameters, load_parameters, load_secrets
from pipeline.intake import usable_slices
from pipeline.request import RunRequest
from pipeline.steps.record import PIPELINE, REQUEST, RunFolder, StepsRequest
from pipeline.store import connection, open_store
from pipeline.store_address import StoreAddress
from pipeline.workspace import Workspace

ADDRESS = "postgresql://me:se%3Acret%2F1@db.example:5433/runs"


def fails(capsys: pytest.CaptureFixture[str], code: int, *arguments: str) -> str:
    """Calls the command, which is to end with this code, and returns its error."""
    with pytest.raises(SystemExit) as caught:
        main(list(arguments))
    ended = capsys.readouterr()
    assert caught.value.code == code and ended.out == ""
    return ended.err


@pytest.fixture
def prepared(sample_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The command line of a run that has been prepared."""
    monkeypatch.chdir(tmp_path)
    request = RunRequest(
        data_dir=sample_dir,
        workspace=Workspace.at(tmp_path / "w"),
        parameters=load_parameters([], "demo", []),
        runner="local",
        beam_args=PathsConfig().beam_args,
        cluster=PathsConfig().cluster,
        skip_bad=False,
    )
    fingerprint = usable_slices(scan(sample_dir), skip_bad=False).fingerprint
    folder = RunFolder(request.workspace, "first").path
    folder.mkdir(parents=True)
    (folder / PIPELINE).write_text("{}")
    (folder / REQUEST).write_text(StepsRequest.of(request, fingerprint).model_dump_json())
    return ["prepare-run", "--run-id=first", "--workspace=w", f"--data={sample_dir}"]


# Preparing


def test_a_run_is_prepared_twice_without_harm(
    prepared: list[str], capfd: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as caught:
        main([*prepared, "--profile=demo"])
    assert not caught.value.code
    assert capfd.readouterr().out == f"{Path.cwd() / 'w' / 'runs' / 'first'}\n"


def test_another_request_under_the_same_id_is_refused(
    prepared: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    error = fails(capsys, 1, *prepared, "--profile=demo", "--set=training.epochs=9", "--beam-arg=x")
    assert "run first was prepared with another parameters, beam_args" in error
    assert "--run-id" in error


@pytest.mark.parametrize("run_id", ["", "a/b", "../x", ".hidden", "-x", "a b", "x" * 101])
def test_an_id_that_cannot_name_a_folder_is_refused(run_id: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError, match="not a name of a run"):
        RunFolder(Workspace.at(tmp_path), run_id)


def test_a_cross_validation_is_refused(
    prepared: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    folds = ("--set=split.strategy=grouped", "--set=split.folds=2")
    assert "split.folds" in fails(capsys, 2, *prepared, *folds)


@pytest.mark.parametrize("command", [["run-node", "LeakAudit"], ["finish-run"]])
def test_steps_of_a_run_that_was_not_prepared_are_refused(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    place = f"--workspace={tmp_path / 'w'}"
    error = fails(capsys, 1, *command, "--run-id=first", place)
    assert "run first has not been prepared" in error and "brisc prepare-run" in error
    assert not (tmp_path / "w").exists()


# The store's address


def test_an_address_is_taken_apart() -> None:
    address = StoreAddress.parse(ADDRESS)
    assert (address.host, address.port, address.database) == ("db.example", 5433, "runs")
    assert (address.user, address.password) == ("me", "se:cret/1")
    assert StoreAddress.parse("postgresql://me@[::1]/runs").port == 5432


def test_no_form_of_an_address_shows_the_password(tmp_path: Path) -> None:
    address = StoreAddress.parse(ADDRESS)
    workspace = Workspace.at(tmp_path, store=address)
    secrets = load_secrets(None, ADDRESS)
    for shown in (address, workspace, secrets, secrets.model_dump()):
        text = f"{shown} {shown!r}"
        assert "se:cret" not in text and "se%3Acret" not in text
    assert str(address) == "postgresql://me@db.example:5433/runs"


@pytest.mark.parametrize(
    "text",
    [
        "secretword",
        "mysql://me:secretword@host/runs",
        "postgresql://me:secretword@host",
        "postgresql://host/runs?password=secretword",
        "postgresql://me:secretword@host:port/runs",
        "postgresql://me:secret/word@host/runs",
        "postgresql://:secretword@host/runs",
        "postgresql://me:secretword@host/runs/more",
        "postgresql://me:secretword@[host/runs",
    ],
)
@pytest.mark.parametrize("place", ["environment", "file"])
def test_a_wrong_address_is_refused_and_not_shown(
    text: str,
    place: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    if place == "environment":
        monkeypatch.setenv("BRISC_METADATA_STORE", text)
    else:
        Path("secrets.yaml").write_text(f"metadata_store: '{text}'\n")
    error = fails(capsys, 2, "run-node", "LeakAudit", "--run-id=first", "--workspace=w")
    where = "BRISC_METADATA_STORE" if place == "environment" else "secrets.yaml"
    assert error.startswith(f"brisc: {where}: metadata_store: not of the form postgresql://USER")
    assert "secret" not in error.replace("secrets.yaml", "") and "word" not in error


def test_the_environment_wins_over_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "secrets.yaml"
    file.write_text("serving_token: 12345678\nmetadata_store: postgresql://me@one/runs\n")
    kept, changed = load_secrets(file, ""), load_secrets(file, "postgresql://me@two/runs")
    assert kept.store is not None and kept.store.host == "one"
    assert changed.store is not None and changed.store.host == "two"
    assert changed.serving_token == kept.serving_token


# The store


def test_metadata_that_is_no_database_is_named(tmp_path: Path) -> None:
    workspace = Workspace.at(tmp_path)
    workspace.metadata.write_text("not a database, but long enough to look at" * 99)
    with pytest.raises(InputError, match="file is not a database") as caught:
        open_store(connection(workspace))
    assert caught.value.where == str(workspace.metadata)


def test_a_server_that_is_away_is_named_without_its_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PGPASSWORD", "")
    # Port 9 is that of a service which nobody runs.
    address = StoreAddress.parse("postgresql://me:secretword@127.0.0.1:9/runs")
    config = connection(Workspace.at(tmp_path, store=address))
    assert "secretword" not in str(config)
    with pytest.raises(InputError, match=r"ECONNREFUSED|refused") as caught:
        open_store(config, patience=0.1)
    assert caught.value.where == "postgresql://me@127.0.0.1:9/runs"
    assert "metadata_store" in caught.value.remedy and "secretword" not in str(caught.value)


def test_defaults_are_kept_in_the_record_of_a_request(prepared: list[str]) -> None:
    known = RunFolder(Workspace.at(Path("w")), "first").request()
    assert isinstance(known.parameters, Parameters)
    assert known.parameters == load_parameters([], "demo", [])
