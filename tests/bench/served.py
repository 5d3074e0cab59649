"""Served answers and the bare signature of the same model, which take turns."""

from __future__ import annotations

import io
import statistics
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
from PIL import Image

from serving.client import Client, ClientOptions
from serving.predictor import Predictor
from tests.serving_command import serve

_ASKED = 20
CLIENTS = 16
BATCHES = (1, 2, 4, 8, 16)
SECONDS = 5.0
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
        for _ in range(_ASKED):
            for name, ask in ways.items():
                times[name].append(milliseconds(lambda ask=ask: ask([image])))
    return {name: statistics.median(values) for name, values in times.items()}


def throughput(models: Path, image: bytes) -> tuple[float, dict[str, float]]:
    """Slices a second: of many clients of gRPC at once, and of the bare signature by batch."""
    bare, found = Predictor(models), {}
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
            of_clients = answered / (time.perf_counter() - begun)
    return of_clients, found
