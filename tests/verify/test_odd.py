"""What is odd in a set that can be used."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.folders import blob, encode, grey, put, stem, twin_path, with_exif
from tests.verify.command import GLIOMA, Change, verify
from tests.verify.oddities import (
    both_codes,
    class_of_one,
    coloured,
    copy_slice,
    empty_class,
    folder,
    image_is,
    link_loop,
    loop_at_the_top,
    mask_is,
    mirrored_copy,
    near_black_and_white,
    nt_code,
    same_mask,
    same_number,
    three_values,
    turned,
    twin_lost,
    with_alpha,
)

ODD: dict[str, tuple[Change, str, str]] = {
    "mask of another size": (mask_is(blob().resize((20, 16))), "error", "mask-size"),
    "empty mask": (mask_is(blob(0)), "error", "mask-empty"),
    "mask of 0 and 1": (mask_is(blob().point(lambda v: v // 255)), "error", "mask-empty"),
    "grey ramp": (mask_is(grey()), "warning", "mask-grey-ramp"),
    "three values": (mask_is(three_values()), "warning", "mask-three-values"),
    "mask as in BRISC": (mask_is(near_black_and_white()), "note", "mask-not-binary"),
    "23 pixels": (mask_is(blob(23)), "warning", "mask-tiny"),
    "inverted mask": (mask_is(blob().point(lambda v: 255 - v)), "warning", "mask-large"),
    "EXIF-rotated": (image_is(turned()), "warning", "exif-turned"),
    "EXIF": (image_is(turned()), "note", "exif"),
    "RGB that is grey": (
        image_is(encode(grey().convert("RGB"), "JPEG")),
        "note",
        "grey-in-colour",
    ),
    "colours": (image_is(coloured()), "warning", "coloured"),
    "RGBA": (image_is(with_alpha("RGBA")), "warning", "transparent"),
    "LA": (image_is(with_alpha("LA")), "warning", "transparent"),
    "palette": (image_is(with_alpha("P")), "note", "grey-in-colour"),
    "nt": (nt_code, "note", "code-nt"),
    "no and nt of one slice": (both_codes, "warning", "number-twice"),
    "a number twice": (same_number, "warning", "number-twice"),
    "an empty class": (empty_class, "error", "class-empty"),
    "a class of one": (class_of_one, "warning", "class-of-one"),
    "a file in both parts": (copy_slice("test"), "warning", "file-in-train-and-test"),
    "pixels in both parts": (copy_slice("test", again=True), "warning", "pixels-in-train-and-test"),
    "a mirrored copy in both parts": (mirrored_copy, "warning", "mirrored-in-train-and-test"),
    "a file twice": (copy_slice("train"), "warning", "file-twice"),
    "pixels twice": (copy_slice("train", again=True), "warning", "pixels-twice"),
    "two labels": (copy_slice("train", "meningioma"), "warning", "two-labels"),
    "two planes": (copy_slice("train", plane="co"), "warning", "two-planes"),
    "one mask for two": (same_mask, "warning", "mask-twice"),
    "no twin": (twin_lost, "note", "twin-missing"),
    "twin alone": (
        lambda root: put(twin_path(root, f"{stem('glioma', 9)}.jpg"), b"x"),
        "warning",
        "twin-unknown",
    ),
    "another twin": (
        lambda root: put(twin_path(root, f"{GLIOMA}.jpg"), encode(grey(), "JPEG")),
        "warning",
        "twin-differs",
    ),
    "damaged EXIF": (image_is(with_exif(b"no tiff")), "note", "exif"),
    "text among the twins": (
        lambda root: put(twin_path(root, "notes.txt"), b"x"),
        "warning",
        "not-an-image",
    ),
    "a third part": (folder("classification_task/val"), "error", "part-unknown"),
    "a part in capitals": (folder("segmentation_task/Train"), "warning", "folder-ignored"),
    "a third kind": (folder("segmentation_task/train/labels"), "warning", "folder-ignored"),
    "a folder of twins": (folder("segmentation_task/test/images/a"), "warning", "folder-ignored"),
    "a file beside the classes' parts": (
        lambda root: put(root / "classification_task" / "a.jpg", b"x"),
        "error",
        "part-unknown",
    ),
    "a hidden file": (
        lambda root: put(root / "classification_task" / "train" / "glioma" / ".DS_Store", b"x"),
        "note",
        "not-data",
    ),
    "a third task": (folder("detection_task"), "note", "not-data"),
    "a loop among the twins": (link_loop, "error", "link-broken"),
    "a loop at the top": (loop_at_the_top, "warning", "link-broken"),
}


@pytest.mark.parametrize(("change", "severity", "code"), ODD.values(), ids=ODD)
def test_what_is_odd_has_a_name_and_a_place(
    root: Path, change: Change, severity: str, code: str
) -> None:
    path = change(root)
    (root / "manifest.csv").unlink()
    told = verify(root, int(severity == "error"))[code]
    assert told["severity"] == severity
    assert path.relative_to(root).as_posix() in told["paths"]


def test_copies_of_each_other_stay_together(root: Path) -> None:
    copy_slice("test")(root)
    (root / "manifest.csv").unlink()
    found = verify(root, 0)
    assert "mirrored-in-train-and-test" not in found
    told = found["file-in-train-and-test"]
    assert told["count"] == 1
    assert [[Path(path).stem for path in group] for group in told["groups"]] == [
        [stem("glioma", 7, "test"), GLIOMA]
    ]
