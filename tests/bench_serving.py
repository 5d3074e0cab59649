"""Times served answers against the bare signature of the same model: `make bench`.

``python -m tests.bench_serving MODELS``, the folder of a model's versions. Both sides take turns,
so that what else the machine does falls on both; ratios and differences are what to look at.
"""

from __future__ import annotations

import io
import statistics
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image
from rich.console import Console
from rich.table import Table

from serving.client import Client, ClientOptions
from serving.predictor import Predictor
from tests.serving_command import serve

ROUNDS = 50
CLIENTS = 16
BATCHES = (1, 2, 4, 8, 16)
SECONDS = 10.0
PATIENT = ClientOptions(seconds=600)


def slice_512() -> bytes:
    """A drawn head of 512x512 pixels as JPEG."""
    rows, columns = np.indices((512, 512)) - 256
    head = np.where(np.hypot(rows / 1.2, columns) < 180, 110, 0)
    head += np.where(np.hypot(rows - 40, columns + 60) < 30, 90, 0)
    noise = np.random.default_rng(0).normal(0, 6, head.shape)
    written = io.BytesIO()
    Image.fromarray(np.clip(head + noise, 0, 255).astype(np.uint8)).save(written, "JPEG")
    return written.getvalue()


def milliseconds(call: Callable[[], object]) -> float:
    begun = time.perf_counter()
    call()
    return (time.perf_counter() - begun) * 1e3


def latency(models: Path, image: bytes) -> dict[str, float]:
    """Medians at batch 1, milliseconds."""
    bare = Predictor(models)
    with (
        serve(f"--model-base-path={models}") as served,
        Client(f"grpc://{served.grpc}", PATIENT) as remote,
        Client(served.rest, PATIENT) as rest,
    ):
        ways = {"bare": bare.predict, "gRPC": remote.predict, "REST": rest.predict}
        for ask in ways.values():
            ask([image])
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(ROUNDS):
            for name, ask in ways.items():
                times[name].append(milliseconds(lambda ask=ask: ask([image])))
    return {name: statistics.median(values) for name, values in times.items()}


def throughput(models: Path, image: bytes) -> dict[str, float]:
    """Slices a second: the bare signature by size of the batch, and many clients at once."""
    bare = Predictor(models)
    found = {f"bare, batches of {size}": 0.0 for size in BATCHES}
    name = f"{CLIENTS} clients of gRPC"
    with (
        serve(f"--model-base-path={models}", "--enable-batching") as served,
        Client(f"grpc://{served.grpc}", PATIENT) as client,
        ThreadPoolExecutor(CLIENTS) as pool,
    ):

        def ask_until(end: float) -> int:
            count = 0
            while time.perf_counter() < end:
                client.predict([image])
                count += 1
            return count

        for timed in (False, True):
            # The first round makes each side ready for every size of a batch.
            seconds = SECONDS if timed else 1.0
            for size in BATCHES:
                begun, count = time.perf_counter(), 0
                while time.perf_counter() - begun < seconds / 2:
                    bare.predict([image] * size)
                    count += size
                found[f"bare, batches of {size}"] = count / (time.perf_counter() - begun)
            begun = time.perf_counter()
            ends = [begun + seconds] * CLIENTS
            answered = sum(pool.map(ask_until, ends))
            found[name] = answered / (time.perf_counter() - begun)
    return found


def main(models: Path) -> None:
    """Prints both tables."""
    image = slice_512()
    console = Console()
    medians = latency(models, image)
    table = Table("one slice", "median, ms", "above", "ms")
    for name, other in (("bare", None), ("gRPC", "bare"), ("REST", "gRPC")):
        above = f"{medians[name] - medians[other]:.1f}" if other else ""
        table.add_row(name, f"{medians[name]:.1f}", other or "", above)
    console.print(table)
    rates = throughput(models, image)
    best = max(rate for name, rate in rates.items() if name.startswith("bare"))
    table = Table("many slices", "slices/s", "of the best bare one")
    for name, rate in rates.items():
        table.add_row(name, f"{rate:.1f}", f"{rate / best:.2f}")
    console.print(table)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
