"""``make demo``: sample data, the whole pipeline on it, the pushed model served and asked."""

from __future__ import annotations

import contextlib
import json
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from data.layout import scan
from pipeline.cli.main import main
from pipeline.command import COMMAND

ROOT = Path("build/demo")
IMAGES = 480


def demo(root: Path) -> None:
    """Runs the product's own commands below ``root`` and prints where their results lie."""
    data, workspace, overlays = root / "data", root / "workspace", root / "overlay"
    if not data.exists():
        _brisc("data", "sample", str(data), "--images", str(IMAGES))
    _brisc("run", "--data", str(data), "--workspace", str(workspace), "--profile", "demo")
    newest = max((workspace / "runs").glob("*/report.json"))
    report = json.loads(newest.read_text())
    shown = next(item for item in scan(data).slices if item.official_split == "test" and item.mask)
    _brisc("predict", str(shown.image), "--model", report["pushed"], "--overlay", str(overlays))
    with _served(Path(report["pushed"]).parent) as servers:
        for server in servers:
            _brisc("predict", str(shown.image), "--server", server)
    for path in (
        overlays / f"{shown.id}_overlay.png",
        newest.with_suffix(".html"),
        report["tensorboard"],
        Path(report["pushed"]).parent,
    ):
        print(Path(path).absolute())


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
