"""Reading files: what cannot be used is told one by one, and everything beside it comes through."""

from __future__ import annotations

import struct
import zlib
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from data.checks import MASK_THRESHOLD, Checked, check, check_slice, decode_grey
from data.config import SplitConfig
from data.layout import Slice, scan
from data.splits import assign
from tests.conftest import CACHE
from tests.folders import (
    blob,
    encode,
    grey,
    image_path,
    mask_path,
    put,
    put_good_neighbours,
    put_slice,
    read_manifest,
    stem,
)

NAME = stem("glioma", 1)


def check_folder(root: Path) -> Checked:
    return check(scan(root))


def chunk(kind: bytes, content: bytes) -> bytes:
    return (
        struct.pack(">I", len(content))
        + kind
        + content
        + struct.pack(">I", zlib.crc32(kind + content))
    )


def png_header(width: int, height: int) -> bytes:
    """A PNG that says it is of this size, with pixels for next to nothing of it."""
    size = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    pixels = chunk(b"IDAT", zlib.compress(bytes(1000)))
    return b"\x89PNG\r\n\x1a\n" + size + pixels + chunk(b"IEND", b"")


def deep_png(colour_type: int, channels: int) -> bytes:
    """A PNG of 16 bits a channel, grey in fact: the lower byte of each value is 7."""
    head = chunk(b"IHDR", struct.pack(">IIBBBBB", *grey().size, 16, colour_type, 0, 0, 0))
    values = np.asarray(grey()).astype(">u2") * 256 + 7
    rows = b"".join(b"\0" + np.repeat(row, channels).astype(">u2").tobytes() for row in values)
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def bmp(bits: int, compression: int, pixels: bytes) -> bytes:
    """A BMP of 32 x 32 pixels with a grey palette."""
    palette = b"".join(bytes([value, value, value, 0]) for value in range(256))
    start = 54 + len(palette)
    sizes = struct.pack("<IiiHHIIiiII", 40, 32, 32, 1, bits, compression, len(pixels), 0, 0, 256, 0)
    head = b"BM" + struct.pack("<IHHI", start + len(pixels), 0, 0, start)
    return head + sizes + palette + pixels


def animation(kind: str) -> bytes:
    frames = [grey(), grey().transpose(Image.Transpose.FLIP_TOP_BOTTOM)]
    return encode(frames[0], kind, save_all=True, append_images=frames[1:])


def with_flipped_bit(content: bytes, position: int) -> bytes:
    changed = bytearray(content)
    changed[position] ^= 1
    return bytes(changed)


def inverted_palette() -> Image.Image:
    image = grey().convert("P")
    image.putpalette([255 - value // 3 for value in range(768)])
    return image


PNG = encode(grey(), "PNG")
JPEG = encode(grey(), "JPEG")
GIF = encode(grey(), "GIF")
ANIMATION = animation("GIF")
SECOND_FRAME = ANIMATION.rindex(b"\x2c\0\0\0\0\x28\0\x20\0")
CHECKSUM_OF_PIXELS = -16  # The last four bytes before the IEND chunk, which has twelve.
RLE_ROWS = (b"\x20\x80" + b"\0\0") * 32 + b"\0\1"

BAD_IMAGES: dict[str, tuple[bytes, str]] = {
    "zero bytes": (b"", "the file is empty"),
    "truncated JPEG": (JPEG[: len(JPEG) // 2], "damaged"),
    "truncated PNG": (PNG[: len(PNG) // 2], "damaged"),
    # Pillow shows these as if nothing were missing; TensorFlow would end the run.
    "PNG without its last bytes": (PNG[:-3], "damaged"),
    "PNG without its last chunk": (PNG[:-12], "damaged"),
    "PNG with a wrong checksum": (with_flipped_bit(PNG, CHECKSUM_OF_PIXELS), "damaged"),
    "GIF without its last bytes": (GIF[:-2], "damaged"),
    "PNG signature alone": (PNG[:8], "not a JPEG, PNG, BMP or GIF"),
    "text": (b"The scan will follow by post.\n", "not a JPEG, PNG, BMP or GIF"),
    "another format": (encode(grey(), "TIFF"), "not a JPEG, PNG, BMP or GIF"),
    "16-bit PNG": (encode(grey().convert("I;16"), "PNG"), "pixel mode I;16"),
    "16-bit RGB PNG": (deep_png(2, 3), "16 bits a channel"),
    "16-bit LA PNG": (deep_png(4, 2), "16 bits a channel"),
    "16-bit RGBA PNG": (deep_png(6, 4), "16 bits a channel"),
    "CMYK JPEG": (encode(grey().convert("CMYK"), "JPEG"), "pixel mode CMYK"),
    "animated GIF": (ANIMATION, "animated"),
    "animated PNG": (animation("PNG"), "animated"),
    "GIF cut in the size of its second frame": (ANIMATION[: SECOND_FRAME + 5], "damaged"),
    "GIF cut in the colours of its second frame": (ANIMATION[: SECOND_FRAME + 20], "damaged"),
    "1x1": (encode(Image.new("L", (1, 1)), "PNG"), "1x1 is smaller than 16"),
    "a line": (encode(Image.new("L", (400, 15)), "PNG"), "400x15 is smaller than 16"),
    "40,000 x 40,000": (png_header(40_000, 40_000), "more than 64000000 pixels"),
    # Pillow itself only warns of this one.
    "10,000 x 10,000": (png_header(10_000, 10_000), "10000x10000 are more than 64000000"),
    "1-bit BMP": (encode(grey().convert("1"), "BMP"), "BMP images must be"),
    "16-bit BMP": (bmp(16, 0, bytes(2048)), "BMP images must be"),
    "compressed BMP": (bmp(8, 1, RLE_ROWS), "BMP images must be"),
    "palette BMP": (encode(inverted_palette(), "BMP"), "BMP images must be"),
}


@pytest.mark.parametrize(("content", "reason"), BAD_IMAGES.values(), ids=BAD_IMAGES)
@pytest.mark.parametrize("role", ["image", "mask"])
def test_bad_file_is_one_problem_and_costs_no_neighbour(
    tmp_path: Path, content: bytes, reason: str, role: str
) -> None:
    good = put_good_neighbours(tmp_path)
    put_slice(tmp_path, "glioma", 1)
    is_mask = role == "mask"
    path = (
        mask_path(tmp_path, f"{NAME}.png")
        if is_mask
        else image_path(tmp_path, f"{NAME}.jpg", "glioma")
    )
    put(path, content)
    checked = check_folder(tmp_path)
    (problem,) = checked.problems
    assert (problem.path, problem.slice_id) == (path, NAME)
    assert reason in problem.reason
    assert problem.remedy
    assert [item.id for item in checked.slices] == sorted(good)


def rotated() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encode(grey(), "JPEG", exif=exif, quality=100)


GOOD_IMAGES: dict[str, bytes] = {
    "grey JPEG": encode(grey(), "JPEG", quality=100),
    "progressive JPEG": encode(grey(), "JPEG", quality=100, progressive=True),
    "RGB JPEG that is grey in fact": encode(grey().convert("RGB"), "JPEG", quality=100),
    "EXIF-rotated": rotated(),
    "grey PNG": PNG,
    "RGB PNG": encode(grey().convert("RGB"), "PNG"),
    "RGBA PNG": encode(grey().convert("RGBA"), "PNG"),
    "transparent PNG": encode(Image.merge("LA", (grey(), Image.new("L", grey().size))), "PNG"),
    "palette PNG": encode(grey().convert("P"), "PNG"),
    "PNG with something behind it": PNG + bytes(2000),
    "grey BMP": encode(grey(), "BMP"),
    "RGB BMP": encode(grey().convert("RGB"), "BMP"),
    "still GIF": GIF,
}


@pytest.mark.parametrize("content", GOOD_IMAGES.values(), ids=GOOD_IMAGES)
def test_usual_variants_are_read_as_the_same_grey_image(content: bytes) -> None:
    pixels = decode_grey(content)
    assert isinstance(pixels, np.ndarray), pixels
    # Transparency and orientation are metadata: what counts is the stored grey.
    np.testing.assert_allclose(pixels.astype(int), np.asarray(grey()).astype(int), atol=2)


def test_an_inverted_palette_is_looked_up() -> None:
    pixels = decode_grey(encode(inverted_palette(), "PNG"))
    np.testing.assert_array_equal(pixels, 255 - np.asarray(grey()))


def test_smallest_and_largest_size_are_read() -> None:
    for size in ((16, 16), (8000, 8000)):
        pixels = decode_grey(encode(Image.new("L", size), "PNG", compress_level=1))
        assert isinstance(pixels, np.ndarray) and pixels.shape == size[::-1]


@pytest.mark.parametrize("kind", ["JPEG", "PNG", "BMP", "GIF"])
def test_no_damage_gets_past_as_another_error(kind: str) -> None:
    # A change of one byte each, and each cut: read or refused, whatever comes of it.
    rng = np.random.default_rng(0)
    content = ANIMATION if kind == "GIF" else encode(grey(), kind)
    for _ in range(300):
        changed = bytearray(content[: rng.integers(1, len(content) + 1)])
        changed[rng.integers(len(changed))] = rng.integers(256)
        assert isinstance(decode_grey(bytes(changed)), np.ndarray | str)


# Masks


def ramp() -> Image.Image:
    return grey()


def three_values() -> Image.Image:
    values = np.zeros((32, 40), np.uint8)
    values[:4], values[4:8] = 255, 100
    return Image.fromarray(values)


@pytest.mark.parametrize("mask", [ramp(), three_values(), blob(23), blob(1)])
def test_mask_that_is_not_quite_binary_or_tiny_is_used(tmp_path: Path, mask: Image.Image) -> None:
    put_slice(tmp_path, "glioma", 1)
    put(mask_path(tmp_path, f"{NAME}.png"), encode(mask, "PNG"))
    checked = check_folder(tmp_path)
    assert not checked.problems
    assert [item.id for item in checked.slices] == [NAME]


@pytest.mark.parametrize(
    ("mask", "reason"),
    [
        (blob().resize((20, 16)), "the mask is 20x16, its image 40x32"),
        (blob().transpose(Image.Transpose.ROTATE_90), "the mask is 32x40, its image 40x32"),
        (blob(0), "no pixel above 127"),
        (blob().point(lambda value: value * MASK_THRESHOLD // 255), "no pixel above 127"),
    ],
    ids=["smaller", "turned", "empty", "of threshold grey"],
)
def test_mask_that_cannot_be_right_is_one_problem(
    tmp_path: Path, mask: Image.Image, reason: str
) -> None:
    good = put_good_neighbours(tmp_path)
    put_slice(tmp_path, "glioma", 1)
    path = put(mask_path(tmp_path, f"{NAME}.png"), encode(mask, "PNG"))
    checked = check_folder(tmp_path)
    (problem,) = checked.problems
    assert problem.path == path and problem.remedy
    assert reason in problem.reason
    assert [item.id for item in checked.slices] == sorted(good)


# Files that cannot be read at all


@pytest.mark.parametrize(
    ("target", "reason"),
    [("missing", "No such file or directory"), ("/proc/self/mem", "Input/output error")],
)
def test_unreadable_file_is_a_problem(tmp_path: Path, target: str, reason: str) -> None:
    # Root may read every file, but not the lowest memory of a process.
    path = tmp_path / "image.jpg"
    path.symlink_to(target)
    problems, _ = check_slice(Slice(NAME, "no_tumor", "axial", "train", path, None))
    assert [(problem.path, problem.reason) for problem in problems] == [(path, reason)]


# The whole folder


def test_every_problem_is_told_at_once(tmp_path: Path) -> None:
    good = put_good_neighbours(tmp_path)
    expected = {put(image_path(tmp_path, "scan.jpg", "glioma"), b"")}
    for number, (content, _) in enumerate(BAD_IMAGES.values()):
        name = put_slice(tmp_path, "pituitary", number)
        expected.add(put(image_path(tmp_path, f"{name}.jpg", "pituitary"), content))
    checked = check_folder(tmp_path)
    assert {problem.path for problem in checked.problems} == expected
    assert len(checked.problems) == len(expected)
    assert [item.id for item in checked.slices] == sorted(good)


def test_a_slice_with_two_bad_files_has_a_problem_for_each(tmp_path: Path) -> None:
    put_slice(tmp_path, "glioma", 1)
    files = {
        put(image_path(tmp_path, f"{NAME}.jpg", "glioma"), b""),
        put(mask_path(tmp_path, f"{NAME}.png"), b"text"),
    }
    assert {problem.path for problem in check_folder(tmp_path).problems} == files


def test_progress_counts_each_slice_good_or_bad(tmp_path: Path) -> None:
    put_good_neighbours(tmp_path)
    put(image_path(tmp_path, f"{stem('no_tumor', 1)}.jpg", "no_tumor"), b"")
    steps: list[None] = []
    check(scan(tmp_path), lambda: steps.append(None))
    assert len(steps) == 4


Change = Callable[[Path], object]


@pytest.mark.parametrize(
    "change",
    [
        lambda root: put(image_path(root, f"{NAME}.jpg", "glioma"), JPEG + b"\0"),
        lambda root: put(mask_path(root, f"{NAME}.png"), encode(blob(101), "PNG")),
        lambda root: put_slice(root, "glioma", 2),
        lambda root: mask_path(root, f"{NAME}.png").unlink(),
        lambda root: (root / "classification_task/train/glioma").rename(root / "gone"),
    ],
    ids=["image", "mask", "another slice", "slice less", "class less"],
)
def test_fingerprint_follows_the_contents(tmp_path: Path, change: Change) -> None:
    put_good_neighbours(tmp_path)
    put_slice(tmp_path, "glioma", 1)
    before = check_folder(tmp_path).fingerprint
    change(tmp_path)
    assert check_folder(tmp_path).fingerprint != before


def test_fingerprint_is_that_of_the_usable_slices_wherever_they_lie(tmp_path: Path) -> None:
    for root in (tmp_path / "a", tmp_path / "b"):
        put_good_neighbours(root)
    put(image_path(tmp_path / "b", f"{NAME}.jpg", "glioma"), b"")
    one, other = check_folder(tmp_path / "a"), check_folder(tmp_path / "b")
    assert not one.problems and other.problems
    assert one.fingerprint == other.fingerprint


# Whole data sets


def test_the_synthetic_set_is_faultless(sample_dir: Path) -> None:
    checked = check_folder(sample_dir)
    assert not checked.problems
    assert len(checked.slices) == 96


def test_the_real_set_is_faultless_and_as_its_manifest_says(brisc_dir: Path) -> None:
    checked = check_folder(brisc_dir)
    assert not checked.problems
    assert checked.slices
    if brisc_dir == CACHE:
        assert len(checked.slices) == 5262
    # The copy beside the repository leaves some files of the manifest out.
    listed = [
        row
        for row in read_manifest(brisc_dir / "manifest.csv")
        if row.task == "classification" and (brisc_dir / row.path).is_file()
    ]
    assert Counter((item.official_split, item.label, item.plane) for item in checked.slices) == (
        Counter((row.name.split, row.name.label, row.name.plane) for row in listed)
    )
    parts = assign(checked.slices, SplitConfig()).parts
    assert sum(map(len, parts.values())) == len(checked.slices)
    train = Counter((item.label, item.plane) for item in (*parts["train"], *parts["val"]))
    val = Counter((item.label, item.plane) for item in parts["val"])
    for stratum, count in train.items():
        assert abs(val[stratum] - 0.1 * count) <= 0.5, stratum
