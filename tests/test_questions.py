"""What `brisc predict` reads before there is a model: images as they are, scans by slices."""

from __future__ import annotations

import io
import json
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from data.checks import decode_grey
from data.errors import InputError
from data.hospital.scan import encode_png
from pipeline.cli.predict import predict
from serving.inputs import read_questions, require_own_stems
from tests.folders import encode, grey, put
from tests.scans import dicom, nifti, ramp, scaled

VOLUME = np.random.default_rng(0).integers(0, 900, (20, 22, 24), np.int16)


def test_an_image_goes_to_the_model_as_it_is(tmp_path: Path) -> None:
    content = encode(grey(), "JPEG")
    # By content: the suffix says nothing.
    path = put(tmp_path / "slice.dcm", content)
    found = read_questions([path])
    (item,) = found.slices
    assert (item.stem, item.encoded) == ("slice", content)
    assert item.number is None and item.spacing_mm is None
    assert not found.problems and not found.notes


def test_a_path_that_cannot_be_looked_at_leaves_the_others(tmp_path: Path) -> None:
    good = put(tmp_path / "a.png", encode(grey(), "PNG"))
    found = read_questions([tmp_path / ("x" * 300), good])
    assert [item.path for item in found.slices] == [good]
    assert "too long" in str(found.problems[0])


def test_an_image_needs_no_reader_of_scans(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("pydicom", "nibabel", "data.hospital.dicom", "data.hospital.nifti"):
        monkeypatch.setitem(sys.modules, name, None)
    assert read_questions([put(tmp_path / "a.png", encode(grey(), "PNG"))]).slices


def test_a_single_frame_is_named_by_its_file_alone(tmp_path: Path) -> None:
    path = put(tmp_path / "scan.jpg", dicom(ramp(), PixelSpacing=[0.5, 0.5]))
    (item,) = read_questions([path]).slices
    assert (item.stem, item.number, item.spacing_mm) == ("scan", 1, (0.5, 0.5))
    with Image.open(io.BytesIO(item.encoded)) as image:
        assert (image.format, image.mode, image.size) == ("PNG", "L", (32, 24))


def test_frames_and_slices_have_their_number_in_their_name(tmp_path: Path) -> None:
    several = put(tmp_path / "several.dcm", dicom(np.stack([ramp()] * 3)))
    head = put(tmp_path / "head.nii.gz", nifti(VOLUME, scaled(1, 1, 1), packed=True))
    found = read_questions([several, head])
    assert [item.stem for item in found.slices[:4]] == [
        "several_f0001", "several_f0002", "several_f0003", "head_f0001"
    ]  # fmt: skip
    assert len(found.slices) == 3 + 24
    assert len({item.encoded for item in found.slices[3:]}) == 24
    require_own_stems(found.slices)


def test_one_slice_of_one_plane_may_be_asked_for(tmp_path: Path) -> None:
    head = put(tmp_path / "head.nii", nifti(VOLUME, scaled(1, 2, 3)))
    (item,) = read_questions([head], number=5, plane="sagittal").slices
    assert (item.stem, item.number) == ("head_f0005", 5)
    assert item.spacing_mm == pytest.approx((3, 2))
    with Image.open(io.BytesIO(item.encoded)) as image:
        assert image.size == (22, 24)


def test_bad_files_and_frames_are_listed_and_cost_no_other(tmp_path: Path) -> None:
    several = np.stack([ramp(), np.zeros_like(ramp()), ramp()])
    files = {
        "frame.dcm": dicom(several),
        "cut.nii": nifti(VOLUME, scaled(1, 1, 1))[:-5],
        "text.dcm": b"text",
        "good.png": encode(grey(), "PNG"),
    }
    paths = [put(tmp_path / name, content) for name, content in files.items()]
    found = read_questions([*paths, tmp_path / "missing.nii"])
    assert [item.stem for item in found.slices] == ["frame_f0001", "frame_f0003", "good"]
    assert [(problem.path.name, problem.reason) for problem in found.problems] == [
        ("frame.dcm", "all pixels of its frame 2 have one value"),
        ("cut.nii", "it has 21483 bytes of the 21488 its header tells"),
        ("text.dcm", "not a JPEG, PNG, BMP or GIF image"),
        ("missing.nii", "No such file or directory"),
    ]
    beyond = read_questions(paths, number=9)
    assert [problem.reason for problem in beyond.problems if "no slice 9" in problem.reason] == [
        "it has no slice 9"
    ] * 2


def test_what_holds_for_all_frames_or_files_is_told_once(tmp_path: Path) -> None:
    content = dicom(np.stack([ramp()] * 3), BurnedInAnnotation="YES")
    paths = [put(tmp_path / f"{number}\n.dcm", content) for number in range(4)]
    assert list(read_questions(paths).notes) == [
        f"{tmp_path}/0\\n.dcm and 3 more: it says that text is burned into its pixels",
        f"{tmp_path}/0\\n.dcm and 3 more: it has no window: percentiles are used",
    ]


def turned() -> bytes:
    exif = Image.Exif()
    exif[0x0112] = 6
    return encode(grey(), "JPEG", exif=exif)


@pytest.mark.parametrize(
    ("content", "note"),
    [
        (turned(), "EXIF asks to show it turned"),
        (encode(grey().convert("LA"), "PNG"), "it has transparency"),
        (encode(grey().convert("RGBA"), "PNG"), "it has transparency"),
        (encode(grey().convert("P"), "PNG", transparency=0), "it has transparency"),
        (
            encode(Image.merge("RGB", (grey(), grey(), Image.new("L", grey().size))), "PNG"),
            "its colour channels differ",
        ),
    ],
    ids=["turned", "LA", "RGBA", "transparent palette", "coloured"],
)
def test_what_of_an_image_is_not_read_is_told(tmp_path: Path, content: bytes, note: str) -> None:
    path = put(tmp_path / "a.png", content)
    found = read_questions([path])
    assert [item.encoded for item in found.slices] == [content]
    (told,) = found.notes
    assert told.startswith(f"{path}: {note}")


def test_two_slices_are_not_written_to_one_file(tmp_path: Path) -> None:
    paths = [
        put(tmp_path / "a/scan.dcm", dicom(np.stack([ramp()] * 3))),
        put(tmp_path / "b/scan_f0002.png", encode(grey(), "PNG")),
    ]
    with pytest.raises(InputError, match="its mask would overwrite that of"):
        require_own_stems(read_questions(paths).slices)
    # The same file, given twice, is answered once.
    assert len(read_questions([paths[1], paths[1]]).slices) == 1


# What the command makes of it


class Stub:
    """Stands for a model: its mask is what is brighter than half."""

    def __init__(self, directory: Path) -> None:
        self.path = directory

    def predict(self, images: list[bytes]) -> list[SimpleNamespace]:
        (pixels,) = map(decode_grey, images)
        assert not isinstance(pixels, str)
        mask = pixels > 127
        return [
            SimpleNamespace(
                label="glioma",
                probabilities={"glioma": 1.0},
                mask=mask,
                mask_png=encode_png(mask.astype(np.uint8) * 255),
                mask_area=int(mask.sum()),
            )
        ]


@pytest.fixture
def stub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setitem(sys.modules, "serving.predictor", SimpleNamespace(Predictor=Stub))
    put(tmp_path / "model" / "saved_model.pb", b"x")
    return tmp_path / "model"


def test_answers_have_slice_spacing_and_area_only_where_the_file_gives_them(
    tmp_path: Path, stub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    frames = dicom(np.stack([ramp(), ramp()]), PixelSpacing=[0.5, 0.5])
    paths = [
        put(tmp_path / "image.png", encode(grey(), "PNG")),
        put(tmp_path / "scan", frames),
        put(tmp_path / "plain.dcm", dicom(ramp())),
    ]
    predict(paths, model=stub, overlay=tmp_path / "out", as_json=True, number=None, plane=None)
    image, first, second, plain = json.loads(capsys.readouterr().out)
    known = {"image", "class", "probabilities", "mask_area", "mask", "overlay"}
    assert set(image) == known
    assert set(plain) == known | {"slice"}
    assert set(first) == known | {"slice", "spacing_mm", "mask_area_mm2"}
    assert (first["slice"], second["slice"], plain["slice"]) == (1, 2, 1)
    assert first["spacing_mm"] == [0.5, 0.5]
    assert first["mask_area_mm2"] == first["mask_area"] / 4
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == [
        f"{stem}_{kind}.png"
        for stem in ("image", "plain", "scan_f0001", "scan_f0002")
        for kind in ("mask", "overlay")
    ]
    with Image.open(second["mask"]) as mask:
        assert (np.asarray(mask) > 0).sum() == second["mask_area"]
        assert mask.size == (32, 24)


def test_sentences_name_the_slice_and_its_area(
    tmp_path: Path, stub: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    content = dicom(ramp(), PixelSpacing=[2, 2], WindowCenter=500, WindowWidth=1000)
    path = put(tmp_path / "scan", content)
    bare = put(tmp_path / "bare", dicom(ramp()))
    predict([path, bare], model=stub, overlay=None, as_json=False, number=1, plane=None)
    ended = capsys.readouterr()
    first, second = ended.out.splitlines()
    assert first.startswith(f"{path} slice 1: glioma (glioma 1.000), mask ")
    assert first.endswith(" mm²") and second.endswith(" pixels")
    assert ended.err == f"note: {bare}: it has no window: percentiles are used\n"
    masks = tmp_path / "masks"
    predict([bare], model=stub, overlay=masks, as_json=False, number=None, plane=None)
    picture = masks / "bare_overlay.png"
    assert capsys.readouterr().out.endswith(f" pixels, {picture}\n") and picture.is_file()
