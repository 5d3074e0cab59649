"""Pushing: whole or not at all, once, and never to a version that sorts below."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from tfx.types import standard_artifacts

from data.errors import InputError
from pipeline.components import pusher
from serving.model_files import versions


def artifact(kind: type, folder: Path) -> standard_artifacts.Model:
    folder.mkdir(parents=True, exist_ok=True)
    made = kind()
    made.uri = str(folder)
    return made


def push(tmp_path: Path, base: Path, content: str, *, blessed: bool = True) -> object:
    """Pushes a model of one file; returns the PushedModel artifact."""
    model = artifact(standard_artifacts.Model, tmp_path / "model")
    serving = tmp_path / "model" / "Format-Serving"
    serving.mkdir(exist_ok=True)
    (serving / "saved_model.pb").write_text(content)
    blessing = artifact(standard_artifacts.ModelBlessing, tmp_path / "blessing")
    blessing.set_int_custom_property("blessed", int(blessed))
    number = len(list((tmp_path / "pushed").glob("*")))
    pushed = artifact(standard_artifacts.PushedModel, tmp_path / "pushed" / str(number))
    destination = {"filesystem": {"baseDirectory": str(base)}}
    pusher.Executor().Do(
        {"model": [model], "model_blessing": [blessing]},
        {"pushed_model": [pushed]},
        {"push_destination": json.dumps(destination), "custom_config": "null"},
    )
    return pushed


def test_a_model_lands_as_one_version(tmp_path: Path) -> None:
    base = tmp_path / "serving"
    push(tmp_path, base, "one")
    (version,) = versions(base)
    assert (base / str(version) / "saved_model.pb").read_text() == "one"
    assert [path.name for path in base.iterdir()] == [str(version)]


def test_the_newest_model_is_not_pushed_again_but_another_one_is(tmp_path: Path) -> None:
    base = tmp_path / "serving"
    push(tmp_path, base, "one")
    push(tmp_path, base, "one")
    assert len(versions(base)) == 1
    push(tmp_path, base, "two")
    newest = versions(base)[-1]
    assert (base / str(newest) / "saved_model.pb").read_text() == "two"
    # Served is the highest number, so going back needs a new version too.
    push(tmp_path, base, "one")
    assert versions(base)[-1] > newest


def test_a_version_from_the_future_does_not_hide_the_new_model(tmp_path: Path) -> None:
    base = tmp_path / "serving"
    (base / "99999999999").mkdir(parents=True)
    push(tmp_path, base, "one")
    assert versions(base)[-1] == 100000000000


def test_what_is_not_blessed_is_not_pushed(tmp_path: Path) -> None:
    base = tmp_path / "serving"
    push(tmp_path, base, "one", blessed=False)
    assert versions(base) == []


def test_a_destination_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    base = tmp_path / "serving"
    base.write_text("a file in the way")
    with pytest.raises(InputError, match=str(base)):
        push(tmp_path, base, "one")


def test_a_push_that_fails_half_way_leaves_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    base = tmp_path / "serving"

    def full(source: Path, destination: Path) -> None:
        destination.mkdir()
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pusher.shutil, "copytree", full)
    with pytest.raises(InputError, match="No space left on device"):
        push(tmp_path, base, "one")
    assert list(base.iterdir()) == []
