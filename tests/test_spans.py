"""`{SPAN}` in the path of the data: which folder it comes to, and what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.errors import ConfigurationError, InputError
from pipeline.spans import resolve_data


def spans(root: Path, *names: str) -> None:
    for name in names:
        (root / name).mkdir(parents=True)


@pytest.mark.parametrize(
    ("pattern", "wanted", "folder"),
    [
        ("span-{SPAN}", None, "span-10"),
        ("span-{SPAN}", 9, "span-9"),
        ("span-{SPAN:3}", None, "span-009"),
        ("span-{SPAN:3}", 7, "span-007"),
        # The largest number of which there is the whole path.
        ("{SPAN}/brisc", None, "3/brisc"),
    ],
)
def test_a_pattern_comes_to_the_folder_of_a_span(
    tmp_path: Path, pattern: str, wanted: int | None, folder: str
) -> None:
    spans(tmp_path, "span-9", "span-10", "span-007", "span-009", "span-x", "3/brisc", "4/other")
    (tmp_path / "span-11").write_text("no folder")
    data, span = resolve_data(tmp_path / pattern, wanted)
    assert data == tmp_path / folder
    assert span is not None and span.folder == data
    assert str(span.number) in folder


def test_what_has_no_pattern_is_left_as_it_is(tmp_path: Path) -> None:
    assert resolve_data(tmp_path / "{a}*", None) == (tmp_path / "{a}*", None)


@pytest.mark.parametrize(
    ("pattern", "wanted", "error", "reason"),
    [
        ("span-1", 1, ConfigurationError, "has no spans"),
        ("span-{SPAN}/{SPAN}", None, ConfigurationError, "not one pattern"),
        ("span-{SPAN", None, ConfigurationError, "not one pattern"),
        ("span-{SPAN:x}", None, ConfigurationError, "x is no number of digits"),
        ("day-{SPAN}", None, InputError, "no folder is named so"),
        ("none/{SPAN}", None, InputError, "no folder is named so"),
        ("span-{SPAN}", 2, InputError, "there is no folder of span 2"),
    ],
)
def test_what_comes_to_no_folder_is_named_with_a_way_out(
    tmp_path: Path, pattern: str, wanted: int | None, error: type[Exception], reason: str
) -> None:
    spans(tmp_path, "span-1", "span-3", "span-02")
    with pytest.raises(error, match=reason) as caught:
        resolve_data(tmp_path / pattern, wanted)
    assert caught.value.remedy
    if wanted == 2:
        assert "the 2 there are, 1 to 3" in caught.value.remedy
