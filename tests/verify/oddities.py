"""Changes that make a faultless set odd."""

from __future__ import annotations

import shutil
from pathlib import Path

import numpy as np
from PIL import Image

from tests.folders import blob, encode, grey, image_path, mask_path, put, stem, twin_path
from tests.verify.command import GLIOMA, HEALTHY, OTHER, Change


def mask_is(picture: Image.Image) -> Change:
    return lambda root: put(mask_path(root, f"{GLIOMA}.png"), encode(picture, "PNG"))


def image_is(content: bytes) -> Change:
    def change(root: Path) -> Path:
        put(twin_path(root, f"{GLIOMA}.jpg"), content)
        return put(image_path(root, f"{GLIOMA}.jpg", "glioma"), content)

    return change


def three_values() -> Image.Image:
    values = np.zeros((32, 40), np.uint8)
    values[:4], values[4:8] = 255, 100
    return Image.fromarray(values)


def near_black_and_white() -> Image.Image:
    return blob().point(lambda value: 5 if value == 0 else 250)


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encode(grey(), "JPEG", exif=exif)


def coloured() -> bytes:
    return encode(Image.merge("RGB", (grey(), grey(), Image.new("L", grey().size))), "JPEG")


def with_alpha(mode: str) -> bytes:
    return encode(grey().convert(mode), "PNG")


def rename_pair(root: Path, name: str) -> Path:
    twin_path(root, f"{GLIOMA}.jpg").rename(twin_path(root, f"{name}.jpg"))
    mask_path(root, f"{GLIOMA}.png").rename(mask_path(root, f"{name}.png"))
    return image_path(root, f"{GLIOMA}.jpg", "glioma").rename(
        image_path(root, f"{name}.jpg", "glioma")
    )


def nt_code(root: Path) -> Path:
    path = image_path(root, f"{HEALTHY}.jpg", "no_tumor")
    return path.rename(path.with_name(path.name.replace("_no_", "_nt_")))


def both_codes(root: Path) -> Path:
    path = image_path(root, f"{HEALTHY}.jpg", "no_tumor")
    shutil.copy(path, path.with_name(path.name.replace("_no_", "_nt_")))
    return path


def same_number(root: Path) -> Path:
    return rename_pair(root, OTHER.replace("_ax_", "_co_"))


def empty_class(root: Path) -> Path:
    shutil.rmtree(image_path(root, "", "no_tumor", "test"))
    return image_path(root, "", "no_tumor", "test")


def class_of_one(root: Path) -> Path:
    for number in (32, 33):
        image_path(root, f"{stem('no_tumor', number)}.jpg", "no_tumor").unlink()
    return image_path(root, "", "no_tumor")


def copy_slice(split: str, label: str = "glioma", plane: str = "ax", again: bool = False) -> Change:
    """Puts a copy of a slice elsewhere, or (``again``) its pixels in another file."""

    def change(root: Path) -> Path:
        path = image_path(root, f"{GLIOMA}.jpg", "glioma")
        content = path.read_bytes()
        if again:
            content += b"behind the end"
        name = stem(label, 7, split, plane)
        put(twin_path(root, f"{name}.jpg", split), content)
        put(mask_path(root, f"{name}.png", split), encode(blob(150), "PNG"))
        return put(image_path(root, f"{name}.jpg", label, split), content)

    return change


def mirrored_copy(root: Path) -> Path:
    """Encoded anew, as the copies in BRISC are: not one pixel need be the same."""
    with Image.open(image_path(root, f"{GLIOMA}.jpg", "glioma")) as image:
        mirrored = image.transpose(Image.Transpose.FLIP_LEFT_RIGHT)
    name = stem("glioma", 7, "test")
    put(mask_path(root, f"{name}.png", "test"), encode(blob(150), "PNG"))
    path = image_path(root, f"{name}.jpg", "glioma", "test")
    return put(path, encode(mirrored, "JPEG", quality=80))


def same_mask(root: Path) -> Path:
    content = mask_path(root, f"{OTHER}.png").read_bytes()
    return put(mask_path(root, f"{GLIOMA}.png"), content)


def twin_lost(root: Path) -> Path:
    twin_path(root, f"{GLIOMA}.jpg").unlink()
    return image_path(root, f"{GLIOMA}.jpg", "glioma")


def link_loop(root: Path) -> Path:
    path = root / "segmentation_task" / "train" / "images" / "loop.jpg"
    path.symlink_to(path)
    return path


def loop_at_the_top(root: Path) -> Path:
    (root / "loop").symlink_to("loop")
    return root / "loop"


def folder(name: str) -> Change:
    return lambda root: put(root / name / f"{GLIOMA}.jpg", b"x").parent
