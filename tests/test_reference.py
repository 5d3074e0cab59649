"""The reference pages leave out no command, no option and no key, and say what each is for."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer
import yaml

from pipeline.cli.main import app
from pipeline.configuration import load_parameters
from pipeline.reference.commands import Command, draw_commands, read_commands
from pipeline.reference.configuration import FILES, draw_configuration
from pipeline.reference.keys import read_keys
from tests.command import ROOT
from tests.test_configuration import leaves

COMMANDS = read_commands()
KEYS = [(file, key) for file, model in FILES.items() for key in read_keys(model)]


def registered(group: typer.Typer, above: str) -> Iterator[str]:
    """Names of all that typer was told, which is not where the pages take them from."""
    yield above
    for command in group.registered_commands:
        name = command.name or command.callback.__name__  # type: ignore[union-attr]
        yield f"{above} {name}"
    for below in group.registered_groups:
        assert below.typer_instance is not None
        yield from registered(below.typer_instance, f"{above} {below.name}")


# Commands


def test_every_command_is_there() -> None:
    assert sorted(command.name for command in COMMANDS) == sorted(registered(app, "brisc"))
    page = draw_commands(COMMANDS)
    for command in COMMANDS:
        assert f"\n## {command.name}\n" in page


def test_every_command_argument_and_option_says_what_it_is_for() -> None:
    silent = [command.name for command in COMMANDS if not command.description]
    for command in COMMANDS:
        silent += [
            f"{command.name} {one.name}" for one in command.parameters if not one.description
        ]
    assert not silent


def test_the_options_before_every_command_are_there() -> None:
    (root,) = (command for command in COMMANDS if command.name == "brisc")
    assert [parameter.name for parameter in root.parameters] == ["--version"]


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command.name)
def test_a_command_is_described_as_its_help_does(
    command: Command, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        app([*command.name.split()[1:], "--help"], prog_name="brisc")
    # The help is broken where lines end, also at hyphens.
    said = "".join(capsys.readouterr().out.split())
    parts = [f"Usage: {command.usage}", *command.description, *command.examples]
    for one in command.parameters:
        parts += [f"{one.name} {one.description}", one.notes]
    for part in parts:
        assert "".join(part.split()) in said


def called(page: Path) -> Iterator[list[str]]:
    """The words of each call of ``brisc`` in the shell commands of a page."""
    for block in re.findall(r"```sh\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        for line in block.replace("\\\n", " ").splitlines():
            command: list[str] = []
            for word in [*shlex.split(line, comments=True), ";"]:
                if not re.fullmatch(r"[|&;]+", word):
                    command.append(word)
                    continue
                if command[:1] == ["brisc"]:
                    yield command[1:]
                command = []


@pytest.mark.parametrize(
    "page",
    [
        path
        for path in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md")))
        if any(called(path))
    ],
    ids=lambda page: page.relative_to(ROOT).as_posix(),
)
def test_pages_call_commands_and_options_that_there_are(page: Path) -> None:
    known = {command.name: command for command in COMMANDS}
    for words in called(page):
        name = "brisc"
        while words and f"{name} {words[0]}" in known:
            name = f"{name} {words.pop(0)}"
        assert name != "brisc", words
        options = " ".join(parameter.name for parameter in known[name].parameters)
        for word in words:
            if word.startswith("--") and word != "--help":
                assert word.partition("=")[0] in options.split(), f"{name} {word}"


# Keys


def test_every_key_of_the_files_is_there() -> None:
    listed = {(file, key.name) for file, key in KEYS}
    for file in ("config.yaml", "params.yaml", "secrets.yaml"):
        source = file.replace("secrets", "secrets.example")
        for name in leaves(yaml.safe_load((ROOT / source).read_text(encoding="utf-8"))):
            known = name if not name.startswith("tuning.space.") else "tuning.space"
            assert (file, known) in listed
    page = draw_configuration()
    for _, key in KEYS:
        assert f"| `{key.name}` |" in page or f"### {key.name}\n" in page


def test_every_key_says_what_it_is_for() -> None:
    assert not [f"{file}: {key.name}" for file, key in KEYS if not key.description]


def test_types_defaults_and_bounds_are_those_that_are_checked() -> None:
    rows = {key.name: (key.type, key.default, key.bounds) for _, key in KEYS}
    assert rows["model.image_size"] == ("integer", "256", "≥ 32, ≤ 1024, multiple of 32")
    assert rows["training.ema_decay"] == ("number or null", "0.99", "≥ 0, < 1")
    assert rows["training.pixel_loss"][0] == "`cross_entropy`, `focal`, `none`"
    assert rows["model.decoder_filters"][0] == "list of 5 integers"
    assert rows["gate.thresholds[].slice.leak"][1] == "null"
    assert rows["gate.changes[].tolerance"] == ("number", None, "≥ 0")
    assert rows["serving_token"] == ("secret string or null", "null", "at least 8 characters")


def test_a_default_is_taken_as_it_is_written() -> None:
    given = [
        f"{key.name}={key.default}"
        for file, key in KEYS
        if file == "params.yaml" and key.default and not {"[", "*"} & set(key.name)
    ]
    assert len(given) > 50
    assert load_parameters([], None, given) == load_parameters([], None, [])
