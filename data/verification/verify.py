"""The whole verification: survey the names, read each file once, apply the rules."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from data.errors import InputError, Problem
from data.layout import IMAGE_SUFFIXES, SEGMENTATION, Layout, Slice, scan
from data.verification import (
    content_rules,
    copy_rules,
    group_rules,
    manifest_rules,
    mirror_rules,
    tree_rules,
)
from data.verification.finding import Finding, Severity, finding, from_problems
from data.verification.reading import Facts, read_all


@dataclass(frozen=True)
class Survey:
    """What the names in a folder tell: its layout, every file, and those that no slice reads."""

    layout: Layout
    files: tuple[Path, ...]
    others: tuple[Path, ...]
    findings: tuple[Finding, ...]

    @property
    def reads(self) -> int:
        """How many steps ``examine`` takes."""
        return len(self.layout.slices) + len(self.others)


@dataclass(frozen=True)
class Report:
    """The outcome; ``slices`` are the usable ones, ``files`` all of the two tasks."""

    root: Path
    slices: int
    files: int
    findings: tuple[Finding, ...]

    def number(self, severity: Severity) -> int:
        """How many findings are of this severity."""
        return sum(item.severity is severity for item in self.findings)

    def as_json(self) -> dict[str, Any]:
        """Plain data, the gravest findings first."""
        return {
            "directory": str(self.root),
            "slices": self.slices,
            "files": self.files,
            **{f"{severity.value}s": self.number(severity) for severity in Severity},
            "findings": [item.as_json(self.root) for item in self.findings],
        }


def survey(root: Path) -> Survey:
    """Lists ``root`` without opening a file; a folder in no layout at all is a finding too."""
    try:
        layout = scan(root)
        files = tree_rules.walk(root)
        found = [*from_problems(layout.problems), *tree_rules.ignored(root, files)]
    except (InputError, OSError) as error:
        reason = error.reason if isinstance(error, InputError) else str(error)
        remedy = error.remedy if isinstance(error, InputError) else "Give a folder you may read"
        found = finding(Severity.error, "layout", reason, remedy, [_where(error, root)])
        return Survey(Layout(root, (), ()), (), (), tuple(found))
    taken = {path for item in layout.slices for path in (item.image, item.mask)}
    visible = [path for path in files if not any(p.startswith(".") for p in _inner(root, path))]
    told = {problem.path for problem in layout.problems}
    links = [path for path in visible if not path.is_file() and path not in told]
    found += finding(
        Severity.error, "link-broken", "a link that leads to no file", "Remove it", links
    )
    others = [path for path in visible if path not in taken and path.is_file()]
    return Survey(layout, tuple(visible), tuple(others), tuple(found))


def examine(plan: Survey, progress: Callable[[], None] | None = None) -> Report:
    """Reads the files of a survey, each once, and returns all findings, the gravest first.

    Args:
        plan: What ``survey`` returned.
        progress: Called after each slice and each other file.
    """
    root = plan.layout.root
    if any(item.code == "layout" for item in plan.findings):
        return Report(root, 0, 0, plan.findings)
    outcomes = read_all([*plan.layout.slices, *plan.others], progress)
    facts = {item.path: item for outcome in outcomes for item in outcome.facts}
    usable = [
        item
        for item, outcome in zip(plan.layout.slices, outcomes, strict=False)
        if not outcome.problems
    ]
    problems: list[Problem] = [problem for outcome in outcomes for problem in outcome.problems]
    rows, found = manifest_rules.read(root)
    found = [*plan.findings, *from_problems(problems), *found]
    if rows is not None:
        found += manifest_rules.compare(root, rows, plan.files, facts)
    found += tree_rules.names(usable)
    found += tree_rules.classes(root, usable)
    found += group_rules.groups(root, usable)
    found += content_rules.images([facts[item.image] for item in usable])
    found += content_rules.masks(list(facts.values()))
    found += copy_rules.copies(usable, facts)
    found += mirror_rules.mirrored(usable, facts)
    found += _twins(plan, usable, facts)
    order = list(Severity)
    found.sort(key=lambda item: order.index(item.severity))
    return Report(root, len(usable), len(plan.files), tuple(found))


def verify(root: Path) -> Report:
    """Verifies a folder.

    Example:
        >>> verify(Path("brisc2025")).number(Severity.error)
        0
    """
    return examine(survey(root))


def _twins(plan: Survey, usable: Sequence[Slice], facts: dict[Path, Facts]) -> list[Finding]:
    root = plan.layout.root
    inside = [
        path
        for path in plan.others
        if path.relative_to(root).parts[::2][:2] == (SEGMENTATION, tree_rules.TWINS)
        and len(path.relative_to(root).parts) == 4
    ]
    strays = [path for path in inside if path.suffix.lower() not in IMAGE_SUFFIXES]
    images = [path for path in inside if path in facts and path not in strays]
    return [
        *copy_rules.twins(images, usable, facts),
        *finding(
            Severity.warning,
            "not-an-image",
            "not an image file",
            f"Images end in {', '.join(IMAGE_SUFFIXES)}; remove or convert it",
            strays,
        ),
    ]


def _inner(root: Path, path: Path) -> tuple[str, ...]:
    return path.relative_to(root).parts


def _where(error: Exception, root: Path) -> Path:
    return Path(error.where) if isinstance(error, InputError) else root
