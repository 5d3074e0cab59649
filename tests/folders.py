"""Builds folders in BRISC layout, file by file, for the tests that break one of them."""

from __future__ import annotations

import io
import struct
import zlib
from pathlib import Path

import numpy as np
from PIL import Image

from data.manifest import parse_manifest, write_manifest
from data.manifest_row import ManifestRow
from data.naming import CLASS_CODES, CLASSES, NO_TUMOR, OFFICIAL_SPLITS

SIDE = 32


def grey() -> Image.Image:
    """A slice: not square, and of all grey values its pixels can hold."""
    values = np.linspace(0, 255, SIDE * (SIDE + 8)).round().astype(np.uint8)
    return Image.fromarray(values.reshape(SIDE, SIDE + 8))


def blob(pixels: int = 100) -> Image.Image:
    """A mask of ``grey``'s size with so many pixels of tumour."""
    values = np.zeros((SIDE, SIDE + 8), np.uint8)
    values.flat[:pixels] = 255
    return Image.fromarray(values)


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    """The bytes of ``image`` as a file of format ``kind``."""
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def with_exif(content: bytes) -> bytes:
    """A PNG with these bytes for its EXIF data, whatever they are."""
    png = encode(grey(), "PNG")
    head = b"eXIf" + content
    chunk = struct.pack(">I", len(content)) + head + struct.pack(">I", zlib.crc32(head))
    # Behind the signature and the IHDR chunk.
    return png[:33] + chunk + png[33:]


def stem(label: str, number: int, split: str = "train", plane: str = "ax") -> str:
    """The name of a slice, without its suffix."""
    return f"brisc2025_{split}_{number:05d}_{CLASS_CODES[label]}_{plane}_t1"


def image_path(root: Path, name: str, label: str, split: str = "train") -> Path:
    """Where the image of a slice lies; ``name`` is its file's."""
    return root / "classification_task" / split / label / name


def mask_path(root: Path, name: str, split: str = "train") -> Path:
    """Where the mask of a slice lies; ``name`` is its file's."""
    return root / "segmentation_task" / split / "masks" / name


def twin_path(root: Path, name: str, split: str = "train") -> Path:
    """Where the segmentation task keeps its copy of the image of a slice."""
    return root / "segmentation_task" / split / "images" / name


def put(path: Path, content: bytes) -> Path:
    """Writes a file and the folders above it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def put_slice(root: Path, label: str, number: int, split: str = "train", plane: str = "ax") -> str:
    """Writes a faultless slice; returns its stem."""
    name = stem(label, number, split, plane)
    put(image_path(root, f"{name}.jpg", label, split), encode(grey(), "JPEG"))
    if label != NO_TUMOR:
        put(mask_path(root, f"{name}.png", split), encode(blob(), "PNG"))
    return name


def put_good_neighbours(root: Path) -> list[str]:
    """Writes three faultless slices, which no fault elsewhere may cost; returns their stems."""
    return [
        put_slice(root, "glioma", 90001),
        put_slice(root, "meningioma", 90002, "test"),
        put_slice(root, "no_tumor", 90003),
    ]


def put_pair(root: Path, label: str, number: int, split: str) -> None:
    """Writes a faultless slice that is like no other, and its copy in the segmentation task."""
    name = stem(label, number, split)
    pixels = 100 + number + 100 * (split == "test")
    values = np.asarray(grey()).copy()
    # A tile for each number: JPEG keeps it apart from the others.
    values[:8, 8 * (number % 4) :][:, :8] = 20 * CLASSES.index(label) + 100 * (split == "test")
    picture = encode(Image.fromarray(values), "JPEG")
    put(image_path(root, f"{name}.jpg", label, split), picture)
    if label != NO_TUMOR:
        put(twin_path(root, f"{name}.jpg", split), picture)
        put(mask_path(root, f"{name}.png", split), encode(blob(pixels), "PNG"))


def put_set(root: Path) -> Path:
    """Writes a small set with all that BRISC has: three slices of each class, and a manifest."""
    for split in OFFICIAL_SPLITS:
        for label in CLASSES:
            for number in (1, 2, 3):
                put_pair(root, label, 10 * CLASSES.index(label) + number, split)
    write_manifest(root)
    return root


def read_manifest(path: Path) -> tuple[ManifestRow, ...]:
    """The rows of a manifest; raises the first fault, where it has any."""
    rows, faults = parse_manifest(path, path.read_bytes())
    if faults:
        raise faults[0]
    return rows


def broken_set(root: Path) -> list[Path]:
    """A set with faults of all kinds, in names and in contents; returns the files at fault."""
    put_good_neighbours(root)
    return [
        put(image_path(root, "my scan\n.jpg", "glioma"), b"x"),
        put(image_path(root, f"{stem('no_tumor', 1)}.jpg", "no_tumor"), b""),
        put(image_path(root, f"{stem('no_tumor', 2)}.jpg", "no_tumor"), b"text"),
        put(
            image_path(root, f"{stem('no_tumor', 3)}.jpg", "no_tumor"), encode(grey(), "JPEG")[:99]
        ),
        put(image_path(root, f"{stem('pituitary', 4)}.jpg", "pituitary"), encode(grey(), "JPEG")),
    ]
