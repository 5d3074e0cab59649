"""Transfers that break are continued."""

from __future__ import annotations

from pathlib import Path

import pytest

from data.download.download import STAGE
from data.errors import InputError
from tests.download.fetching import assert_whole, fetch, refused
from tests.publisher import Server


def test_a_break_is_continued_at_once(server: Server, published: Path, target: Path) -> None:
    server.cuts = [10_000, 5_000]
    fetch(server, target)
    assert [wanted for wanted, _ in server.log] == [None, "bytes=10000-", "bytes=15000-"]
    assert server.sent == server.size
    assert_whole(published, target)


@pytest.mark.parametrize("exists", [False, True], ids=["new folder", "empty folder"])
def test_the_same_command_continues_and_fetches_no_byte_twice(
    server: Server, published: Path, target: Path, exists: bool
) -> None:
    if exists:
        target.mkdir(parents=True)
    server.cuts = [10_000, 0, 0]
    with pytest.raises(InputError, match=f"broke off at 10000 of {server.size} bytes") as caught:
        fetch(server, target)
    assert "same command" in caught.value.remedy
    assert not (target / "classification_task").exists()
    server.log.clear()
    fetch(server, target)
    assert server.log == [("bytes=10000-", server.size - 10_000)]
    assert_whole(published, target)


def test_server_that_knows_no_ranges_is_asked_for_all(
    server: Server, published: Path, target: Path
) -> None:
    server.cuts, server.ignores_range = [10_000], True
    fetch(server, target)
    assert server.log[1] == ("bytes=10000-", server.size)
    assert_whole(published, target)


def test_part_that_the_server_does_not_know_is_fetched_anew(
    server: Server, published: Path, target: Path
) -> None:
    server.cuts = [10_000, 0, 0]
    refused(server, target)
    # What is there now has another length than what was begun.
    server.status[f"/files/{server.name}"] = 416
    refused(server, target)
    server.status.clear()
    server.log.clear()
    fetch(server, target)
    assert server.log[0] == (None, server.size)
    assert_whole(published, target)


def test_what_is_unpacked_half_is_unpacked_anew(
    server: Server, published: Path, target: Path
) -> None:
    half = target.parent / f"{STAGE}-{target.name}" / "content" / "classification_task"
    half.mkdir(parents=True)
    (half / "half.jpg").write_bytes(b"x")
    fetch(server, target)
    assert_whole(published, target)
