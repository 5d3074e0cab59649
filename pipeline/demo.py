"""``make demo``: sample data, the whole pipeline on it, the pushed model served and asked."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from data.layout import Slice, scan
from data.naming import CLASSES
from pipeline.cli.main import main
from pipeline.command import COMMAND

ROOT = Path("build/demo")
IMAGES = 480

_END = """
What there is now, all of it from drawn slices: of real ones this model knows nothing.
  {overlays}: a slice of each class (gl, me, pi, no in its name) with the mask found,
    which may be none: a short training misses tumours that the eye sees
  {report}: the run's report

What to try next:
  source .venv/bin/activate
  brisc predict YOUR-SLICE.jpg --model {models} --overlay masks
  brisc app --model {models}
  brisc tensorboard --workspace {workspace}
  brisc runs --workspace {workspace}
"""


def demo(root: Path) -> None:
    """Runs the product's own commands below ``root``, says what came out and what to try next."""
    data, workspace, overlays = root / "data", root / "workspace", root / "overlay"
    if not data.exists():
        _brisc("data", "sample", str(data), "--images", str(IMAGES))
    _brisc("run", "--data", str(data), "--workspace", str(workspace), "--profile", "demo")
    newest = max((workspace / "runs").glob("*/report.json"))
    report = json.loads(newest.read_text())
    models = Path(report["pushed"]).parent
    shown = [str(item.image) for item in _one_of_each(data)]
    _brisc("predict", *shown, "--model", str(models), "--overlay", str(overlays))
    with _served(models) as servers:
        for server in servers:
            _brisc("predict", shown[0], "--server", server)
    print(
        _END.format(
            overlays=overlays,
            report=newest.with_suffix(".html"),
            workspace=workspace,
            models=models,
        )
    )


def _one_of_each(data: Path) -> list[Slice]:
    """A test slice of each class; their names say which (gl, me, pi, no)."""
    tests = [item for item in scan(data).slices if item.official_split == "test"]
    return [next(item for item in tests if item.label == label) for label in CLASSES]


@contextlib.contextmanager
def _served(models: Path) -> Iterator[list[str]]:
    """The addresses of ``brisc serve`` while the body runs, that of gRPC and that of REST."""
    command = ["serve", "--model-base-path", str(models), "--grpc-port", "0", "--rest-port", "0"]
    print("brisc", *command, flush=True)
    with subprocess.Popen(
        [*COMMAND, *command],
        stdout=subprocess.PIPE,
        text=True,
    ) as server:
        assert server.stdout is not None
        said = server.stdout.readline()
        found = re.search(r"gRPC at (\S+), REST at (\S+)/v1/models", said)
        if found is None:
            sys.exit("the server does not start: see above")
        print(said, end="", flush=True)
        try:
            yield [f"grpc://{found[1]}", found[2]]
        finally:
            server.terminate()


def _brisc(*arguments: str) -> None:
    print("brisc", *arguments, flush=True)
    try:
        main(list(arguments))
    except SystemExit as end:
        # The command line ends every verb so; only a failure ends the demo.
        if end.code:
            sys.exit(end.code)


if __name__ == "__main__":
    demo(ROOT)
