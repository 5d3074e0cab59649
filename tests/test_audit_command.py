"""``brisc data audit``: its files, what it prints, and how it ends."""

from __future__ import annotations

import json
import shutil
from html.parser import HTMLParser
from pathlib import Path

import pytest

from data.checks import check
from data.layout import scan
from pipeline.cli.main import main
from tests.folders import image_path, put, stem, with_exif

VOID = {"meta", "br", "img"}


class Page(HTMLParser):
    """Checks that tags close as they open; gathers text and what the page would fetch."""

    def __init__(self, source: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.text: list[str] = []
        self.fetched: list[str] = []
        self.tags: set[str] = set()
        self.feed(source)
        self.close()
        assert self.open == []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        if tag not in VOID:
            self.open.append(tag)
        self.fetched += [value or "" for name, value in attrs if name in ("src", "href")]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


def run(*arguments: str | Path) -> int:
    try:
        main(["data", "audit", *map(str, arguments)])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


@pytest.fixture
def leaky(sample_dir: Path, tmp_path: Path) -> Path:
    """The sample with a train slice in test once more, and two unusable files."""
    root = tmp_path / "data"
    shutil.copytree(sample_dir, root)
    healthy = [s for s in scan(root).slices if s.label == "no_tumor"]
    source = next(s for s in healthy if s.official_split == "train")
    name = stem("no_tumor", 90001, "test")
    put(image_path(root, f"{name}.jpg", "no_tumor", "test"), source.image.read_bytes())
    put(image_path(root, f"{stem('no_tumor', 90002)}.jpg", "no_tumor"), b"no image")
    put(image_path(root, "<script>alert(1)<.jpg", "no_tumor"), b"")
    return root


def test_json_has_all_that_was_found(leaky: Path, tmp_path: Path, capsys) -> None:
    file = tmp_path / "audit.json"
    assert run(leaky, "--json", file) == 0
    found = json.loads(file.read_text())
    copies = [pair for pair in found["pairs"] if pair["kind"] != "neighbour"]
    assert len(copies) == 1 and copies[0].keys() == {"a", "b", "kind", "score"}
    assert copies[0]["a"] == stem("no_tumor", 90001, "test")
    assert copies[0]["kind"] == "file" and copies[0]["score"] == 1
    assert found["floor"].keys() == {"accuracy", "dice"}
    assert found["leak"][copies[0]["a"]] == "copy"
    assert set(found["leak"].values()) <= {"none", "neighbour", "copy"}
    assert found["leak_counts"]["no_tumor"]["copy"] == 1
    assert found["conflicts"] == []
    assert len(found["shortcuts"]) == 6 and found["tables"]["tertiles"]
    assert len(found["problems"]) == 2
    assert found["data_fingerprint"] == check(scan(leaky)).fingerprint
    printed = capsys.readouterr()
    assert "have a copy in train" in printed.out
    assert "2 unusable, skipped" in printed.out
    assert "90002" in printed.err and "Traceback" not in printed.err


def test_damaged_metadata_costs_no_slice(sample_dir: Path, tmp_path: Path, recwarn) -> None:
    root = tmp_path / "data"
    shutil.copytree(sample_dir, root)
    for number, content in enumerate((b"no tiff", b"II*\0\x08\0\0\0", b"II*\0")):
        path = image_path(root, f"{stem('no_tumor', number)}.png", "no_tumor")
        put(path, with_exif(content))
    file = tmp_path / "audit.json"
    assert run(root, "--json", file) == 0
    found = json.loads(file.read_text())
    assert (found["slices"], found["problems"]) == (96 + 3, [])
    assert not [item for item in recwarn if "EXIF" in str(item.message)]


def test_report_is_one_page_that_fetches_nothing(leaky: Path, tmp_path: Path) -> None:
    file = tmp_path / "audit.html"
    assert run(leaky, "--report", file) == 0
    page = Page(file.read_text(encoding="utf-8"))
    assert page.fetched
    assert all(source.startswith("data:image/jpeg;base64,") for source in page.fetched)
    # The name of the bad file is there as text, and no element of its own.
    assert "script" not in page.tags
    text = " ".join(page.text)
    assert "<script>alert(1)<.jpg" in text
    assert "have a copy in train: 0 of 5 glioma" in text
    assert stem("no_tumor", 90001, "test") in text


def test_report_says_how_many_pairs_it_leaves_out(monkeypatch, sample_dir: Path) -> None:
    from data.audit import gallery
    from data.audit.pairs import Pair

    slices = scan(sample_dir).slices
    pairs = [Pair(slices[0].id, other.id, "near", 0.99) for other in slices[1:6]]
    monkeypatch.setattr(gallery, "MOST", 2)
    drawn = gallery.draw_gallery(slices, pairs)
    assert "5 pairs" in drawn and "2 of them are shown" in drawn
    assert drawn.count("<figure>") == 2


def test_nothing_but_results_is_printed_off_a_terminal(sample_dir: Path, capsys) -> None:
    assert run(sample_dir) == 0
    printed = capsys.readouterr()
    assert printed.err == ""
    assert "None of the 20 test images has a copy in train" in printed.out


@pytest.mark.parametrize("kind", ["missing", "file", "other"])
def test_a_folder_that_cannot_be_read_is_a_named_error(tmp_path: Path, capsys, kind: str) -> None:
    target = tmp_path / "target"
    if kind == "file":
        target.write_text("x")
    elif kind == "other":
        target.mkdir()
    assert run(target) == 1
    assert capsys.readouterr().err.startswith(f"brisc: {target}: ")


def test_a_folder_without_slices_is_reported_as_such(tmp_path: Path, capsys) -> None:
    for part in ("classification_task", "segmentation_task"):
        (tmp_path / part).mkdir()
    report = tmp_path / "audit.html"
    assert run(tmp_path, "--report", report) == 0
    assert "no official test part" in capsys.readouterr().out
    Page(report.read_text())


@pytest.mark.parametrize("option", ["--json", "--report"])
def test_a_file_that_cannot_be_written_is_a_named_error(
    sample_dir: Path, tmp_path: Path, capsys, option: str
) -> None:
    assert run(sample_dir, option, tmp_path / "absent" / "file") == 1
    assert "cannot be written" in capsys.readouterr().err
