"""Adds the pages that are made from the code, when mkdocs gathers the site's files."""

from __future__ import annotations

from mkdocs.config.defaults import MkDocsConfig
from mkdocs.structure.files import File, Files

from pipeline.reference.pages import draw_pages


def on_files(files: Files, config: MkDocsConfig) -> Files:
    """Called by mkdocs; the pages exist in the site only."""
    for name, content in draw_pages().items():
        files.append(File.generated(config, name, content=content))
    return files
