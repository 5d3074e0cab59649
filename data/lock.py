"""Keeps a folder to one process."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from data.errors import InputError


@contextlib.contextmanager
def locked(folder: Path, what: str, option: str) -> Iterator[None]:
    """Makes ``folder`` and keeps other processes out of it while the body runs.

    The lock goes with the process, however that ends.

    Args:
        folder: What is locked, by ``.lock`` in it.
        what: The folder, as an error names it.
        option: How the command line names it.

    Raises:
        InputError: It cannot be written, or another process has it.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        # A write that fails must not be tried again when the file is closed.
        file = (folder / ".lock").open("ab+", buffering=0)
    except OSError as error:
        raise _unwritable(folder, what, option, error) from error
    with file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
            file.truncate(0)
            file.write(str(os.getpid()).encode())
        except BlockingIOError as error:
            file.seek(0)
            raise InputError(
                folder,
                f"another run is using this {what} (process {file.read().decode()})",
                f"Wait for it, or give another {option}",
            ) from error
        except OSError as error:
            raise _unwritable(folder, what, option, error) from error
        yield


def is_locked(folder: Path) -> bool:
    """Whether a process has ``folder`` to itself now; neither makes nor writes anything."""
    try:
        with (folder / ".lock").open("r+b") as file:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False


def _unwritable(folder: Path, what: str, option: str, error: OSError) -> InputError:
    return InputError(
        folder,
        f"the {what} cannot be written ({error.strerror})",
        f"Give {option} a folder you may write to",
    )
