"""The blocks of code in a Markdown file, and where each is to run.

A comment directly before a block says so: ``<!-- run: scratch -->``, or
``<!-- run: scratch, serving -->`` for a command that goes on while the rest of its section runs.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from markdown_it import MarkdownIt

MARK = re.compile(r"<!-- run: (?P<group>[a-z]+)(?P<serving>, serving)? -->")
GROUP = "scratch"
REFLECTION = "reflection"
"""The group of what also needs grpcurl."""
RUNNERS = {
    # As in a terminal, but for an error that ends it.
    "sh": ["bash", "-euo", "pipefail", "-c"],
    "python": ["python", "-c"],
}
# What a reader looks at and does not run.
SHOWN = ("text", "yaml", "csv")


@dataclass(frozen=True)
class Block:
    """A block of code.

    Attributes:
        where: File and line, for who reads of a failure.
        language: As the block says; empty where it says nothing.
        code: Its text.
        section: The number of the heading above it.
        group: Where it runs; ``None`` where nothing is said.
        serving: Whether it runs on while what follows in its section does.
    """

    where: str
    language: str
    code: str
    section: int
    group: str | None
    serving: bool

    @property
    def commands(self) -> list[str]:
        """Its lines, without comments."""
        lines = (line.partition("#")[0].strip() for line in self.code.splitlines())
        return [line for line in lines if line]


def read_blocks(path: Path) -> list[Block]:
    """All blocks of a file in their order, fenced or indented, in lists too."""
    found, section, mark = [], 0, None
    for token in MarkdownIt().parse(path.read_text()):
        if token.type in ("fence", "code_block"):
            assert token.map is not None
            found.append(
                Block(
                    where=f"{path.name}:{token.map[0] + 1}",
                    language=token.info.strip(),
                    code=token.content,
                    section=section,
                    group=mark["group"] if mark else None,
                    serving=bool(mark and mark["serving"]),
                )
            )
        section += token.type == "heading_open"
        mark = MARK.fullmatch(token.content.strip()) if token.type == "html_block" else None
    return found
