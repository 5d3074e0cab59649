"""Every command that README.md and the first walk show is one that a test runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.command import ROOT
from tests.command_blocks import GROUP, REFLECTION, RUNNERS, SHOWN, Block, read_blocks

DOCUMENTS = ("README.md", "docs/getting-started.md")


def unrun(blocks: list[Block]) -> list[str]:
    """The blocks that nothing would run, and why."""
    called = (ROOT / ".ci" / "run").read_text().splitlines()
    faults = []
    for block in blocks:
        if block.language in SHOWN and block.group is None:
            continue
        if block.group == "ci":
            faults += [
                f"{block.where}: .ci/run does not call `{command}`"
                for command in block.commands
                if block.language != "sh" or command not in called
            ]
        elif block.group not in (GROUP, REFLECTION):
            faults.append(f"{block.where}: no group that a test runs: {block.group}")
        elif block.language not in RUNNERS:
            faults.append(f"{block.where}: nothing runs the language {block.language!r}")
    return faults


@pytest.mark.parametrize("document", DOCUMENTS)
def test_every_block_of_commands_is_run(document: str) -> None:
    blocks = read_blocks(ROOT / document)
    assert unrun(blocks) == []
    assert {block.group for block in blocks} >= {"ci", GROUP}


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("```sh\nls\n```", "no group"),
        ("```\nls\n```", "no group"),
        ("    ls\n", "no group"),
        ("- a list\n\n  ```python\n  print()\n  ```", "no group"),
        ("<!-- run: scratch -->\n\nas in\n\n```sh\nls\n```", "no group"),
        ("<!-- run: elsewhere -->\n```sh\nls\n```", "no group"),
        ("<!-- run: scratch -->\n```yaml\na: 1\n```", "language 'yaml'"),
        ("<!-- run: ci -->\n```sh\nmake demo\nmake lunch    # later\n```", "call `make lunch`"),
    ],
)
def test_a_block_that_nothing_would_run_is_found(tmp_path: Path, text: str, fault: str) -> None:
    path = tmp_path / "text.md"
    path.write_text(text)
    (found,) = unrun(read_blocks(path))
    assert found.startswith("text.md:") and fault in found
