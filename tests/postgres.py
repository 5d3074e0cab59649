"""A real PostgreSQL on loopback, from the system's packages, for the tests that need one."""

from __future__ import annotations

import contextlib
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ports import free_ports

USER = "brisc"
PASSWORD = "no: 'plain' pass%word"
QUOTED = "no%3A%20%27plain%27%20pass%25word"
"""The password as an address has it."""


class Postgres:
    """A server with a data folder of its own."""

    def __init__(self, programs: Path, folder: Path) -> None:
        self._programs, self._folder = programs, folder
        (self.port,) = free_ports(1)

    def address(self, database: str, password: str = QUOTED) -> str:
        """What ``metadata_store`` is to be; the database need not exist."""
        return f"postgresql://{USER}:{password}@127.0.0.1:{self.port}/{database}"

    def create(self) -> None:
        """Makes the data folder and the user."""
        password = self._folder / "password"
        password.write_text(PASSWORD)
        arguments = [f"--username={USER}", f"--pwfile={password}", "--auth=scram-sha-256"]
        self._run("initdb", f"--pgdata={self._data}", "--no-sync", *arguments)

    def start(self) -> None:
        """Starts it, and returns when it answers."""
        options = f"-h 127.0.0.1 -p {self.port} -k {self._folder} -F"
        log = self._folder / "log"
        self._run("pg_ctl", "start", "-w", f"-D{self._data}", f"-l{log}", f"-o{options}")

    def stop(self, mode: str = "immediate") -> None:
        """Stops it; ``immediate`` is as if it had crashed."""
        self._run("pg_ctl", "stop", "-w", f"-D{self._data}", f"-m{mode}")

    @property
    def _data(self) -> Path:
        return self._folder / "data"

    def _run(self, program: str, *arguments: str) -> None:
        command = [str(self._programs / program), *arguments]
        if os.geteuid() == 0:
            # It refuses to run as root.
            command = ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", *command]
        # The server must not hold the pipes of the test that starts it.
        subprocess.run(
            command, check=True, cwd="/", stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
        )


@contextlib.contextmanager
def running_postgres() -> Iterator[Postgres]:
    """A server while the body runs; skips the test where there is none to start."""
    programs = _programs()
    if programs is None:
        pytest.skip("no PostgreSQL: neither initdb on PATH nor /usr/lib/postgresql/*/bin")
    if os.geteuid() == 0 and shutil.which("setpriv") is None:
        pytest.skip("PostgreSQL does not run as root, and there is no setpriv")
    # A short path: that of a socket has 107 characters at most.
    folder = Path(tempfile.mkdtemp(prefix="brisc-pg-", dir="/tmp"))
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres", "postgres")
        server = Postgres(programs, folder)
        server.create()
        server.start()
        try:
            yield server
        finally:
            with contextlib.suppress(subprocess.CalledProcessError):
                server.stop()
    finally:
        shutil.rmtree(folder)


def _programs() -> Path | None:
    """The folder of ``initdb``, that of the newest version."""
    on_path = shutil.which("initdb")
    if on_path is not None:
        return Path(on_path).resolve().parent
    found = Path("/usr/lib/postgresql").glob("*/bin/initdb")
    return max(
        (path.parent for path in found), key=lambda path: int(path.parent.name), default=None
    )
