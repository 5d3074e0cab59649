"""The ``brisc`` command within this process, as far as it gets without TensorFlow."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from pipeline.cli.main import main


@dataclass(frozen=True)
class Ended:
    """What a command has printed."""

    stdout: str
    stderr: str


@dataclass(frozen=True)
class Brisc:
    """Calls the command in a folder of its own, where no params.yaml or config.yaml is found."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def __call__(self, *arguments: str | Path, code: int = 0) -> Ended:
        """Asserts the exit code; only a ``SystemExit`` is no traceback."""
        with pytest.raises(SystemExit) as caught:
            main([str(argument) for argument in arguments])
        ended = Ended(*self.capture.readouterr())
        assert (caught.value.code or 0) == code, ended.stderr
        return ended
