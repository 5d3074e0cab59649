"""The workspace folder: where each thing of a run lies."""

from __future__ import annotations

import contextlib
import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data.lock import locked
from pipeline.store_address import StoreAddress


@dataclass(frozen=True)
class Workspace:
    """Paths below a workspace; absolute, since TFX stores them in its metadata.

    Attributes:
        root: The folder itself.
        serving: Where blessed models are pushed, ``NAME/VERSION`` below it.
        store: Where its metadata is; ``None``: in the file ``metadata``.
    """

    root: Path
    serving: Path
    store: StoreAddress | None = None

    @classmethod
    def at(
        cls, root: Path, serving: Path | None = None, store: StoreAddress | None = None
    ) -> Workspace:
        """The workspace in ``root``; models go to ``serving``, by default below it."""
        root = root.absolute()
        return cls(root, (serving or root / "serving").absolute(), store)

    @property
    def used(self) -> bool:
        """Whether a run has begun in it."""
        return self.reports.is_dir() if self.store else self.metadata.is_file()

    @property
    def artifacts(self) -> Path:
        """What components leave for each other."""
        return self.root / "artifacts"

    @property
    def metadata(self) -> Path:
        """The SQLite database of ML Metadata."""
        return self.root / "metadata.sqlite"

    @property
    def training(self) -> Path:
        """Checkpoints and TensorBoard events, a folder a training."""
        return self.root / "training"

    @property
    def reports(self) -> Path:
        """Logs and reports, a folder a run."""
        return self.root / "runs"

    def keep(self, file: Path) -> Path:
        """Copies ``file`` under a name made of its content.

        TFX takes a file's path for its identity: under its own name an edited file would be
        taken from the cache as it was.
        """
        content = file.read_bytes()
        digest = hashlib.sha256(content).hexdigest()[:16]
        copy = self.root / "inputs" / digest / file.name
        copy.parent.mkdir(parents=True, exist_ok=True)
        copy.write_bytes(content)
        return copy

    def link(self, folder: Path, fingerprint: str) -> Path:
        """Links to ``folder`` under a name made of its content's ``fingerprint``.

        For the same reason: data that has moved is the same data.
        """
        link = self.root / "inputs" / fingerprint[:16] / "data"
        link.parent.mkdir(parents=True, exist_ok=True)
        link.unlink(missing_ok=True)
        link.symlink_to(folder.absolute(), target_is_directory=True)
        return link

    @contextlib.contextmanager
    def locked(self, run_id: str | None = None) -> Iterator[None]:
        """Makes the folder and keeps other runs out of it.

        Args:
            run_id: Whose steps may use it at the same time; ``None``: this process alone.

        Raises:
            InputError: It cannot be written, or another run is using it.
        """
        owner = None if run_id is None else f"run {run_id}"
        with locked(self.root, "workspace", "--workspace", owner):
            yield
