"""Rows about whole commands: data components, a run of which all is cached, start-up."""

from __future__ import annotations

import functools
import json
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

from data.layout import scan
from pipeline.command import COMMAND
from tests.bench.comparison import Setting, take_turns
from tests.bench.row import Row, limited
from tests.bench.side import seconds
from tests.command import ROOT, environment
from tests.serving_command import serve

_SIZE = 256
# 4 minutes for the 5,262 slices of BRISC that are at hand.
_MANY = 5
_SECONDS_PER_THOUSAND = 240 / 5.262
_GIB = 3.0
_HELP, _PREDICT = 1.0, 3.0
_CACHED = 60.0
# What `docs/results.md` says of its long training, seconds, and the share that may be ours.
_RECIPE, _SHARE = 9204.0, 0.03
_TINY = (
    "--profile=demo",
    "--set=training.epochs=1",
    "--set=split.limit=60",
    "--set=gate.thresholds=[{metric: accuracy, min: 0}]",
    "--set=gate.changes=[]",
)


def ingest(setting: Setting) -> Iterator[Row]:
    """BriscExampleGen, StatisticsGen and Transform, per 1,000 slices; their peak memory."""
    thousands = len(scan(setting.data).slices) / 1000
    ours = setting.ours("ingest", data=str(setting.data), size=_SIZE)
    peer = setting.peer("ingest", data=str(setting.data), size=_SIZE, workers=setting.threads)
    measured = take_turns(ours, peer, rounds=setting.rounds)
    memory = measured.pop("peak memory")
    each = {name: [value / thousands for value in values] for name, values in measured.items()}
    own, pillow = each.pop("brisc"), {"Pillow": each.pop("Pillow")}
    yield Row("ingest", "s/1,000 slices", None, own, pillow, uncounted=each)
    # Of few slices most of the time is Beam's start, three times, which the limit does not mean.
    if thousands >= _MANY:
        yield limited("ingest-limit", "s/1,000 slices", _SECONDS_PER_THOUSAND, own)
    yield limited("ingest-memory", "GiB", _GIB, memory)


def start_up(setting: Setting) -> Iterator[Row]:
    """Seconds of the command that explains itself, and of one that asks a server."""
    # TensorFlow: not before it is needed.
    from tests.tiny_model import put_tiny_model

    image = next(item.image for item in scan(setting.data).slices)
    with tempfile.TemporaryDirectory(dir=setting.folder) as folder:
        put_tiny_model(Path(folder) / "1")
        with serve(f"--model-base-path={folder}") as served:
            for name, limit, arguments in (
                ("brisc-help", _HELP, ["--help"]),
                (
                    "brisc-predict-server",
                    _PREDICT,
                    ["predict", str(image), "--server", served.rest],
                ),
            ):
                command = functools.partial(_brisc, *arguments)
                command()
                times = [seconds(command) for _ in range(setting.rounds)]
                yield limited(name, "s", limit, times)


def orchestration(setting: Setting) -> Iterator[Row]:
    """What a run takes beside its components' own work, and a run of which all is cached."""
    outside, cached = [], []
    for _ in range(setting.rounds):
        with tempfile.TemporaryDirectory(dir=setting.folder) as workspace:
            run = ["run", "--data", str(setting.data), "--workspace", workspace, *_TINY]
            command = functools.partial(_brisc, *run)
            whole = seconds(command)
            (report,) = Path(workspace).glob("runs/*/report.json")
            own = sum(node["seconds"] for node in json.loads(report.read_text())["nodes"])
            outside.append(whole - own)
            cached.append(seconds(command))
    share = "3 % of the recipe in docs/results.md"
    yield limited("orchestration", "s", _SHARE * _RECIPE, outside, share)
    yield limited("cached-run", "s", _CACHED, cached)


def _brisc(*arguments: str) -> None:
    subprocess.run(
        [*COMMAND, *arguments], cwd=ROOT, env=environment(), check=True, capture_output=True
    )
