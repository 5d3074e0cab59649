"""Reading DICOM: the right grey levels and facts, or an error that says what is wrong."""

from __future__ import annotations

import io

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.pixels import apply_modality_lut, apply_voi_lut

from data.hospital.opening import kind_of
from data.hospital.scan import ScanError
from tests.folders import encode
from tests.scans import (
    AXIAL,
    CORONAL,
    SAGITTAL,
    dataset,
    dicom,
    first,
    float_dicom,
    opened,
    ramp,
    save,
    sequence,
    shipped,
)

# Files that nobody here made


@pytest.mark.parametrize(
    ("name", "count", "shape", "plane", "spacing"),
    [
        ("CT_small.dcm", 1, (128, 128), "axial", (0.661468, 0.661468)),
        ("MR_small.dcm", 1, (64, 64), "axial", (0.3125, 0.3125)),
        ("MR_small_padded.dcm", 1, (64, 64), "axial", (0.3125, 0.3125)),
        ("693_J2KI.dcm", 1, (512, 512), "axial", (0.478516, 0.478516)),
        ("JPEG2000.dcm", 1, (1024, 256), None, (2.26, 2.26)),
        ("image_dfl.dcm", 1, (512, 512), None, None),
        ("liver_1frame.dcm", 1, (512, 512), "axial", (0.810547, 0.810547)),
        ("examples_overlay.dcm", 1, (300, 484), "axial", None),
        ("examples_palette.dcm", 1, (350, 800), None, None),
        ("examples_rgb_color.dcm", 1, (240, 320), None, None),
        ("examples_ybr_color.dcm", 30, (240, 320), None, None),
        ("SC_rgb_rle_16bit_2frame.dcm", 2, (100, 100), None, (1.0, 1.0)),
        ("SC_ybr_full_422_uncompressed.dcm", 1, (100, 100), None, (1.0, 1.0)),
        ("SC_rgb_jls_lossy_line.dcm", 1, (100, 100), None, None),
    ],
)
def test_shipped_images_are_read(
    name: str,
    count: int,
    shape: tuple[int, int],
    plane: str | None,
    spacing: tuple[float, float] | None,
) -> None:
    scan = opened(shipped(name))
    assert scan.count == count
    for number in range(1, min(count, 3) + 1):
        found = scan.read(number)
        assert (found.number, found.plane) == (number, plane)
        assert found.pixels.shape == shape and found.pixels.dtype == np.uint8
        assert found.pixels.max() > found.pixels.min()
        if spacing:
            assert found.spacing_mm == pytest.approx(spacing)


@pytest.mark.parametrize(
    "syntax", ["RLE", "jp2klossless", "jpeg_ls_lossless", "implicit", "bigendian", "expb"]
)
def test_one_image_is_one_picture_in_every_transfer_syntax(syntax: str) -> None:
    reference = first(shipped("MR_small.dcm")).pixels
    np.testing.assert_array_equal(first(shipped(f"MR_small_{syntax}.dcm")).pixels, reference)


@pytest.mark.parametrize("name", ["MR_small.dcm", "693_J2KI.dcm", "examples_overlay.dcm"])
def test_windows_agree_with_those_of_pydicom(name: str) -> None:
    data = pydicom.dcmread(io.BytesIO(shipped(name)))
    shown = apply_voi_lut(apply_modality_lut(data.pixel_array, data), data)
    # What it maps to depends on the stored bits: the ends are those of the clipped values.
    expected = (shown - shown.min()) / (shown.max() - shown.min())
    found = first(shipped(name)).pixels.astype(float)
    found = (found - found.min()) / (found.max() - found.min())
    np.testing.assert_allclose(found, expected, atol=0.01)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("SC_rgb_jpeg_gdcm.dcm", "its compression cannot be read (JPEG Lossless"),
        ("JPGExtended.dcm", "its compression cannot be read (JPEG Extended"),
        (
            "MR_truncated.dcm",
            "64x64 pixels in 1 frame(s) need 8192 bytes, its pixel data have 8130",
        ),
        ("JPEG2000-embedded-sequence-delimiter.dcm", "its header says 256x1024"),
        ("reportsi.dcm", "not an image but a Basic Text SR Storage"),
        ("rtplan.dcm", "not an image but a RT Plan Storage"),
        ("waveform_ecg.dcm", "not an image but a 12-lead ECG Waveform Storage"),
        ("rtdose.dcm", "10x10 is smaller than 16 pixels a side"),
        ("GDCMJ2K_TextGBR.dcm", "its frame 1 is damaged"),
    ],
)
def test_shipped_files_that_cannot_be_used_are_named(name: str, reason: str) -> None:
    with pytest.raises(ScanError) as caught:
        first(shipped(name))
    assert reason in caught.value.reason
    assert caught.value.where == "scan.dcm"


# Grey levels


def test_monochrome1_is_the_negative_of_monochrome2() -> None:
    positive = first(dicom(ramp())).pixels
    negative = first(dicom(ramp(), PhotometricInterpretation="MONOCHROME1")).pixels
    np.testing.assert_array_equal(negative, 255 - positive)
    assert positive[0, 0] < positive[-1, -1]


def test_the_window_is_one_of_rescaled_values() -> None:
    # Values 0 to 2000, of which 800 to 1200 are shown.
    content = dicom(
        ramp(), RescaleSlope=2, RescaleIntercept=0, WindowCenter=1000.5, WindowWidth=401
    )
    values = 2.0 * ramp()
    expected = np.clip((values - 800) / 400, 0, 1) * 255
    np.testing.assert_allclose(first(content).pixels, expected, atol=0.51)


def test_what_is_done_to_the_values_is_told() -> None:
    window = {"WindowCenter": 500, "WindowWidth": 1000}
    assert first(dicom(ramp(), **window)).notes == ()
    assert first(dicom(ramp(), RescaleSlope=1, RescaleIntercept=0, **window)).notes == ()
    for elements, note in (
        ({}, "it has no window: percentiles are used"),
        ({"RescaleSlope": 2, "RescaleIntercept": -5, **window}, "its values are rescaled"),
        ({"PhotometricInterpretation": "MONOCHROME1", **window}, "it is stored as a negative"),
    ):
        (told,) = first(dicom(ramp(), **elements)).notes
        assert told.startswith(note)


def test_a_negative_slope_turns_dark_into_bright() -> None:
    found = first(dicom(ramp(), RescaleSlope=-1, RescaleIntercept=0)).pixels
    assert found[0, 0] == 255 and found[-1, -1] == 0


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        ("LINEAR", lambda x: (x - 499.5) / 99 + 0.5),
        ("LINEAR_EXACT", lambda x: (x - 500) / 100 + 0.5),
        ("SIGMOID", lambda x: 1 / (1 + np.exp(-4 * (x - 500) / 100))),
    ],
)
def test_each_function_of_a_window(function: str, expected: object) -> None:
    content = dicom(ramp(), WindowCenter=500, WindowWidth=100, VOILUTFunction=function)
    wanted = np.clip(expected(ramp().astype(float)), 0, 1) * 255  # type: ignore[operator]
    np.testing.assert_allclose(first(content).pixels, wanted, atol=0.51)


def test_of_several_windows_the_first_counts() -> None:
    one = dicom(ramp(), WindowCenter=300, WindowWidth=100)
    several = dicom(ramp(), WindowCenter=[300, 700], WindowWidth=[100, 50])
    np.testing.assert_array_equal(first(several).pixels, first(one).pixels)


@pytest.mark.parametrize("kind", ["bytes", "words", "numbers"])
def test_a_table_of_values_is_looked_up(kind: str) -> None:
    entries = list(range(255, -1, -1))
    table = sequence(LUTDescriptor=[256, 100, 8])
    if kind == "numbers":
        table[0].add_new("LUTData", "US", entries)
    else:
        width = "u1" if kind == "bytes" else "<u2"
        table[0].add_new("LUTData", "OW", np.array(entries, width).tobytes())
    expected = 255 - np.clip(ramp().astype(int) - 100, 0, 255)
    found = first(dicom(ramp(), VOILUTSequence=table))
    np.testing.assert_array_equal(found.pixels, expected)
    assert not found.notes


def test_without_a_window_a_few_hot_pixels_do_not_darken_the_rest() -> None:
    pixels = ramp()
    pixels[0, 0] = 60_000
    found = first(dicom(pixels)).pixels
    assert found[-1, -1] == 255
    assert int(found[12, 16]) == pytest.approx(128, abs=8)


@pytest.mark.parametrize(
    ("window", "note"),
    [
        ({"WindowCenter": 500, "WindowWidth": 0}, "its window is damaged"),
        ({"WindowCenter": 90_000, "WindowWidth": 10}, "its window shows one grey only"),
        ({"WindowCenter": 5, "WindowWidth": 9, "VOILUTFunction": "CURVE"}, "its window is damaged"),
    ],
)
def test_a_useless_window_is_told_and_replaced(window: dict[str, object], note: str) -> None:
    found = first(dicom(ramp(), **window))
    assert any(text.startswith(note) for text in found.notes)
    np.testing.assert_array_equal(found.pixels, first(dicom(ramp())).pixels)


def test_padding_is_black_and_has_no_part_in_the_window() -> None:
    pixels = ramp().astype(np.int16) + 100
    pixels[:, :8] = -2000
    for photometric in ("MONOCHROME1", "MONOCHROME2"):
        found = first(
            dicom(pixels, PixelPaddingValue=-2000, PhotometricInterpretation=photometric)
        ).pixels
        assert (found[:, :8] == 0).all()
        assert found[:, 8:].std() > 60


def test_colour_becomes_the_grey_that_pillow_gives() -> None:
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (24, 32, 3), np.uint8)
    data = dataset(pixels[..., 0], PhotometricInterpretation="RGB", SamplesPerPixel=3)
    data.PlanarConfiguration = 0
    data.PixelData = pixels.tobytes()
    expected = np.asarray(Image.fromarray(pixels).convert("L"))
    np.testing.assert_array_equal(first(save(data)).pixels, expected)


def test_float_pixels_are_read_and_what_is_no_number_is_black() -> None:
    pixels = ramp().astype(np.float32) / 7
    pixels[20, :] = np.nan
    found = first(float_dicom(pixels))
    assert (found.pixels[20] == 0).all()
    assert found.pixels[-1, -1] == 255
    assert "32 of its pixels are no finite number" in found.notes


# Facts


@pytest.mark.parametrize(
    ("cosines", "plane"),
    [
        (AXIAL, "axial"),
        (CORONAL, "coronal"),
        (SAGITTAL, "sagittal"),
        ([1, 0, 0, 0, 0.94, 0.34], "axial"),
        ([1, 0, 0, 0, 0.707, 0.707], None),
        ([0, 0, 0, 0, 0, 0], None),
    ],
)
def test_the_plane_is_that_of_the_orientation(cosines: list[float], plane: str | None) -> None:
    assert first(dicom(ramp(), ImageOrientationPatient=cosines)).plane == plane


def test_spacing_is_vertical_then_horizontal_and_told_where_not_square() -> None:
    found = first(dicom(ramp(), PixelSpacing=[1.5, 0.5]))
    assert found.spacing_mm == (1.5, 0.5)
    assert found.pixel_area_mm2 == 0.75
    assert any("not square" in note for note in found.notes)
    assert first(dicom(ramp(), PixelSpacing=[0, 0])).spacing_mm is None
    assert first(dicom(ramp())).spacing_mm is None


def test_frames_of_an_enhanced_file_have_their_own_values() -> None:
    frames = np.stack([ramp(), ramp(), ramp()])
    shared = sequence(
        PixelMeasuresSequence=sequence(PixelSpacing=[0.5, 0.5]),
        PixelValueTransformationSequence=sequence(RescaleSlope=2, RescaleIntercept=0),
    )
    windows = [(200, 101), (1000, 401), (1000, 401)]
    own = [
        sequence(
            FrameVOILUTSequence=sequence(WindowCenter=center, WindowWidth=width),
            PlaneOrientationSequence=sequence(ImageOrientationPatient=cosines),
        )[0]
        for (center, width), cosines in zip(windows, (AXIAL, CORONAL, SAGITTAL), strict=True)
    ]
    scan = opened(
        dicom(
            frames,
            SharedFunctionalGroupsSequence=shared,
            PerFrameFunctionalGroupsSequence=own,
        )
    )
    found = [scan.read(number) for number in (1, 2, 3)]
    assert [item.plane for item in found] == ["axial", "coronal", "sagittal"]
    assert {item.spacing_mm for item in found} == {(0.5, 0.5)}
    for item, (center, width) in zip(found, windows, strict=True):
        share = (2.0 * ramp() - (center - 0.5)) / (width - 1) + 0.5
        np.testing.assert_allclose(item.pixels, np.clip(share, 0, 1) * 255, atol=0.51)
    with pytest.raises(ScanError, match="it has no slice 4"):
        scan.read(4)


def test_burned_in_text_is_told() -> None:
    scan = opened(dicom(ramp(), BurnedInAnnotation="YES"))
    assert scan.burned_in and "burned" in scan.notes[0]
    assert not opened(dicom(ramp(), BurnedInAnnotation="NO")).burned_in


def test_the_format_is_told_by_the_content() -> None:
    assert kind_of(dicom(ramp())) == "DICOM"
    assert kind_of(encode(Image.new("L", (20, 20)), "PNG")) is None
    assert kind_of(b"") is None and kind_of(b"\0" * 200) is None
    # Files from before there was a preamble.
    bare = dicom(ramp())[132:]
    np.testing.assert_array_equal(first(bare).pixels, first(dicom(ramp())).pixels)
