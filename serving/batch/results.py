"""The folder of the results: what lies where, whose results it holds, and files that are whole."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data import lock
from data.errors import InputError

_WORK = ".brisc"


@dataclass(frozen=True)
class Results:
    """Paths below the folder of the results.

    Attributes:
        root: The folder: ``masks/`` and the table for users, ``.brisc/`` for the next run.
    """

    root: Path

    @property
    def masks(self) -> Path:
        """The masks, where the files lie in their own folder."""
        return self.root / "masks"

    @property
    def records(self) -> Path:
        """What has been answered: ``serving.batch.records``."""
        return self.root / _WORK / "records"

    @property
    def partial(self) -> Path:
        """Files that are being written."""
        return self.root / _WORK / "partial"

    @property
    def settings(self) -> Path:
        """Of which model and settings the results are."""
        return self.root / _WORK / "settings.json"

    def table(self, kind: str) -> Path:
        """The table in one of its formats."""
        return self.root / f"predictions.{kind}"

    def require_own(self) -> None:
        """Checks that the folder is new, empty or one of results.

        Raises:
            InputError: It is not.
        """
        if self.root.exists() and not self.root.is_dir():
            raise InputError(self.root, "is a file", "Give --out a folder")
        if not self.root.is_dir() or self.settings.is_file():
            return
        if any(path.name not in {_WORK, *lock.FILES} for path in self.root.iterdir()):
            raise InputError(
                self.root,
                "is not empty and holds no results of `brisc predict-batch`",
                "Give --out a new or empty folder",
            )

    def open(self, settings: dict[str, str | None], overwrite: bool) -> None:
        """Makes the folder ready for results of these settings.

        Args:
            settings: What all results in one folder have in common, by name.
            overwrite: Whether results of others are removed.

        Raises:
            InputError: It holds results of others.
        """
        if self.settings.is_file():
            other = _differing(_read(self.settings), settings)
            # A run that came to nothing, say by a damaged model, claims no folder.
            if other and not overwrite and any(self.records.glob("*")):
                raise InputError(
                    self.root,
                    f"it holds results of {other}",
                    "Give another --out, or pass --overwrite to replace them",
                )
            if other:
                self._clear()
        # What a killed run was writing.
        shutil.rmtree(self.partial, ignore_errors=True)
        for folder in (self.masks, self.records, self.partial):
            folder.mkdir(parents=True, exist_ok=True)
        with self.replacing(self.settings) as path:
            path.write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")

    @contextlib.contextmanager
    def replacing(self, target: Path) -> Iterator[Path]:
        """A path to write to, which becomes ``target`` when the body ends: whole or not at all."""
        path = self.partial / uuid.uuid4().hex
        yield path
        os.replace(path, target)

    def write_mask(self, relative: str, content: bytes) -> None:
        """Writes a mask; ``relative`` is its path below the folder."""
        target = self.root / relative
        target.parent.mkdir(parents=True, exist_ok=True)
        with self.replacing(target) as path:
            path.write_bytes(content)

    def remove_mask(self, relative: str) -> None:
        """Removes a mask, and the folders that it leaves empty."""
        target = self.root / relative
        target.unlink(missing_ok=True)
        with contextlib.suppress(OSError):
            for folder in target.relative_to(self.masks).parents:
                if folder.name:
                    (self.masks / folder).rmdir()

    def _clear(self) -> None:
        for kind in ("parquet", "csv"):
            self.table(kind).unlink(missing_ok=True)
        for folder in (self.masks, self.records):
            shutil.rmtree(folder, ignore_errors=True)


def _read(path: Path) -> dict[str, str | None]:
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError:
        content = None
    return content if isinstance(content, dict) else {}


def _differing(held: dict[str, str | None], asked: dict[str, str | None]) -> str:
    """What the results in the folder are of, where that is not what is asked for."""
    names = [name for name in asked if held.get(name, "") != asked[name]]
    return ", ".join(f"another {name} ({held.get(name, 'not told')})" for name in names)
