"""Beam's job servers for engines on the JVM, of jars from Maven Central."""

from __future__ import annotations

import shutil
import zipfile
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.tools import CACHE, NotInstalled, install

# As Maven says it of a repository that does not answer; one that lacks a jar does.
_UNREACHABLE = "Could not transfer artifact"
# Of a line of a manifest, in bytes; a blank continues it.
_LONGEST = 70


def maven_jars(project: Path) -> Path:
    """A folder with the jars that ``pom.xml`` in folder ``project`` names, and what they need."""
    if shutil.which("java") is None:
        pytest.skip("Java is not on this machine")
    folder = CACHE / "maven" / project.name
    copy = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
    command = ["mvn", "-q", "-B", "-f", str(project), copy, "-DoutputDirectory=${user.dir}"]
    try:
        install(folder, command)
    except NotInstalled as error:
        if _UNREACHABLE in str(error):
            pytest.skip(f"Maven Central cannot be reached: {error}")
        raise
    return folder


def job_server(path: Path, jars: Path, main: str, opened: Sequence[str] = ()) -> Path:
    """Writes one jar for Beam's Python to start, that names the others.

    Args:
        path: The jar.
        jars: Folder of the others.
        main: The class that is started.
        opened: Packages of Java itself that it looks into.
    """
    attributes = [
        "Manifest-Version: 1.0",
        f"Main-Class: {main}",
        f"Class-Path: {' '.join(jar.as_uri() for jar in sorted(jars.glob('*.jar')))}",
    ]
    if opened:
        attributes.append(f"Add-Opens: {' '.join(f'java.base/{package}' for package in opened)}")
    lines = [line for attribute in attributes for line in _folded(attribute)]
    with zipfile.ZipFile(path, "w") as jar:
        jar.writestr("META-INF/MANIFEST.MF", "\r\n".join([*lines, "", ""]))
    return path


def _folded(attribute: str) -> list[str]:
    rest = range(_LONGEST, len(attribute), _LONGEST - 1)
    return [attribute[:_LONGEST], *(f" {attribute[i : i + _LONGEST - 1]}" for i in rest)]
