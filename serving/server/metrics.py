"""What Prometheus reads of the server, by the names that TF Serving gives it."""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from grpc import StatusCode
from prometheus_client import CollectorRegistry, Histogram, generate_latest
from prometheus_client.core import Metric

from serving.server.errors import ServingError

CONTENT_TYPE = "text/plain"

_MICROSECONDS = 1e6
_BUCKETS = tuple(10 * 1.8**power for power in range(33))
"""Upper bounds, microseconds, as TF Serving's of every latency."""


class Metrics:
    """Counts requests and measures how long they take."""

    def __init__(self, is_served: Callable[[str], bool]) -> None:
        """``is_served`` tells whether there is a model of this name."""
        self._is_served = is_served
        self._registry = CollectorRegistry()
        self._requests: Counter[tuple[str, str]] = Counter()
        self._lock = threading.Lock()
        self._registry.register(self)  # type: ignore[arg-type]
        self._latency = Histogram(
            ":tensorflow:serving:request_latency",
            "Latency of requests, microseconds.",
            ("model_name", "API", "entrypoint"),
            registry=self._registry,
            buckets=_BUCKETS,
        )

    @contextmanager
    def measured(self, model: str, api: str, entrypoint: str) -> Iterator[None]:
        """Counts the body as a request to ``model``, by the error that it raises.

        Args:
            model: Its name. Names that are not served count as one, that of nobody.
            api: ``predict``, ``classify`` and so on.
            entrypoint: ``GRPC`` or ``REST``.
        """
        status, begun = StatusCode.OK, time.monotonic()
        try:
            yield
        except ServingError as error:
            status = error.code
            raise
        except Exception:
            status = StatusCode.INTERNAL
            raise
        finally:
            # Whoever asks for many names must not fill the memory with them.
            known = model if self._is_served(model) else ""
            with self._lock:
                self._requests[known, status.name] += 1
            if status is StatusCode.OK:
                took = (time.monotonic() - begun) * _MICROSECONDS
                self._latency.labels(known, api, entrypoint).observe(took)

    def collect(self) -> Iterator[Metric]:
        """The counts; a counter of the client itself would be named ``..._total``."""
        metric = Metric(":tensorflow:serving:request_count", "Requests by status.", "untyped")
        with self._lock:
            counts = dict(self._requests)
        for (model, status), count in counts.items():
            metric.add_sample(metric.name, {"model_name": model, "status": status}, count)
        yield metric

    def text(self) -> bytes:
        """All of them in Prometheus's text format."""
        return generate_latest(self._registry)
