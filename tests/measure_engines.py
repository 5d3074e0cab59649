"""Measures the data components on each engine of Beam, for docs/results.md.

python -m tests.measure_engines DIR 300 1200 4800 [--engine flink]
"""

from __future__ import annotations

import argparse
import contextlib
import json
import logging
import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil

from data.layout import CLASSIFICATION, SEGMENTATION, Slice, scan

ENGINES = {
    "direct": [],
    "two processes": ["--direct_running_mode=multi_processing", "--direct_num_workers=2"],
    "flink": [],
    "spark": [],
}
"""Options of Beam, beside those by which a cluster is found."""

_SIZE = 256
_POLL = 0.25
_WORTH_TELLING = 0.5
_BEGINS = "begins "


def main() -> None:
    """Prints seconds and peak of memory of each component, a line for each measurement.

    Then it compares what the engines have left.
    """
    given = _arguments()
    if given.run is not None:
        logging.disable(logging.WARNING)
        # TensorFlow: only in the process that is measured.
        from tests.data_components import run_data_components

        options = json.loads(given.run)
        seconds = run_data_components(given.folder, given.workspace, _SIZE, options, _begins)
        print(json.dumps(seconds))
        return
    slices = scan(given.folder).slices
    for count in given.counts:
        with tempfile.TemporaryDirectory(dir=given.folder.parent) as scratch:
            part = Path(scratch) / "data"
            # Evenly over splits, classes and planes, by which the names are sorted.
            for index in np.linspace(0, len(slices) - 1, count).round().astype(int):
                _link(slices[index], part)
            made: list[Path] = []
            for engine in given.engine or ENGINES:
                made.append(Path(scratch) / f"{engine} {len(made)}")
                with _options(engine, Path(scratch)) as options:
                    seconds, peaks = _measure(part, made[-1], options)
                for name, value in seconds.items():
                    if value >= _WORTH_TELLING:
                        told = f"{value:.1f} s, {peaks[name]:.0f} MiB"
                        print(f"{count} slices, {engine}, {name}: {told}", flush=True)
            _compare(made)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.measure_engines", description=__doc__)
    parser.add_argument("folder", type=Path, help="in BRISC layout")
    parser.add_argument("counts", type=int, nargs="*", help="so many slices of it, distinct ones")
    parser.add_argument("--engine", action="append", choices=[*ENGINES], help="default: all")
    parser.add_argument("--run", help=argparse.SUPPRESS)
    parser.add_argument("--workspace", type=Path, help=argparse.SUPPRESS)
    return parser.parse_args()


def _link(item: Slice, target: Path) -> None:
    for part, source in ((CLASSIFICATION, item.image), (SEGMENTATION, item.mask)):
        if source is None:
            continue
        below = source.parts[source.parts.index(part) :]
        link = target.joinpath(*below)
        link.parent.mkdir(parents=True, exist_ok=True)
        os.link(source, link)


@contextlib.contextmanager
def _options(engine: str, folder: Path) -> Iterator[list[str]]:
    # pytest: not before it is needed.
    from tests.flink.cluster import flink_cluster
    from tests.spark.cluster import spark_cluster

    clusters = {"flink": flink_cluster, "spark": spark_cluster}
    if engine not in clusters:
        yield ENGINES[engine]
        return
    with tempfile.TemporaryDirectory(dir=folder) as logs, clusters[engine](Path(logs)) as cluster:
        yield cluster.beam_args


def _begins(node: str) -> None:
    print(f"{_BEGINS}{node}", flush=True)


def _measure(
    data: Path, workspace: Path, options: list[str]
) -> tuple[dict[str, float], dict[str, float]]:
    """Seconds of each component, and MiB of all processes below this one at its peak."""
    command = [sys.executable, "-m", "tests.measure_engines", data, f"--workspace={workspace}"]
    command += [f"--run={json.dumps(options)}"]
    peaks, ended = {"": 0.0}, threading.Event()
    watch = threading.Thread(target=_watch, args=(peaks, ended))
    with (
        tempfile.TemporaryFile("w+") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True) as process,
    ):
        watch.start()
        said = ""
        assert process.stdout is not None
        try:
            for line in process.stdout:
                said = line
                if line.startswith(_BEGINS):
                    peaks[line.removeprefix(_BEGINS).strip()] = 0.0
        finally:
            ended.set()
            watch.join()
        if process.wait():
            errors.seek(0)
            raise SystemExit(
                f"{command}: ended with {process.returncode}:\n{errors.read()[-4000:]}"
            )
    return json.loads(said), peaks


def _compare(workspaces: list[Path]) -> None:
    """Whether the first engine and each other have left the same."""
    # TensorFlow: what it takes here is no part of what was measured.
    from tests.engine_outputs import assert_same_outputs

    first, *others = workspaces
    for other in others:
        assert_same_outputs(other, first)
        print(f"{other.name} has left what {first.name} has", flush=True)


def _watch(peaks: dict[str, float], ended: threading.Event) -> None:
    while not ended.wait(_POLL):
        used = 0
        for process in psutil.Process().children(recursive=True):
            with contextlib.suppress(psutil.Error):
                used += process.memory_info().rss
        # At once: the other thread adds to it.
        latest = [*peaks][-1]
        peaks[latest] = max(peaks[latest], used / 2**20)


if __name__ == "__main__":
    main()
