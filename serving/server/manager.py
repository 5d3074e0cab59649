"""All models of a server: finds the version that a request names, and keeps up with the disk."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

from tensorflow_serving.apis import get_model_status_pb2, model_pb2

from serving.server.errors import ServingError, StatusCode, invalid, not_found, precondition
from serving.server.memory import give_back
from serving.server.model_config import Model
from serving.server.servable import Servable
from serving.server.versions import Load, ModelVersions

_log = logging.getLogger(__name__)


class ModelManager:
    """The models that are served; safe to use from several threads."""

    def __init__(self, models: Sequence[Model], load: Load, poll_seconds: float) -> None:
        """Knows ``models``; ``start`` loads them.

        Models may later be loaded from below the folders that hold these: a SavedModel is a
        program, and who may send requests may not thereby run any.
        """
        self._load = load
        self._poll_seconds = poll_seconds
        self._roots = _roots(models)
        self._closed = threading.Event()
        self._models = {model.name: ModelVersions(model, load, self._closed) for model in models}
        self._labels = {model.name: dict(model.labels) for model in models}
        # One at a time brings up and drops; whoever asks does not wait for it.
        self._changing = threading.Lock()
        self._stopped = threading.Event()
        self._poller = threading.Thread(target=self._poll, name="versions", daemon=True)

    def start(self) -> None:
        """Loads every model, and from then on what is new on disk.

        Raises:
            ServingError: One of them has no version that can be loaded.
        """
        with self._changing:
            for versions in self._models.values():
                _bring_up(versions)
            for name, labels in self._labels.items():
                self._check_labels(self._models[name], labels)
        self._poller.start()

    def stop(self) -> None:
        """Drops every model, each when its last request has been answered."""
        self._stopped.set()
        if self._poller.ident is not None:
            self._poller.join()
        with self._changing:
            for versions in self._models.values():
                versions.drop_all()

    @contextmanager
    def using(self, spec: model_pb2.ModelSpec) -> Iterator[Servable]:
        """The version that ``spec`` names; it stays loaded while the body runs.

        Raises:
            ServingError: There is none.
        """
        while True:
            servable = self._find(spec)
            if servable.enter():
                break
            # It was dropped between the two lines: a newer one is there.
        try:
            yield servable
        finally:
            servable.leave()

    def statuses(self, spec: model_pb2.ModelSpec) -> list[get_model_status_pb2.ModelVersionStatus]:
        """Of the version that ``spec`` names, or of all of its model, the newest first.

        Raises:
            ServingError: There is none.
        """
        models = self._models
        found = models[spec.name].statuses() if spec.name in models else []
        if spec.HasField("version"):
            found = [status for status in found if status.version == spec.version.value]
            if not found:
                raise not_found(f"Could not find version {spec.version.value} of model {spec.name}")
        if not found:
            raise not_found(f"Could not find any versions of model {spec.name}")
        return found

    def reload(self, models: Sequence[Model], *, trusted: bool = False) -> None:
        """Serves these models instead.

        Args:
            models: All of them.
            trusted: Whether who runs the server says so: then they may lie anywhere.

        Raises:
            ServingError: One of them is not to be loaded, does not load, or has a label for a
                version that is not there. What was served before stays then.
        """
        for model in models if not trusted else ():
            self._require_allowed(model)
        with self._changing:
            before = {name: versions.model for name, versions in self._models.items()}
            current = dict(self._models)
            wanted: dict[str, ModelVersions] = {}
            try:
                for model in models:
                    versions = current.get(model.name) or ModelVersions(
                        model, self._load, self._closed
                    )
                    wanted[model.name] = versions
                    versions.model = model
                    # Nothing is dropped before all of it is known to be there.
                    _bring_up(versions, drop=False)
                    self._check_labels(versions, model.labels)
            except BaseException:
                for name, versions in wanted.items():
                    if name in before:
                        versions.model = before[name]
                        versions.refresh()
                    else:
                        versions.drop_all()
                raise
            if trusted:
                self._roots |= _roots(models)
            self._labels = {model.name: dict(model.labels) for model in models}
            self._models = wanted
            for versions in wanted.values():
                versions.refresh()
            for name in current.keys() - wanted.keys():
                current[name].drop_all()

    def serves(self, name: str) -> bool:
        """Whether there is a model of this name."""
        return name in self._models

    def _find(self, spec: model_pb2.ModelSpec) -> Servable:
        if not spec.name:
            raise invalid("ModelSpec has no name specified.")
        versions = self._models.get(spec.name)
        choice = spec.WhichOneof("version_choice")
        if choice == "version_label":
            labelled = self._labels.get(spec.name, {}).get(spec.version_label)
            if labelled is None:
                raise invalid(f"Unrecognized servable version label: {spec.version_label}")
            version = labelled
        elif choice == "version":
            version = spec.version.value
        else:
            newest = versions.newest() if versions else None
            if newest is None:
                raise not_found(f"Servable not found for request: Latest({spec.name})")
            return newest
        found = versions.get(version) if versions else None
        if found is None:
            raise not_found(f"Servable not found for request: Specific({spec.name}, {version})")
        return found

    def _require_allowed(self, model: Model) -> None:
        path = model.base_path.resolve()
        if not any(path.is_relative_to(root) for root in self._roots):
            raise ServingError(
                StatusCode.PERMISSION_DENIED,
                f"Model {model.name} is not below a folder that this server was started with; "
                f"start it with a config that names {path}",
            )

    @staticmethod
    def _check_labels(versions: ModelVersions, labels: Mapping[str, int]) -> None:
        for version in labels.values():
            if versions.get(version) is None:
                raise precondition(
                    f"Request to assign label to version {version} of model "
                    f"{versions.model.name}, which is not currently available for inference"
                )

    def _poll(self) -> None:
        while not self._stopped.wait(self._poll_seconds):
            try:
                if self._closed.is_set():
                    self._closed.clear()
                    give_back()
                with self._changing:
                    for versions in self._models.values():
                        versions.refresh()
            except Exception:
                # Whatever it was, the next look may find it mended.
                _log.exception("looking for new versions failed")


def _roots(models: Sequence[Model]) -> set[Path]:
    paths = [model.base_path.resolve() for model in models]
    # Beside a model at the top of the disk there is everything.
    return {path if path.parent.parent == path.parent else path.parent for path in paths}


def _bring_up(versions: ModelVersions, *, drop: bool = True) -> None:
    if versions.refresh(drop=drop):
        return
    model, error = versions.model, versions.error()
    raise error or not_found(
        f"No versions of servable {model.name} found under base path {model.base_path}"
    )
