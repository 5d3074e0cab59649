"""Compares the manifest with the files: rows, checksums, sizes."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from pathlib import Path

from data.checks import why
from data.manifest import MANIFEST, parse_manifest
from data.manifest_row import ManifestRow
from data.verification.finding import Finding, Severity, finding
from data.verification.reading import Facts

Rows = dict[Path, ManifestRow]
_FETCH = "Get the file again from where the data set came"


def read(root: Path) -> tuple[Rows | None, list[Finding]]:
    """Reads the manifest once; ``None`` where there is none that lists files."""
    path = root / MANIFEST
    if not path.exists():
        return None, finding(
            Severity.warning,
            "manifest-missing",
            "no manifest, so neither completeness nor checksums can be checked",
            "Get it from where the data set came; your own set needs none",
            [path],
        )
    try:
        content = path.read_bytes()
    except OSError as error:
        return None, finding(
            Severity.error, "manifest-unreadable", why(error), "Make it readable", [path]
        )
    rows, faults = parse_manifest(path, content)
    found = [
        item
        for fault in faults
        for item in finding(
            Severity.error,
            "manifest-row",
            # The line is part of the place, which programs want as a path.
            fault.where.removeprefix(f"{path}, ").replace(str(path), "the file")
            + f": {fault.reason}",
            fault.remedy,
            [path],
        )
    ]
    for code, number, reason in (
        ("manifest-crlf", content.count(b"\r\n"), "lines end in CRLF"),
        (
            "manifest-back-slashes",
            sum(b"\\" in line for line in content.splitlines()),
            "rows have paths with back-slashes",
        ),
    ):
        if number:
            found += finding(
                Severity.note, code, reason, "Nothing: both kinds are read", [path], number
            )
    return ({root / row.path: row for row in rows} if rows else None), found


def compare(
    root: Path, rows: Rows, files: Collection[Path], facts: Mapping[Path, Facts]
) -> list[Finding]:
    """Finds rows without a file, files without a row, and files that are not as their row says.

    Args:
        root: The folder of the manifest.
        rows: Its rows, by the path of their file.
        files: All files of the two tasks, hidden ones left out.
        facts: Of those that could be read.
    """
    lost, absent = _without_file(rows, set(files))
    found = finding(
        Severity.error, "row-without-file", "listed in the manifest but not there", _FETCH, lost
    )
    for folder, count in absent.items():
        found += finding(
            Severity.warning,
            "folder-without-files",
            f"none of the files that the manifest lists here is there, {count} in all",
            "Get them, if they were not left out on purpose",
            [folder],
        )
    found += finding(
        Severity.warning,
        "file-without-row",
        "not listed in the manifest, so its checksum is unknown",
        "Add its row, or remove the file",
        [path for path in files if path not in rows],
    )
    wrong: dict[str, list[Path]] = defaultdict(list)
    for path, row in rows.items():
        item = facts.get(path)
        if item is None:
            continue
        if item.length != row.size:
            wrong["bytes-differ"].append(path)
        elif item.sha256 != row.sha256:
            wrong["sha256-differs"].append(path)
        elif item.size is not None and item.size != (row.width, row.height):
            wrong["size-differs"].append(path)
    for code, what in (
        ("bytes-differ", "the file has another length"),
        ("sha256-differs", "the file has another sha256"),
        ("size-differs", "the image has another width or height"),
    ):
        found += finding(
            Severity.error, code, f"{what} than the manifest says", _FETCH, wrong[code]
        )
    return found


def _without_file(rows: Rows, files: Collection[Path]) -> tuple[list[Path], dict[Path, int]]:
    """Single files that are lost, and whole folders: those were rather left out on purpose."""
    listed: dict[Path, int] = defaultdict(int)
    lost: dict[Path, list[Path]] = defaultdict(list)
    for path in rows:
        listed[path.parent] += 1
        if path not in files:
            lost[path.parent].append(path)
    # A folder of one file is that file.
    absent = {
        folder: len(paths)
        for folder, paths in lost.items()
        if len(paths) == listed[folder] and len(paths) > 1
    }
    single = [path for folder, paths in lost.items() if folder not in absent for path in paths]
    return single, absent
