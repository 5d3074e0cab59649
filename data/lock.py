"""Keeps a folder to one process, or to the processes of one owner."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from data.errors import InputError

_LOCK, _TURN = ".lock", ".lock.turn"
FILES = frozenset({_LOCK, _TURN})
"""What a lock leaves in the folder."""


@contextlib.contextmanager
def locked(folder: Path, what: str, option: str, owner: str | None = None) -> Iterator[None]:
    """Makes ``folder`` and keeps other processes out of it while the body runs.

    The lock goes with the process, however that ends.

    Args:
        folder: What is locked, by ``.lock`` in it.
        what: The folder, as an error names it.
        option: How the command line names it.
        owner: On whose behalf: processes of the same owner use the folder together. ``None``:
            on that of this process alone.

    Raises:
        InputError: It cannot be written, or another process has it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A write that fails must not be tried again when the file is closed.
        file = (folder / _LOCK).open("ab+", buffering=0)
    except OSError as error:
        raise _unwritable(folder, what, option, error) from error
    with file:
        try:
            _take(file, owner)
        except BlockingIOError as error:
            raise InputError(
                folder,
                f"another run is using this {what} ({_named(_content(file))})",
                f"Wait for it, or give another {option}",
            ) from error
        except OSError as error:
            raise _unwritable(folder, what, option, error) from error
        yield


def is_locked(folder: Path) -> bool:
    """Whether a process has ``folder`` to itself now; neither makes nor writes anything."""
    try:
        # In turn: a process that comes to take it meanwhile must not find it taken.
        with (folder / _TURN).open("r+b") as turn, (folder / _LOCK).open("r+b") as file:
            fcntl.flock(turn, fcntl.LOCK_EX)
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


@contextlib.contextmanager
def in_turn(file: Path) -> Iterator[None]:
    """Waits until no other process has ``file``, and keeps it while the body runs."""
    with file.open("ab") as stream:
        fcntl.flock(stream, fcntl.LOCK_EX)
        yield


def _take(file: IO[bytes], owner: str | None) -> None:
    name = owner or str(os.getpid())
    # Turning an exclusive lock into a shared one opens a gap, which this second lock closes.
    with in_turn(Path(file.name).with_name(_TURN)):
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if owner is None or _content(file) != owner:
                raise
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return
        file.truncate(0)
        file.write(name.encode())
        if owner is not None:
            fcntl.flock(file, fcntl.LOCK_SH)


def _content(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode()


def _named(owner: str) -> str:
    return f"process {owner}" if owner.isdigit() else owner


def _unwritable(folder: Path, what: str, option: str, error: OSError) -> InputError:
    return InputError(
        folder,
        f"the {what} cannot be written ({error.strerror})",
        f"Give {option} a folder you may write to",
    )
