"""Ours: slices become examples, statistics and records of the network's size, as components."""

from __future__ import annotations

import json
import logging
import resource
import sys
import tempfile
from pathlib import Path

from tests.bench.side import answer
from tests.data_components import BEAM_NODES, run_data_components


def main(data: str, size: int) -> None:
    """Serves as a side: seconds of the three components, together and each.

    Args:
        data: In BRISC layout.
        size: Side of the square, pixels.
    """
    logging.disable(logging.WARNING)
    latest: dict[str, float] = {}

    def together() -> float:
        with tempfile.TemporaryDirectory(prefix="brisc-ingest-") as workspace:
            latest.update(run_data_components(Path(data), Path(workspace), size))
        return sum(latest[name] for name in BEAM_NODES)

    # The others tell of the run that the first has made.
    parts = {name: lambda name=name: latest[name] for name in BEAM_NODES}
    answer({"brisc": together, **parts, "peak memory": _peak})


def _peak() -> float:
    """Of this process, GiB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20


if __name__ == "__main__":
    main(**json.loads(sys.argv[1]))
