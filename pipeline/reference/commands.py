"""Every command with its arguments and options, as `--help` has them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import typer
from typer.core import TyperGroup

from pipeline.reference.markdown import code, prose, table

_EXAMPLE = "Example: "
_INTRODUCTION = """# Commands

Made from the commands themselves; `--help` behind any of them prints the same. They exit 0 when all
went well, 1 when an input cannot be used or something failed, and 2 for bad usage or configuration;
where a command has further codes, it says so.
"""


@dataclass(frozen=True)
class Parameter:
    """An argument or an option.

    Attributes:
        name: How it is written, with the kind of its value.
        description: What it is for.
        notes: Whether it is required, its default and its bounds.
    """

    name: str
    description: str
    notes: str


@dataclass(frozen=True)
class Command:
    """A command.

    Attributes:
        name: All of its words, ``brisc`` first.
        usage: How it is called.
        description: Its paragraphs, without the examples.
        examples: Command lines.
        parameters: In the order of its help, without ``--help`` itself.
    """

    name: str
    usage: str
    description: tuple[str, ...]
    examples: tuple[str, ...]
    parameters: tuple[Parameter, ...]


def read_commands() -> list[Command]:
    """All commands and groups of them, each group before its commands."""
    from pipeline.cli.main import app

    command = typer.main.get_command(app)
    return list(_walk(command, typer.Context(command, info_name="brisc")))


def draw_commands(commands: list[Command]) -> str:
    """The page of all commands, in Markdown."""
    return "\n\n".join([_INTRODUCTION.strip(), *map(_draw, commands)]) + "\n"


def _walk(command: Any, context: typer.Context) -> Iterator[Command]:
    paragraphs = [" ".join(text.split()) for text in (command.help or "").split("\n\n")]
    records = (parameter.get_help_record(context) for parameter in command.params)
    yield Command(
        name=context.command_path,
        usage=" ".join(command.get_usage(context).removeprefix("Usage: ").split()),
        description=tuple(text for text in paragraphs if not text.startswith(_EXAMPLE)),
        examples=tuple(
            text.removeprefix(_EXAMPLE) for text in paragraphs if text.startswith(_EXAMPLE)
        ),
        parameters=tuple(_parameter(*record) for record in records if record),
    )
    if isinstance(command, TyperGroup):
        for name, below in command.commands.items():
            yield from _walk(below, typer.Context(below, info_name=name, parent=context))


def _parameter(name: str, text: str) -> Parameter:
    # A help record is the help and "[default: 8500; 0<=x<=65535]", where there is either.
    description, _, notes = f"  {text}".partition("  [")
    return Parameter(name, description.strip(), notes.removesuffix("]"))


def _draw(command: Command) -> str:
    parts = [f"## {command.name}", *map(prose, command.description), f"```\n{command.usage}\n```"]
    if command.parameters:
        rows = [
            (code(one.name), prose(one.description), code(one.notes)) for one in command.parameters
        ]
        parts.append(table(("argument or option", "what it is", "default, bounds"), rows))
    parts += [f"```sh\n{example}\n```" for example in command.examples]
    return "\n\n".join(parts)
