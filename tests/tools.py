"""Tools of other languages for heavier tests, from their registries into `.cache`, once."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from data.lock import in_turn

CACHE = Path(__file__).parents[1] / ".cache" / "tools"


def go_tool(package: str, version: str) -> Path:
    """The executable that ``package`` at ``version`` of the Go module proxy builds."""
    folder = CACHE / "go" / f"{package.replace('/', '_')}@{version}"
    install(folder, ["go", "install", f"{package}@{version}"], {"GOBIN": f"{folder}.partial"})
    (executable,) = folder.iterdir()
    return executable


def npm_modules(*packages: str) -> Path:
    """A folder whose ``node_modules`` has ``packages``, each as NAME@VERSION."""
    folder = CACHE / "npm" / "+".join(packages).replace("/", "_")
    install(folder, ["npm", "install", "--prefix=.", "--no-audit", "--no-fund", *packages])
    return folder


def python_package(requirement: str) -> Path:
    """A folder with a distribution and what it needs, for this version of Python."""
    folder = CACHE / "python" / f"{requirement}-{sys.version_info.major}.{sys.version_info.minor}"
    install(folder, [sys.executable, "-m", "pip", "install", "-q", "--target=.", requirement])
    return folder


def python_tool(requirement: str, executable: str) -> list[str]:
    """The command of ``executable`` in a distribution, apart from this environment."""
    folder = python_package(requirement)
    return ["env", f"PYTHONPATH={folder}", sys.executable, str(folder / "bin" / executable)]


def debian_tool(package: str, executable: str) -> Path:
    """``executable`` out of a Debian package, which is unpacked and not installed."""
    # Lists of its own: the machine's may be missing or old, and only root renews them.
    apt = CACHE / "debian" / "apt"
    for name in ("lists/partial", "cache/archives/partial"):
        (apt / name).mkdir(parents=True, exist_ok=True)
    # As root, apt would fetch as a user who cannot write here.
    command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root"]
    command += ["-o", f"Dir::State::lists={apt}/lists", "-o", f"Dir::Cache={apt}/cache"]
    install(CACHE / "debian" / "updated", [*command, "update"])
    folder = CACHE / "debian" / package
    install(folder, [*command, "download", package])
    for archive in folder.glob("*.deb"):
        subprocess.run(["dpkg", "-x", archive.name, "."], cwd=folder, check=True)
        archive.unlink()
    (found,) = folder.glob(f"usr/*bin/{executable}")
    return found


class NotInstalled(Exception):
    """An installer failed; what it printed."""


def install(
    folder: Path, command: Sequence[str], variables: Mapping[str, str] | None = None
) -> None:
    """Runs an installer in what becomes ``folder``; skips the test where there is no such one.

    Raises:
        NotInstalled: It fails.
    """
    if shutil.which(command[0]) is None and not folder.exists():
        pytest.skip(f"{command[0]} is not on this machine")
    folder.parent.mkdir(parents=True, exist_ok=True)
    # One worker installs, the other waits.
    with in_turn(folder.with_name(f"{folder.name}.lock")):
        if folder.exists():
            return
        partial = folder.with_name(f"{folder.name}.partial")
        if partial.exists():
            shutil.rmtree(partial)
        partial.mkdir()
        environment = {**os.environ, **(variables or {})}
        ended = subprocess.run(
            command,
            cwd=partial,
            env=environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        if ended.returncode:
            raise NotInstalled(f"{' '.join(command)}:\n{ended.stdout[-4000:]}")
        partial.rename(folder)
