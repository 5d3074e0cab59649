"""A metadata store whose answers are in the order of the question, as TFX takes them to be."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import ml_metadata as mlmd
from ml_metadata.proto import metadata_store_pb2


class OrderedStore(mlmd.MetadataStore):  # type: ignore[misc]
    """A store that TFX's cache can be read from, whatever database it is kept in.

    TFX pairs the events of an earlier execution with its artifacts by their place. SQLite gives
    rows by their id. PostgreSQL gives them as its plan of the day comes to them: a cached
    Transform's graph and its examples would change their names, and what reads them would fail.
    """

    def get_artifacts_by_id(
        self, artifact_ids: Iterable[int], extra_options: Any = None
    ) -> list[metadata_store_pb2.Artifact]:
        """The artifacts of these ids, in their order; an id that there is not is left out."""
        wanted = list(artifact_ids)
        found = super().get_artifacts_by_id(wanted, extra_options)
        place = {artifact_id: number for number, artifact_id in enumerate(wanted)}
        return sorted(found, key=lambda artifact: place[artifact.id])
