"""The page of all configuration keys."""

from __future__ import annotations

from collections.abc import Iterator

from pydantic import BaseModel

from pipeline.config import PathsConfig, SecretsConfig
from pipeline.configuration import Parameters
from pipeline.reference.keys import Key, read_keys
from pipeline.reference.markdown import code, prose, table

FILES: dict[str, type[BaseModel]] = {
    "config.yaml": PathsConfig,
    "params.yaml": Parameters,
    "secrets.yaml": SecretsConfig,
}

_INTRODUCTION = """# Configuration

Made from the models that check the files. Every key is optional unless its default is *required*.
An unknown key or a value out of bounds ends a command before it does anything, and the error lists
the keys that there are. `[]` stands for each item of a list, `*` for each key of a mapping.
"""

_ABOUT = {
    "config.yaml": "Where things are and what runs them. Read from the current folder, or given as "
    "`--config FILE`; what the command line says wins.",
    "params.yaml": "What a run computes. Later wins: `params.yaml` of the current folder, "
    "`--params FILE`, `--profile demo`, `--set section.key=value`. A list is replaced as a whole.",
    "secrets.yaml": "What must not be read by others; git ignores it. Read from the current "
    "folder, or given as `--secrets FILE`. `BRISC_METADATA_STORE` in the environment wins over "
    "`metadata_store`.",
}


def draw_configuration() -> str:
    """The page, in Markdown."""
    parts = [_INTRODUCTION.strip()]
    for file, model in FILES.items():
        parts += [f"## {file}", _ABOUT[file], *_tables(read_keys(model), model is Parameters)]
    return "\n\n".join(parts) + "\n"


def _tables(keys: list[Key], by_section: bool) -> Iterator[str]:
    if not by_section:
        yield _table(keys)
        return
    for section in (key for key in keys if "." not in key.name):
        yield f"### {section.name}"
        yield prose(section.description or "")
        yield _table([key for key in keys if key.name.startswith(f"{section.name}.")])


def _table(keys: list[Key]) -> str:
    columns = ("key", "type", "default", "bounds", "what it is")
    return table(columns, map(_row, keys))


def _row(key: Key) -> tuple[str, ...]:
    default = "*required*" if key.default is None else code(key.default)
    return code(key.name), key.type, default, code(key.bounds), prose(key.description or "")
