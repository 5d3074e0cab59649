"""Files that say how to work on the project, held to what is there."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from markdown_it import MarkdownIt

from data.download.sources import Zenodo
from pipeline.configuration import load_parameters
from tests.command import ROOT

TEXTS = ("README.md", "CONTRIBUTING.md", "docs/getting-started.md")


def read(name: str) -> Any:
    return yaml.safe_load((ROOT / name).read_text())


def spans(path: Path) -> list[str]:
    """All code in a text, in its lines and in its blocks."""
    tokens = MarkdownIt("commonmark").enable("table").parse(path.read_text())
    inner = [child for token in tokens for child in token.children or []]
    kinds = ("fence", "code_block", "code_inline")
    return [token.content for token in (*tokens, *inner) if token.type in kinds]


def unknown(lines: list[str]) -> set[str]:
    """Targets of make in these lines that the Makefile does not have."""
    called = re.findall(r"^make ([a-z-]+)", "\n".join(lines), re.MULTILINE)
    assert called
    made = re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.MULTILINE)
    return set(called) - set(made)


@pytest.mark.parametrize("text", TEXTS)
def test_texts_name_targets_that_there_are(text: str) -> None:
    assert unknown(spans(ROOT / text)) == set()


def test_the_workflow_calls_targets_that_there_are_on_each_stack() -> None:
    job = read(".github/workflows/ci.yml")["jobs"]["test"]
    assert unknown([step.get("run", "") for step in job["steps"]]) == set()
    locked = {path.stem for path in ROOT.glob("requirements/tfx-*.lock")}
    stacks = [entry["stack"] for entry in job["strategy"]["matrix"]["include"]]
    assert sorted(stacks) == sorted(name for name in locked if not name.endswith("-gpu"))
    # YAML would read an unquoted 3.10 as 3.1.
    assert all(isinstance(entry["python"], str) for entry in job["strategy"]["matrix"]["include"])


def test_the_hooks_call_targets_that_there_are() -> None:
    (local,) = read(".pre-commit-config.yaml")["repos"]
    assert unknown([hook["entry"] for hook in local["hooks"]]) == set()


def test_the_recipe_without_a_gpu_is_the_one_that_was_measured() -> None:
    results = (ROOT / "docs" / "results.md").read_text()
    command = results.partition("## A long training")[2].partition("```\n")[0]
    measured = load_parameters([], None, re.findall(r"--set (\S+)", command))
    assert load_parameters([ROOT / "params-cpu.yaml"], None, []) == measured
    assert measured != load_parameters([], None, [])


def test_the_citation_is_of_this_version_and_of_the_data_that_is_downloaded() -> None:
    citation = read("CITATION.cff")
    assert {"cff-version", "message", "title", "authors"} <= set(citation)
    told = subprocess.run(
        [sys.executable, "setup.py", "--version"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    )
    assert citation["version"] == told.stdout.split()[-1]
    (data,) = citation["references"]
    assert data["doi"] == f"10.5281/zenodo.{Zenodo().record}"


@pytest.mark.parametrize("text", [*TEXTS, "SECURITY.md", "MODEL_CARD.md"])
def test_links_lead_to_files_and_headings(text: str) -> None:
    path = ROOT / text
    for where in re.findall(r"\]\(([^)\s]+)\)", path.read_text()):
        if where.startswith("https://"):
            continue
        file, _, heading = where.partition("#")
        target = path.parent / file
        assert target.exists(), where
        titles = re.findall(r"^#+ (.+)$", target.read_text(), re.MULTILINE) if heading else []
        anchors = [re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-") for title in titles]
        assert not heading or heading in anchors, where
