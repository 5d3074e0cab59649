"""The whole download: fetch, unpack beside, check every file, and only then show it."""

from __future__ import annotations

import contextlib
import errno
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path

from data.download.archive import SUFFIXES, Limits, extract
from data.download.http import ELSEWHERE, Http
from data.download.sources import RemoteFile, Source
from data.download.transfer import AGAIN, fetch
from data.errors import InputError
from data.layout import CLASSIFICATION, SEGMENTATION
from data.manifest import MANIFEST
from data.publish import publish, require_empty
from data.verification import manifest_rules, tree_rules
from data.verification.finding import Severity, relative
from data.verification.reading import read_all

STAGE = ".brisc-download"
CONTENT = "content"
Bar = Callable[[str, int], AbstractContextManager[Callable[[int], None]]]


@contextlib.contextmanager
def no_bar(description: str, total: int) -> Iterator[Callable[[int], None]]:
    """Shows no progress."""
    yield lambda count: None


@dataclass(frozen=True)
class Downloaded:
    """What lies in ``directory`` now: so many ``files``, all as the manifest says."""

    directory: Path
    files: int
    fetched: bool


def download(
    source: Source,
    directory: Path,
    http: Http | None = None,
    limits: Limits | None = None,
    bar: Bar = no_bar,
) -> Downloaded:
    """Makes ``directory`` the published data set; where it is already, only checks it.

    What has been fetched is kept in a hidden folder beside ``directory``, or in it where it
    exists, and a later call goes on from there.

    Args:
        source: Where from.
        directory: A new folder, an empty one, or one that holds the whole set.
        http: How servers are asked.
        limits: Of what an archive may hold.
        bar: Shows progress, as ``pipeline.console.progress_bar`` does.

    Raises:
        InputError: Anything that ends it: the reason and what to do are in it.
    """
    if (directory / MANIFEST).is_file():
        remedy = "Remove the folder and run again"
        return Downloaded(directory, check_files(directory, remedy, bar), fetched=False)
    try:
        require_empty(directory, allowed=STAGE)
        # A rename cannot cross a file system, and a folder that exists may be a mount point.
        stage = directory / STAGE
        if not directory.is_dir():
            stage = directory.parent / f"{STAGE}-{directory.name}"
        stage.mkdir(parents=True, exist_ok=True)
        try:
            archives = _fetched(source, stage, http or Http(), bar)
        except InputError:
            # Where nothing came there is nothing to go on from.
            with contextlib.suppress(OSError):
                stage.rmdir()
            raise
        try:
            root = _unpacked(archives, stage, limits)
            files = check_files(root, ELSEWHERE, bar)
            publish(root, directory)
        finally:
            # Only what was fetched is worth keeping where this failed.
            shutil.rmtree(stage / CONTENT, ignore_errors=True)
        shutil.rmtree(stage)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        reason = "the disk is full" if full else f"cannot be written ({error.strerror or error})"
        raise InputError(
            error.filename or directory, reason, f"Give a folder that can be written. {AGAIN}"
        ) from error
    return Downloaded(directory, files, fetched=True)


def check_files(root: Path, remedy: str, bar: Bar = no_bar) -> int:
    """Compares every file with the manifest; returns how many there are.

    Args:
        root: The folder of the data set.
        remedy: What to do where they differ.
        bar: Shows progress.

    Raises:
        InputError: There is no manifest, or files are not as it says.
    """
    rows, found = manifest_rules.read(root)
    count = 0
    if rows is not None:
        files = [path for path in tree_rules.walk(root) if path.is_file()]
        count = len(files)
        with bar("checking", count) as advance:
            outcomes = read_all(files, lambda: advance(1))
        facts = {item.path: item for outcome in outcomes for item in outcome.facts}
        unread = {problem.path for outcome in outcomes for problem in outcome.problems}
        found += manifest_rules.compare(root, rows, [f for f in files if f not in unread], facts)
    # Here a whole folder that is missing is no choice of the user's.
    grave = ("manifest-missing", "folder-without-files")
    faults = [item for item in found if item.severity is Severity.error or item.code in grave]
    if faults:
        number = sum(item.count for item in faults)
        first = faults[0]
        raise InputError(
            root,
            f"not as published, {number} fault(s); {relative(first.paths[0], root)}: "
            f"{first.reason}",
            remedy,
        )
    return count


def _fetched(source: Source, stage: Path, http: Http, bar: Bar) -> list[Path]:
    """Fetches what the set is made of; a name here is a checksum, for no server to choose."""
    with http.session() as session:
        files = _chosen(source.files(http, session))
        total = sum(item.size for item in files)
        _require_room(stage, total)
        targets = []
        with bar("downloading", total) as advance:
            for item in files:
                targets.append(stage / (item.md5 if item.name != MANIFEST else MANIFEST))
                fetch(http, session, item, targets[-1], advance)
    return targets


def _chosen(files: Sequence[RemoteFile]) -> list[RemoteFile]:
    chosen = [
        item for item in files if item.name == MANIFEST or item.name.lower().endswith(SUFFIXES)
    ]
    if all(item.name == MANIFEST for item in chosen):
        held = ", ".join(item.name for item in files) or "nothing"
        raise InputError("the record", f"no archive in it, it holds {held}", ELSEWHERE)
    return chosen


def _require_room(stage: Path, total: int) -> None:
    # Twice: JPEG and PNG hardly shrink in an archive, which stays until all is checked.
    there = sum(path.stat().st_size for path in stage.iterdir() if path.is_file())
    needed, free = 2 * total - there, shutil.disk_usage(stage).free
    if free < needed:
        raise InputError(
            stage.parent,
            f"the disk has {free >> 20} MiB free, and {needed >> 20} MiB are needed",
            "Make room, or give a folder on another disk",
        )


def _unpacked(files: Sequence[Path], stage: Path, limits: Limits | None) -> Path:
    """Unpacks the archives; returns the folder that holds the data set."""
    content = stage / CONTENT
    if content.exists():
        # From a run that was killed: nobody knows how far it came.
        shutil.rmtree(content)
    content.mkdir()
    for path in files:
        if path.name != MANIFEST:
            extract(path, content, limits)
    # What lies deep is found last; an archive may hold one folder around all.
    folders = sorted(content.rglob(CLASSIFICATION), key=lambda path: len(path.parts))
    roots = [path.parent for path in folders if (path.parent / SEGMENTATION).is_dir()]
    if not roots:
        raise InputError(
            "the archive", f"no {CLASSIFICATION} beside {SEGMENTATION} in it", ELSEWHERE
        )
    if (stage / MANIFEST) in files and not (roots[0] / MANIFEST).exists():
        shutil.copy(stage / MANIFEST, roots[0] / MANIFEST)
    return roots[0]
