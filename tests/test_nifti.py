"""Reading NIfTI: upright slices of any storage order, or an error that says what is wrong."""

from __future__ import annotations

import gzip
import itertools

import nibabel
import numpy as np
import pytest
from nibabel.orientations import (
    apply_orientation,
    axcodes2ornt,
    inv_ornt_aff,
    io_orientation,
    ornt_transform,
)

from data.hospital.nifti import NiftiScan
from data.hospital.opening import kind_of, open_scan
from data.hospital.scan import ScanError, UnknownOrientation
from tests.scans import PATIENT, nifti, scaled, shipped_nifti

LEFT, BACK, FEET = 0, 1, 2


def opened(content: bytes, plane: str | None = None) -> NiftiScan:
    scan = open_scan(content, "scan.nii", plane)
    assert isinstance(scan, NiftiScan)
    return scan


def head() -> np.ndarray:
    """Voxels [right-wards, front-wards, up-wards], brighter in each of these directions."""
    x, y, z = np.mgrid[:20, :22, :24]
    return (x + 3 * y + 7 * z).astype(np.int16)


def stored_as(codes: str) -> bytes:
    """``head`` with its voxels in another order, and the affine that says so."""
    affine = scaled(1, 1, 1)
    turn = ornt_transform(io_orientation(affine), axcodes2ornt(codes))
    values = apply_orientation(head(), turn)
    return nifti(values, affine @ inv_ornt_aff(turn, head().shape))


# Orientation


def brighter(pixels: np.ndarray) -> tuple[bool, bool]:
    """Whether the upper half is the brighter one, and the left half."""
    rows, columns = pixels.shape
    upper, lower = pixels[: rows // 2].mean(), pixels[rows // 2 :].mean()
    left, right = pixels[:, : columns // 2].mean(), pixels[:, columns // 2 :].mean()
    return bool(upper > lower), bool(left > right)


@pytest.mark.parametrize(
    ("plane", "count", "shape"),
    [("axial", 24, (22, 20)), ("coronal", 22, (24, 20)), ("sagittal", 20, (24, 22))],
)
def test_slices_are_upright_with_the_right_side_or_the_nose_on_the_left(
    plane: str, count: int, shape: tuple[int, int]
) -> None:
    scan = opened(stored_as("RAS"), plane)
    assert scan.count == count
    found = scan.read(count)
    assert (found.number, found.plane, found.pixels.shape) == (count, plane, shape)
    # Head, or front, is up; the patient's right, or the front, is on the left.
    assert brighter(found.pixels) == (True, True)
    assert scan.read(count).pixels.mean() > scan.read(1).pixels.mean()


@pytest.mark.parametrize("plane", ["axial", "coronal", "sagittal"])
def test_the_order_in_which_voxels_are_stored_does_not_show(plane: str) -> None:
    reference = [opened(stored_as("RAS"), plane).read(number).pixels for number in (1, 7, 20)]
    for order in itertools.permutations(("LR", "PA", "IS")):
        for codes in itertools.product(*order):
            scan = opened(stored_as("".join(codes)), plane)
            for number, pixels in zip((1, 7, 20), reference, strict=True):
                np.testing.assert_array_equal(scan.read(number).pixels, pixels)


@pytest.mark.parametrize(
    ("sizes", "plane", "spacing"),
    [
        ((1, 1, 1), "axial", (1, 1)),
        ((0.5, 0.5, 6), "axial", (0.5, 0.5)),
        ((0.5, 6, 0.5), "coronal", (0.5, 0.5)),
        ((6, 0.4, 0.5), "sagittal", (0.5, 0.4)),
    ],
)
def test_a_volume_is_cut_as_it_was_taken(
    sizes: tuple[float, ...], plane: str, spacing: tuple[float, float]
) -> None:
    found = opened(nifti(head(), scaled(*sizes))).read(1)
    assert found.plane == plane
    assert found.spacing_mm == pytest.approx(spacing)


def test_pixels_that_are_not_square_are_told() -> None:
    scan = opened(nifti(head(), scaled(0.5, 0.5, 6)), "sagittal")
    assert scan.read(1).spacing_mm == pytest.approx((6, 0.5))
    assert any("not square" in note for note in scan.notes)


def test_units_of_length_are_respected() -> None:
    assert opened(nifti(head(), scaled(500, 500, 500), unit="micron")).read(
        1
    ).spacing_mm == pytest.approx((0.5, 0.5))
    unknown = opened(nifti(head(), scaled(2, 2, 2), unit="unknown"))
    assert unknown.read(1).spacing_mm == pytest.approx((2, 2))
    assert any("taken as mm" in note for note in unknown.notes)


def test_without_orientation_slices_are_as_stored_and_that_is_told() -> None:
    values = head()
    scan = opened(nifti(values))
    found = scan.read(3)
    assert (scan.count, found.plane) == (24, None)
    assert any("no orientation" in note for note in scan.notes)
    order = np.argsort(values[:, :, 2].T.ravel(), kind="stable")
    assert (np.diff(found.pixels.ravel()[order].astype(int)) >= 0).all()
    with pytest.raises(UnknownOrientation, match="its coronal slices are not known"):
        opened(nifti(values), "coronal")


def test_an_oblique_volume_has_no_plane() -> None:
    turn = np.eye(4)
    c = np.cos(np.pi / 4)
    turn[1:3, 1:3] = [[c, -c], [c, c]]
    assert opened(nifti(head(), turn), "axial").read(1).plane is None


# Grey levels


def test_one_window_serves_all_slices_and_a_hot_voxel_does_not_set_it() -> None:
    values = head().astype(np.float32)
    values[0, 0, 0] = 1e6
    scan = opened(nifti(values, scaled(1, 1, 1)))
    expected = np.clip(head().astype(float), *np.percentile(head(), [0.5, 99.5]))
    expected = (expected - expected.min()) / (expected.max() - expected.min()) * 255
    for number in (2, 12, 24):
        wanted = expected[::-1, ::-1, number - 1].T
        np.testing.assert_allclose(scan.read(number).pixels, wanted, atol=2)


def test_scaling_does_not_change_the_picture_but_for_its_sign() -> None:
    plain = opened(nifti(head(), scaled(1, 1, 1))).read(9).pixels
    scale = {"scl_slope": 0.01, "scl_inter": 40}
    np.testing.assert_array_equal(
        opened(nifti(head(), scaled(1, 1, 1), **scale)).read(9).pixels, plain
    )
    scale["scl_slope"] = -1
    np.testing.assert_array_equal(
        opened(nifti(head(), scaled(1, 1, 1), **scale)).read(9).pixels, 255 - plain
    )


@pytest.mark.parametrize("dtype", ["u1", "i2", ">i2", "u2", "i4", "f4", ">f4", "f8"])
def test_voxels_of_each_type_are_read_packed_and_plain(dtype: str) -> None:
    values = (head() // 2).astype(dtype)
    reference = opened(nifti(head() // 2, scaled(1, 1, 1))).read(5).pixels
    for packed in (False, True):
        content = nifti(values, scaled(1, 1, 1), packed=packed)
        assert kind_of(content) == "NIfTI"
        np.testing.assert_array_equal(opened(content).read(5).pixels, reference)


def test_what_is_no_number_is_black_and_told() -> None:
    values = head().astype(np.float32)
    values[:5] = np.nan
    values[7, 7, 7] = np.inf
    scan = opened(nifti(values, scaled(1, 1, 1)))
    assert scan.notes == (f"{5 * 22 * 24 + 1} of its voxels are no finite number",)
    # The patient's left is on the right.
    assert (scan.read(12).pixels[:, -5:] == 0).all()
    assert scan.read(24).pixels.max() > 200


def test_huge_numbers_are_windowed_too() -> None:
    values = (head().astype(np.float64) - 100) * 1e306
    plain = opened(nifti(head(), scaled(1, 1, 1))).read(9).pixels
    np.testing.assert_allclose(opened(nifti(values, scaled(1, 1, 1))).read(9).pixels, plain, atol=1)


# Files that nobody here made


def test_shipped_volumes_are_read() -> None:
    scan = opened(shipped_nifti("anatomical.nii"))
    found = scan.read(12)
    assert (scan.count, found.plane, found.pixels.shape) == (25, "axial", (41, 33))
    assert found.spacing_mm == pytest.approx((2, 2))
    moved = opened(shipped_nifti("resampled_anat_moved.nii"))
    assert "no finite number" in moved.notes[0]


# Faults

VOLUME = nifti(head(), scaled(1, 1, 1))
COLOUR = np.zeros((20, 20, 20), [("R", "u1"), ("G", "u1"), ("B", "u1")])
FAULTS: dict[str, tuple[bytes, str]] = {
    "4-D": (
        nifti(np.stack([head(), head()], axis=-1), scaled(1, 1, 1)),
        "it has 4 dimensions (20 x 22 x 24 x 2), not 3",
    ),
    "4-D, of nibabel": (shipped_nifti("example4d.nii.gz"), "it has 4 dimensions"),
    "4-D, NIfTI-2": (shipped_nifti("example_nifti2.nii.gz"), "it has 4 dimensions"),
    "header of a pair": (shipped_nifti("nifti1.hdr"), "not a single-file NIfTI"),
    "cut": (VOLUME[:-9], "bytes of the"),
    "cut in the header": (VOLUME[:200], "its header is cut off"),
    "cut, packed": (gzip.compress(VOLUME)[:-9], "compressed data are damaged or cut off"),
    "wrong checksum": (gzip.compress(VOLUME)[:-6] + b"abcdef", "compressed data are damaged"),
    "more than the header tells": (VOLUME + b"more", "its header tells only"),
    "packed text": (gzip.compress(b"text" * 300), "a gzip file without a NIfTI volume"),
    "no voxel a number": (nifti(np.full((20, 20, 20), np.nan), scaled(1, 1, 1)), "no voxel is a"),
    "all alike": (nifti(np.full((20, 20, 20), 3, np.int16), scaled(1, 1, 1)), "have one value"),
    "complex": (nifti(head().astype(np.complex64), scaled(1, 1, 1)), "not real numbers"),
    "colour": (nifti(COLOUR, scaled(1, 1, 1)), "not real numbers"),
    "small": (nifti(head()[:, :9], scaled(1, 1, 1)), "20x9 is smaller than 16 pixels a side"),
    "huge": (
        nifti(head(), scaled(1, 1, 1), dim=[3, 30_000, 30_000, 30_000, 1, 1, 1, 1]),
        "bytes, more than 536870912",
    ),
    "negative length": (nifti(head(), scaled(1, 1, 1), dim=[3, -5, 9, 9, 1, 1, 1, 1]), "its shape"),
    "unknown type": (nifti(head(), scaled(1, 1, 1), datatype=77), "its header is damaged"),
    "offset before the data": (nifti(head(), scaled(1, 1, 1), vox_offset=-4), "begin at byte -4"),
    "offset that is no number": (nifti(head(), scaled(1, 1, 1), vox_offset=np.nan), "damaged"),
}


@pytest.mark.parametrize(("content", "reason"), FAULTS.values(), ids=FAULTS)
def test_a_fault_is_named(content: bytes, reason: str, capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(ScanError) as caught:
        opened(content).read(1)
    assert reason in caught.value.reason
    assert caught.value.remedy and "\n" not in str(caught.value)
    assert PATIENT not in str(caught.value)
    # What nibabel logs would stand among the command's own lines.
    assert capfd.readouterr() == ("", "")


def test_a_gzip_bomb_is_not_inflated() -> None:
    small = gzip.compress(VOLUME)
    bomb = gzip.compress(VOLUME + bytes(2**26), 9)
    assert len(bomb) < len(small) + 70_000
    with pytest.raises(ScanError, match="its compressed data grow beyond"):
        opened(bomb)


def test_a_volume_of_one_and_one_of_two_dimensions() -> None:
    assert opened(nifti(head()[..., None], scaled(1, 1, 1))).count == 24
    flat = opened(nifti(head()[:, :, 3], scaled(1, 1, 1)))
    assert (flat.count, flat.read(1).pixels.shape) == (1, (22, 20))
    with pytest.raises(ScanError, match="it has no slice 2"):
        flat.read(2)


# Labels


def test_a_volume_of_labels_lies_on_its_image_or_not() -> None:
    labels = np.zeros(head().shape, np.uint8)
    labels[2:6, 10:14, 5:9] = 2
    image = opened(stored_as("LPI"), "coronal")
    mask = opened(nifti(labels, scaled(1, 1, 1)), "coronal")
    assert mask.matches(image)
    found = mask.read_foreground(12)
    assert found.sum() == 16
    # Low on the image, and on its right.
    rows, columns = np.nonzero(found)
    assert (rows.min(), rows.max()) == (24 - 9, 24 - 6)
    assert (columns.min(), columns.max()) == (20 - 6, 20 - 3)
    moved = scaled(1, 1, 1)
    moved[0, 3] = 5
    assert not opened(nifti(labels, moved), "coronal").matches(image)
    assert not opened(nifti(labels[:19], scaled(1, 1, 1)), "coronal").matches(image)


def test_nibabel_agrees_on_the_canonical_order() -> None:
    content = shipped_nifti("anatomical.nii")
    canonical = nibabel.as_closest_canonical(nibabel.Nifti1Image.from_bytes(content))
    values = np.asarray(canonical.dataobj)
    scan = opened(content, "axial")
    for number in (1, 13, 25):
        wanted = values[::-1, ::-1, number - 1].T
        found = scan.read(number).pixels
        # Brighter in one is never darker in the other.
        order = np.argsort(wanted.ravel(), kind="stable")
        assert (np.diff(found.ravel()[order].astype(int)) >= 0).all()
