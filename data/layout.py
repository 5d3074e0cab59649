"""Finds the slices of a folder in BRISC layout and pairs each image with its mask.

Only names are looked at here, no file is opened: ``data.checks`` reads the contents.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from data import naming
from data.errors import InputError, Problem

CLASSIFICATION = "classification_task"
SEGMENTATION = "segmentation_task"
IMAGE_SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif")
MASK_SUFFIX = ".png"


@dataclass(frozen=True)
class Slice:
    """One MRI slice of the data set.

    Attributes:
        id: The stem shared by image and mask.
        label: One of ``naming.CLASSES``.
        plane: One of ``naming.PLANES``.
        official_split: ``train`` or ``test``, as published.
        image: Path of the encoded image.
        mask: Path of the encoded mask; ``None`` for ``no_tumor``.
    """

    id: str
    label: str
    plane: str
    official_split: str
    image: Path
    mask: Path | None


@dataclass(frozen=True)
class Layout:
    """What a folder holds: its usable slices, sorted by id, and what was wrong by name alone."""

    root: Path
    slices: tuple[Slice, ...]
    problems: tuple[Problem, ...]


def scan(root: Path) -> Layout:
    """Lists the slices below ``root``.

    Raises:
        InputError: ``root`` is missing, cannot be listed or is not in BRISC layout at all.
    """
    try:
        _require_layout(root)
        return _list(root)
    except OSError as error:
        raise InputError(
            error.filename or root,
            f"it cannot be listed ({error.strerror})",
            "Give a folder that you may read, with all that is in it",
        ) from error


def _list(root: Path) -> Layout:
    slices: dict[str, Slice] = {}
    problems = [
        Problem(
            path,
            "not one of the official parts",
            f"Name them {' and '.join(naming.OFFICIAL_SPLITS)}; val is taken out of train",
            code="part-unknown",
        )
        for path in _entries(root / CLASSIFICATION)
        if path.name not in naming.OFFICIAL_SPLITS
    ]
    for split in naming.OFFICIAL_SPLITS:
        masks, strays = _index_masks(root / SEGMENTATION / split / "masks")
        problems += strays
        # A mask is also taken by an image that is unusable: the fault is the image's.
        taken: set[str] = set()
        for image, label in _images(root / CLASSIFICATION / split, problems):
            found = _read_name(image, label, split, masks.get(image.stem))
            taken.add(image.stem)
            if isinstance(found, Problem):
                problems.append(found)
            elif found.id in slices:
                problems.append(
                    Problem(
                        image,
                        f"its name is taken by {slices[found.id].image}",
                        "Rename or remove one of the two",
                        found.id,
                        "name-twice",
                    )
                )
            else:
                slices[found.id] = found
        problems += [
            Problem(
                path,
                "mask without an image",
                "Add the image or remove the mask",
                code="mask-without-image",
            )
            for stem, path in masks.items()
            if stem not in taken
        ]
    return Layout(root, tuple(slices[key] for key in sorted(slices)), tuple(problems))


def _require_layout(root: Path) -> None:
    if root.is_file():
        raise InputError(root, "is a file", "Give the folder that holds the data set")
    if not root.is_dir():
        raise InputError(root, "no such folder", "Give the folder that holds the BRISC data set")
    for part in (root / CLASSIFICATION, root / SEGMENTATION):
        if not part.is_dir():
            raise InputError(
                root,
                f"not a BRISC folder, it has no {part.name}",
                f"Give the folder that holds {CLASSIFICATION} and {SEGMENTATION}",
            )


def _images(folder: Path, problems: list[Problem]) -> Iterator[tuple[Path, str]]:
    """Yields each image below ``folder`` with its class; what else lies there is a problem."""
    for class_folder in _entries(folder):
        if class_folder.name not in naming.CLASSES:
            problems.append(
                Problem(
                    class_folder,
                    "not one of the classes",
                    f"Name class folders {', '.join(naming.CLASSES)}",
                    code="class-unknown",
                )
            )
            continue
        if not class_folder.is_dir():
            problems.append(
                Problem(
                    class_folder,
                    "not a folder",
                    "Put the images of the class into a folder",
                    code="class-not-a-folder",
                )
            )
            continue
        for path in _entries(class_folder):
            if path.suffix.lower() in IMAGE_SUFFIXES and path.is_file():
                yield path, class_folder.name
            else:
                problems.append(
                    Problem(
                        path,
                        "not an image file",
                        f"Images end in {', '.join(IMAGE_SUFFIXES)}; remove or convert it",
                        code="not-an-image",
                    )
                )


def _index_masks(folder: Path) -> tuple[dict[str, Path], list[Problem]]:
    masks: dict[str, Path] = {}
    strays: list[Problem] = []
    for path in _entries(folder):
        if path.suffix.lower() != MASK_SUFFIX or not path.is_file():
            strays.append(
                Problem(path, "not a mask file", f"Masks end in {MASK_SUFFIX}", code="not-a-mask")
            )
        elif path.stem in masks:
            strays.append(
                Problem(
                    path,
                    f"its name is taken by {masks[path.stem]}",
                    "Rename or remove one of the two",
                    path.stem,
                    "name-twice",
                )
            )
        else:
            masks[path.stem] = path
    return masks, strays


def _entries(folder: Path) -> list[Path]:
    # Desktop systems leave .DS_Store and its like in every folder they show.
    if not folder.is_dir():
        return []
    return sorted(path for path in folder.iterdir() if not path.name.startswith("."))


def _read_name(image: Path, label: str, split: str, mask: Path | None) -> Slice | Problem:
    name = naming.parse_stem(image.stem)
    if name is None:
        return Problem(
            image,
            "its name does not follow brisc2025_<train|test>_<5 digits>_<class>_<plane>_t1",
            "Rename it so: the plane is read from the name",
            image.stem,
            "name-unknown",
        )
    if name.label != label or name.split != split:
        return Problem(
            image,
            f"its name says {name.split} {name.label}, its folder {split} {label}",
            "Rename or move it",
            image.stem,
            "name-and-folder-differ",
        )
    if label == naming.NO_TUMOR and mask is not None:
        return Problem(
            mask, "mask of a slice without tumour", "Remove it", image.stem, "mask-of-no-tumor"
        )
    if label != naming.NO_TUMOR and mask is None:
        return Problem(
            image,
            "image without a mask",
            f"Add a {MASK_SUFFIX} file of the same name to the masks",
            image.stem,
            "image-without-mask",
        )
    return Slice(image.stem, label, name.plane, split, image, mask)
