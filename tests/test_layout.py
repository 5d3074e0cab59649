"""Finding slices by name: what is paired, what is told, and that nothing else is lost by it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from data.errors import BriscError, InputError, Problem, UnusableInputs
from data.layout import scan
from data.naming import CLASSES, PLANES, SliceName, parse_stem
from tests.folders import (
    image_path,
    mask_path,
    put,
    put_good_neighbours,
    put_slice,
    stem,
)

# Names


@pytest.mark.parametrize("split", ["train", "test"])
@pytest.mark.parametrize("label", CLASSES)
@pytest.mark.parametrize("plane", PLANES)
def test_a_name_is_read_as_it_is_written(split: str, label: str, plane: str) -> None:
    name = SliceName(split, 321, label, plane)
    assert parse_stem(name.stem) == name


def test_both_codes_of_no_tumor_are_read() -> None:
    for code in ("no", "nt"):
        assert parse_stem(f"brisc2025_train_00001_{code}_sa_t1") == SliceName(
            "train", 1, "no_tumor", "sagittal"
        )


@pytest.mark.parametrize(
    "name",
    [
        "",
        "scan",
        "brisc2025_train_0001_gl_ax_t1",
        "brisc2025_train_000001_gl_ax_t1",
        "brisc2025_val_00001_gl_ax_t1",
        "brisc2025_train_00001_xx_ax_t1",
        "brisc2025_train_00001_gl_xx_t1",
        "brisc2025_train_00001_gl_ax_t2",
        "BRISC2025_train_00001_gl_ax_t1",
        "brisc2025_train_00001_gl_ax_t1\n",
        " brisc2025_train_00001_gl_ax_t1",
        "brisc2025_train_00001_gl_ax_t1 (1)",
        "brisc2025_train_٠٠٠٠١_gl_ax_t1",
    ],
)
def test_any_other_name_is_none(name: str) -> None:
    assert parse_stem(name) is None


# What a folder holds


def test_slices_are_paired_with_their_masks_and_sorted(tmp_path: Path) -> None:
    names = [
        put_slice(tmp_path, "pituitary", 2, "test", "sa"),
        put_slice(tmp_path, "no_tumor", 1, "train", "co"),
        put_slice(tmp_path, "glioma", 3, "train", "ax"),
    ]
    layout = scan(tmp_path)
    assert not layout.problems
    assert [item.id for item in layout.slices] == sorted(names)
    found = {item.id: item for item in layout.slices}
    tumour, healthy = found[names[0]], found[names[1]]
    assert (tumour.label, tumour.plane, tumour.official_split) == ("pituitary", "sagittal", "test")
    assert tumour.image == image_path(tmp_path, f"{names[0]}.jpg", "pituitary", "test")
    assert tumour.mask == mask_path(tmp_path, f"{names[0]}.png", "test")
    assert (healthy.label, healthy.plane, healthy.mask) == ("no_tumor", "coronal", None)


def test_code_of_the_description_is_accepted(tmp_path: Path) -> None:
    good = put_good_neighbours(tmp_path)
    name = "brisc2025_train_00001_nt_ax_t1"
    put(image_path(tmp_path, f"{name}.jpg", "no_tumor"), b"x")
    layout = scan(tmp_path)
    assert not layout.problems
    assert [item.id for item in layout.slices] == sorted([*good, name])


def test_hidden_files_of_desktop_systems_are_passed_over(tmp_path: Path) -> None:
    good = put_good_neighbours(tmp_path)
    for folder in (
        tmp_path / "classification_task" / "train",
        tmp_path / "classification_task" / "train" / "glioma",
        tmp_path / "segmentation_task" / "train" / "masks",
    ):
        put(folder / ".DS_Store", b"x")
        put(folder / "._brisc2025_train_90001_gl_ax_t1.jpg", b"x")
    layout = scan(tmp_path)
    assert not layout.problems
    assert [item.id for item in layout.slices] == sorted(good)


GLIOMA = stem("glioma", 1)
HEALTHY = stem("no_tumor", 1)


def image_without_mask(root: Path) -> Path:
    return put(image_path(root, f"{GLIOMA}.jpg", "glioma"), b"x")


def mask_without_image(root: Path) -> Path:
    return put(mask_path(root, f"{GLIOMA}.png"), b"x")


def mask_of_the_other_part(root: Path) -> Path:
    # The image in train is complete; its mask's copy in test belongs to nothing.
    put_slice(root, "glioma", 1)
    return put(mask_path(root, f"{GLIOMA}.png", "test"), b"x")


def mask_of_no_tumor(root: Path) -> Path:
    put_slice(root, "no_tumor", 1)
    return put(mask_path(root, f"{HEALTHY}.png"), b"x")


def mask_that_is_no_png(root: Path) -> Path:
    put_slice(root, "glioma", 1)
    return put(mask_path(root, f"{GLIOMA}.jpg"), b"x")


def second_mask(root: Path) -> Path:
    put_slice(root, "glioma", 1)
    return put(mask_path(root, f"{GLIOMA}.png").with_suffix(".pnG"), b"x")


def second_image_of_a_tumour(root: Path) -> Path:
    put_slice(root, "glioma", 1)
    return put(image_path(root, f"{GLIOMA}.png", "glioma"), b"x")


def second_image_of_no_tumor(root: Path) -> Path:
    put_slice(root, "no_tumor", 1)
    return put(image_path(root, f"{HEALTHY}.png", "no_tumor"), b"x")


def copy_in_another_class(root: Path) -> Path:
    # Sorted before its own folder, so it is met first; the mask is not its.
    name = put_slice(root, "meningioma", 1)
    return put(image_path(root, f"{name}.jpg", "glioma"), b"x")


def copy_in_the_other_part(root: Path) -> Path:
    put_slice(root, "glioma", 1)
    return put(image_path(root, f"{GLIOMA}.jpg", "glioma", "test"), b"x")


def image_in_another_class(root: Path) -> Path:
    path = put_slice(root, "meningioma", 1)
    image = image_path(root, f"{path}.jpg", "meningioma")
    return image.rename(image_path(root, image.name, "glioma"))


def unknown_class(root: Path) -> Path:
    return put(image_path(root, f"{GLIOMA}.jpg", "Glioma"), b"x").parent


def file_for_a_class(root: Path) -> Path:
    return put(root / "classification_task" / "test" / "glioma", b"x")


def symlink_loop(root: Path) -> Path:
    loop = image_path(root, f"{GLIOMA}.jpg", "glioma")
    loop.symlink_to(loop)
    return loop


def symlink_to_a_folder_above(root: Path) -> Path:
    up = image_path(root, f"{GLIOMA}.jpg", "glioma")
    up.symlink_to(root, target_is_directory=True)
    return up


def not_an_image(root: Path) -> Path:
    return put(image_path(root, "Thumbs.db", "glioma"), b"x")


def named_in_unicode(root: Path) -> Path:
    return put(image_path(root, "Größe 図.jpg", "glioma"), b"x")


def named_with_a_space(root: Path) -> Path:
    return put(image_path(root, f"{GLIOMA} (1).jpg", "glioma"), b"x")


def named_with_a_line_end(root: Path) -> Path:
    return put(image_path(root, f"{GLIOMA}\n.jpg", "glioma"), b"x")


def named_in_no_encoding(root: Path) -> Path:
    return put(image_path(root, os.fsdecode(b"\xff\xfe.jpg"), "glioma"), b"x")


FAULTS: dict[Callable[[Path], Path], str] = {
    image_without_mask: "image without a mask",
    mask_without_image: "mask without an image",
    mask_of_the_other_part: "mask without an image",
    mask_of_no_tumor: "mask of a slice without tumour",
    mask_that_is_no_png: "not a mask file",
    second_mask: "is taken by",
    second_image_of_a_tumour: "is taken by",
    second_image_of_no_tumor: "is taken by",
    copy_in_another_class: "its name says train meningioma, its folder train glioma",
    copy_in_the_other_part: "its name says train glioma, its folder test glioma",
    image_in_another_class: "its name says train meningioma, its folder train glioma",
    unknown_class: "not one of the classes",
    file_for_a_class: "not a folder",
    symlink_loop: "not an image file",
    symlink_to_a_folder_above: "not an image file",
    not_an_image: "not an image file",
    named_in_unicode: "does not follow",
    named_with_a_space: "does not follow",
    named_with_a_line_end: "does not follow",
    named_in_no_encoding: "does not follow",
}
KEPT = {
    # The slice itself is whole in these, its surplus file is what is told.
    mask_of_the_other_part,
    mask_that_is_no_png,
    second_image_of_a_tumour,
    second_image_of_no_tumor,
    copy_in_another_class,
    copy_in_the_other_part,
}


@pytest.mark.parametrize("fault", FAULTS, ids=lambda fault: fault.__name__)
def test_fault_is_one_problem_and_costs_no_neighbour(
    tmp_path: Path, fault: Callable[[Path], Path]
) -> None:
    good = put_good_neighbours(tmp_path)
    path = fault(tmp_path)
    layout = scan(tmp_path)
    (problem,) = layout.problems
    # Which of two files is kept follows their order, which the file system has a say in.
    assert path == problem.path or (fault is second_mask and path.stem == problem.path.stem)
    assert FAULTS[fault] in problem.reason
    assert problem.remedy
    found = {item.id for item in layout.slices}
    assert set(good) <= found
    assert len(found - set(good)) == (fault in KEPT or fault is second_mask)


@pytest.mark.parametrize("name", ["a\nb.jpg", "a\rb.jpg", "a\x1b[2Jb.jpg", "a\u2028b.jpg"])
def test_a_problem_is_one_line_whatever_the_file_is_called(name: str) -> None:
    for text in (str(Problem(Path(name), "why", "Do")), str(InputError(Path(name), "why", "Do"))):
        assert text.isprintable()
        assert text.startswith("a\\") and text.endswith("b.jpg: why. Do.")


def test_names_in_any_language_are_told_as_they_are() -> None:
    assert str(Problem(Path("Größe 図.jpg"), "why", "Do")) == "Größe 図.jpg: why. Do."


# Folders that are no data set


def test_missing_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no such folder") as caught:
        scan(tmp_path / "missing")
    assert caught.value.where == str(tmp_path / "missing")


def test_file_instead_of_a_folder_is_named(tmp_path: Path) -> None:
    path = put(tmp_path / "data.zip", b"x")
    with pytest.raises(InputError, match=r"data\.zip: is a file"):
        scan(path)


@pytest.mark.parametrize("part", ["classification_task", "segmentation_task"])
def test_folder_without_a_task_names_the_task(tmp_path: Path, part: str) -> None:
    put_good_neighbours(tmp_path)
    shutil.rmtree(tmp_path / part)
    with pytest.raises(InputError, match=f"it has no {part}") as caught:
        scan(tmp_path)
    assert caught.value.where == str(tmp_path)


def test_path_that_no_file_system_takes_is_named() -> None:
    with pytest.raises(InputError, match="cannot be listed"):
        scan(Path("x" * 5000))


@pytest.mark.skipif(sys.platform != "linux" or os.geteuid() != 0, reason="becomes another user")
def test_folder_that_may_not_be_read_is_named(tmp_path: Path) -> None:
    put_good_neighbours(tmp_path)
    image_path(tmp_path, "", "glioma").chmod(0o700)
    # Root may read everything, so somebody else has to try. He starts inside: the folders
    # above are closed to him too.
    tmp_path.chmod(0o755)
    script = (
        "import os, sys; from pathlib import Path; from data.layout import scan\n"
        "os.chdir(sys.argv[1]); os.setuid(65534)\n"
        "try: scan(Path())\n"
        "except Exception as error: print(type(error).__name__, error)"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script, tmp_path], capture_output=True, text=True, check=True
    )
    reason = "it cannot be listed (Permission denied)"
    assert ended.stdout.startswith(f"InputError classification_task/train/glioma: {reason}")


# Enough to train on


# Errors


def test_unusable_inputs_are_counted_and_kept() -> None:
    problems = [Problem(Path("a"), "why", "Do"), Problem(Path("b"), "why", "Do")]
    error = UnusableInputs("data", problems)
    assert isinstance(error, BriscError)
    assert str(error).startswith("data: 2 unusable input(s). ")
    assert "--skip-bad" in error.remedy
    assert error.problems == problems


def test_a_part_of_another_name_is_not_passed_over(tmp_path: Path) -> None:
    put_slice(tmp_path, "glioma", 1, "train", "ax")
    other = tmp_path / "classification_task" / "val"
    other.mkdir()
    (problem,) = scan(tmp_path).problems
    assert problem.path == other
    assert "train and test" in problem.remedy
