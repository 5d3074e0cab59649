"""A workspace of recorded runs, and the command that tells of them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from pipeline.cli.main import main
from tests.run_records import RunRecords
from tests.runs.recorded import Ask


@pytest.fixture
def records(tmp_path: Path) -> RunRecords:
    return RunRecords(tmp_path / "work")


@pytest.fixture
def ask(records: RunRecords, capsys: pytest.CaptureFixture[str]) -> Ask:
    """Calls ``brisc runs`` on the workspace and reads its JSON; asserts the exit code."""

    def call(*arguments: str, code: int = 0) -> Any:
        workspace = f"--workspace={records.workspace.root}"
        with pytest.raises(SystemExit) as caught:
            main(["runs", *arguments, workspace, "--json"])
        ended = capsys.readouterr()
        assert (caught.value.code or 0) == code, ended.err
        return ended.err if code else json.loads(ended.out)

    return call
