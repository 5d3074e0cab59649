"""The pages that are made from the code, by their names in the documentation."""

from __future__ import annotations

from pipeline.reference.commands import draw_commands, read_commands
from pipeline.reference.configuration import draw_configuration


def draw_pages() -> dict[str, str]:
    """Each page in Markdown, by its path below ``docs``."""
    return {
        "reference/commands.md": draw_commands(read_commands()),
        "reference/configuration.md": draw_configuration(),
    }
