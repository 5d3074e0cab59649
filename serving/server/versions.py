"""The versions of one model: which are on disk, which are loaded, and what became of the others."""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tensorflow_serving.apis import get_model_status_pb2

from serving.model_files import DRAWN, learnt_from_drawn, versions
from serving.server.errors import ServingError, StatusCode
from serving.server.model_config import Model
from serving.server.servable import Servable

_log = logging.getLogger(__name__)

Load = Callable[[str, int, Path], Servable]
_Status: Any = get_model_status_pb2.ModelVersionStatus


@dataclass
class _Version:
    """What is known of one version; it stays known when it has ended."""

    state: int = _Status.START
    error: ServingError | None = None
    servable: Servable | None = None
    # Of the files when loading failed: with other files it may succeed.
    failed_with: tuple[object, ...] = ()

    @property
    def ready(self) -> Servable | None:
        return self.servable if self.state == _Status.AVAILABLE else None


class ModelVersions:
    """One model's versions. ``refresh`` is for one thread at a time, the rest for any."""

    def __init__(self, model: Model, load: Load, closed: threading.Event) -> None:
        """Knows ``model``; ``closed`` is set whenever something that was loaded has ended."""
        self.model = model
        self._load = load
        self._closed = closed
        self._known: dict[int, _Version] = {}
        self._lock = threading.Lock()

    def refresh(self, *, drop: bool = True) -> bool:
        """Loads what the policy chooses from disk, then drops what it does not.

        A new version is loaded before an old one is dropped, and where none of the new ones
        loads, the old one stays.

        Args:
            drop: Whether any is dropped.

        Returns:
            Whether any of those that the policy chooses is served now.
        """
        try:
            wanted = self.model.chosen(versions(self.model.base_path))
        except OSError as error:
            # A disk that is away for a moment is no reason to drop a model.
            _log.warning("%s: cannot be listed (%s)", self.model.base_path, error.strerror)
            return False
        if not wanted and not self.model.base_path.is_dir():
            return False
        for version in wanted:
            self._bring_up(version)
        ready = self._ready()
        served = any(version in ready for version in wanted)
        if drop and (served or not wanted):
            for version in ready.keys() - wanted:
                self._drop(version)
        return served

    def drop_all(self) -> None:
        """Serves nothing any more."""
        for version in self._ready():
            self._drop(version)

    def newest(self) -> Servable | None:
        """The newest version that is ready."""
        ready = self._ready()
        return ready[max(ready)] if ready else None

    def get(self, version: int) -> Servable | None:
        """This version, if it is ready."""
        return self._ready().get(version)

    def statuses(self) -> list[Any]:
        """Of every version that there was, the newest first, ``ModelVersionStatus``."""
        with self._lock:
            known = sorted(self._known.items(), reverse=True)
        answer = []
        for version, entry in known:
            status = _Status(version=version, state=entry.state)
            if entry.error is not None:
                status.status.error_code = entry.error.code.value[0]
                status.status.error_message = entry.error.message
            answer.append(status)
        return answer

    def error(self) -> ServingError | None:
        """Why the newest version that was tried is not there."""
        with self._lock:
            newest = max(self._known, default=None)
            return self._known[newest].error if newest is not None else None

    def _ready(self) -> dict[int, Servable]:
        with self._lock:
            return {
                version: entry.ready
                for version, entry in self._known.items()
                if entry.ready is not None
            }

    def _bring_up(self, version: int) -> None:
        with self._lock:
            entry = self._known.setdefault(version, _Version())
            if entry.state in (_Status.AVAILABLE, _Status.LOADING):
                return
        directory = self.model.base_path / str(version)
        files = _fingerprint(directory)
        if entry.error is not None and entry.failed_with == files:
            return
        self._set(version, _Version(_Status.LOADING))
        try:
            servable = self._loaded(version, directory)
        except ServingError as error:
            _log.error("%s: version %d is not served: %s", self.model.name, version, error.message)
            # A copy: the error itself holds on to the frames of loading, and so to the weights.
            told = ServingError(error.code, error.message)
            self._set(version, _Version(_Status.END, told, failed_with=files))
            self._closed.set()
            return
        self._set(version, _Version(_Status.AVAILABLE, servable=servable))
        _log.info("%s: version %d is served", self.model.name, version)
        if learnt_from_drawn(directory):
            _log.warning("%s: version %d %s", self.model.name, version, DRAWN)

    def _loaded(self, version: int, directory: Path) -> Servable:
        try:
            return self._load(self.model.name, version, directory)
        except ServingError:
            raise
        except Exception as error:
            # Whatever a file may do, it must not leave the version loading for ever.
            _log.exception("%s: version %d", self.model.name, version)
            raise ServingError(StatusCode.INTERNAL, f"Could not load: {error}") from error

    def _drop(self, version: int) -> None:
        with self._lock:
            entry = self._known[version]
            entry.state = _Status.UNLOADING
            servable, entry.servable = entry.servable, None
        assert servable is not None
        servable.when_closed(lambda: self._ended(version, entry))
        servable.retire()
        _log.info("%s: version %d is no longer served", self.model.name, version)

    def _ended(self, version: int, entry: _Version) -> None:
        with self._lock:
            # It may have been loaded anew meanwhile.
            if self._known[version] is entry:
                self._known[version] = _Version(_Status.END)
        self._closed.set()

    def _set(self, version: int, entry: _Version) -> None:
        with self._lock:
            self._known[version] = entry


def _fingerprint(directory: Path) -> tuple[object, ...]:
    """Tells whether files have changed since, as when a copy goes on."""
    found = []
    try:
        for path in sorted(directory.rglob("*")):
            seen = path.stat()
            found.append((str(path), seen.st_size, seen.st_mtime_ns))
    except OSError as error:
        found.append((str(directory), 0, error.errno or 0))
    return tuple(found)
