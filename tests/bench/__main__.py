"""Measures the rows and writes build/bench.json: `make bench`, `make bench ROW=training-step`."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from rich.console import Console

from tests.bench import answering, growth, learning, running
from tests.bench.comparison import Setting
from tests.bench.row import Row, table
from tests.command import ROOT

MEASURES: dict[str, Callable[[Setting], Iterator[Row]]] = {
    "training-step": learning.training_step,
    "training-step-original": learning.training_step_original,
    "training-step-onednn": learning.training_step_onednn,
    "training-step-precision": learning.training_step_precision,
    "input-pipeline": learning.input_pipeline,
    "input-pipeline-resized": learning.input_pipeline_resized,
    "input-ahead-of-step": learning.input_ahead,
    "inference": answering.inference,
    "serving": answering.serving,
    "ingest": running.ingest,
    "start-up": running.start_up,
    "orchestration": running.orchestration,
    "growth": growth.growth,
}
"""What measures a row, or several, by the name that asks for it."""

ALONE = ("growth",)
"""Measured only when they are asked for."""

_SAMPLE = 240
_WIDTH = 120
"""Columns of the table in a log."""


def main() -> None:
    """Prints each row as soon as there is one, and all of them at the end."""
    given = _arguments()
    given.folder.mkdir(parents=True, exist_ok=True)
    setting = Setting(_data(given), given.peers, given.folder, given.rounds, given.models)
    console = Console()
    if not console.is_terminal:
        console.width = _WIDTH
    records: list[dict[str, Any]] = []
    for name in given.rows or [name for name in MEASURES if name not in ALONE]:
        for row in MEASURES[name](setting):
            records.append(row.record())
            console.print(table(records[-1:]))
            for variant, value in records[-1]["variants"].items():
                console.print(f"  {variant}: {value:.4g} {row.unit}", highlight=False)
            given.json.write_text(json.dumps(records, indent=2) + "\n")
    console.print(table(records))
    console.print(given.json, soft_wrap=True, highlight=False)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m tests.bench", description=__doc__)
    names = ", ".join(MEASURES)
    described = f"of {names}; none: all but {', '.join(ALONE)}"
    parser.add_argument("rows", nargs="*", metavar="ROW", help=described)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--data", type=Path, help="in BRISC layout; else made-up slices")
    parser.add_argument("--models", type=Path, help="a model's versions; else an untrained one")
    parser.add_argument("--peers", type=Path, default=ROOT / ".venv-bench")
    parser.add_argument("--folder", type=Path, default=ROOT / "build" / "bench")
    parser.add_argument("--json", type=Path, default=ROOT / "build" / "bench.json")
    given = parser.parse_args()
    unknown = [name for name in given.rows if name not in MEASURES]
    if unknown:
        parser.error(f"no row {', '.join(unknown)}; there are {names}")
    return given


def _data(given: argparse.Namespace) -> Path:
    if given.data is not None:
        return given.data
    sample = given.folder / "sample"
    if not sample.exists():
        # SciPy's distributions: not before they are needed.
        from data.sample import write_sample

        write_sample(sample, images=_SAMPLE, seed=0)
    return sample


if __name__ == "__main__":
    sys.exit(main())
