"""The web page's back end, before a real server with a model whose answers are known."""

from __future__ import annotations

import base64
import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pydicom
import pytest
from PIL import Image
from pydicom.uid import EnhancedMRImageStorage, generate_uid
from starlette.testclient import TestClient

from data.provenance import mark_synthetic
from serving.app.options import AppOptions
from serving.app.run import embedded_server
from serving.app.samples import SAMPLES
from serving.app.unlike import find_differences
from serving.app.web import create_app
from serving.model_files import ASSETS_EXTRA
from tests.folders import encode, grey
from tests.scans import AXIAL, PATIENT, dicom, nifti, ramp, scaled, sequence
from tests.tiny_model import REFUSED, expected_mask, put_tiny_model

HERE = "http://127.0.0.1"


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A server with two versions of a model, which differ in class and mask."""
    base = tmp_path_factory.mktemp("models") / "brisc"
    put_tiny_model(base / "1")
    put_tiny_model(base / "2", ("meningioma", "no_tumor"), threshold=200)
    with embedded_server(base, "brisc") as rest:
        yield rest


@pytest.fixture
def page(address: str) -> Iterator[TestClient]:
    with TestClient(create_app(AppOptions(server=address)), base_url=HERE) as client:
        yield client


def pixels(encoded: str) -> np.ndarray:
    with Image.open(io.BytesIO(base64.b64decode(encoded))) as image:
        return np.asarray(image)


def error(answer: Any, status: int = 422) -> dict[str, str]:
    assert answer.status_code == status, answer.text
    found: dict[str, str] = answer.json()["error"]
    return found


# Answers


def test_each_version_gives_its_own_answer(page: TestClient) -> None:
    assert page.get("/api/status").json() == {"model": "brisc", "versions": ["2", "1"]}
    content = encode(grey(), "PNG")
    newest, older = (
        page.post("/api/predict", params=query, content=content).json()
        for query in ({}, {"version": 1})
    )
    assert (newest["class"], newest["version"]) == ("meningioma", "2")
    assert (older["class"], older["version"]) == ("glioma", "1")
    np.testing.assert_array_equal(pixels(older["mask"]), expected_mask(np.asarray(grey())))
    assert older["mask_area"] == int((np.asarray(grey()) > 127).sum()) > newest["mask_area"]
    assert sum(older["probabilities"].values()) == pytest.approx(1)
    gone = error(page.post("/api/predict", params={"version": 9}, content=content), 409)
    assert gone["remedy"] == "Choose another version"


def test_a_volume_is_read_in_blocks_as_the_model_sees_it(page: TestClient) -> None:
    volume = np.random.default_rng(0).integers(0, 900, (130, 140, 12), np.int16)
    content = nifti(volume, scaled(0.5, 0.5, 2), packed=True)
    query = {"name": "head.nii.gz", "first": 9, "count": 32}
    found = page.post("/api/slices", params=query, content=content).json()
    assert (found["format"], found["count"], found["problems"]) == ("NIfTI", 12, [])
    assert [item["number"] for item in found["slices"]] == [9, 10, 11, 12]
    first = found["slices"][0]
    assert first["spacing_mm"] == [0.5, 0.5]
    assert pixels(first["image"]).shape == (first["height"], first["width"]) == (140, 130)
    answer = page.post("/api/predict", params={"number": 9, "version": 1}, content=content).json()
    np.testing.assert_array_equal(pixels(answer["mask"]), expected_mask(pixels(first["image"])))
    beyond = error(page.post("/api/slices", params={"first": 13}, content=content))
    assert beyond["reason"] == "it has no slice 13"


def test_samples_are_slices_that_nothing_is_odd_about(page: TestClient) -> None:
    offered = page.get("/api/samples").json()["samples"]
    assert [one["name"] for one in offered] == [sample.name for sample in SAMPLES]
    for one in offered:
        content = page.get(f"/api/samples/{one['name']}").content
        assert find_differences(content) == []
    assert page.get("/api/samples/other.jpg").status_code == 404


def test_of_two_versions_the_one_that_learnt_from_drawn_slices_says_so(
    address: str, tmp_path: Path
) -> None:
    (tmp_path / "2").mkdir()
    mark_synthetic(tmp_path / "1" / ASSETS_EXTRA)
    options = AppOptions(server=address, model=tmp_path)
    with TestClient(create_app(options), base_url=HERE) as page:
        content = page.get(f"/api/samples/{SAMPLES[0].name}").content
        first, second = (
            page.post(f"/api/predict?version={version}", content=content).json()
            for version in (1, 2)
        )
    assert "synthetic slices alone" in first["caution"]
    assert second["caution"] is None


def test_what_is_unlike_the_training_data_is_said() -> None:
    head = np.zeros((200, 200), np.uint8)
    head[40:160, 40:160] = np.linspace(60, 250, 120).astype(np.uint8)

    def said(pixels: np.ndarray) -> list[str]:
        sentences = find_differences(encode(Image.fromarray(pixels), "PNG"))
        return [" ".join(sentence.split()[:2]) for sentence in sentences]

    assert said(head) == said(np.repeat(head[..., None], 3, axis=-1)) == []
    colour = np.stack([head, head // 2, head // 3], axis=-1)
    assert said(colour) == ["The image"]
    assert said(head[::4, ::4]) == ["Unusual size:"]
    assert said(np.tile(head, (1, 3))) == ["Unusual shape:"]
    assert said(np.zeros((200, 200), np.uint8)) == ["Almost nothing"]
    assert said(head[40:160, 40:160].repeat(2, 0).repeat(2, 1)) == ["No dark"]


# Segmentations

PLACE = {
    "StudyInstanceUID": generate_uid(),
    "SeriesInstanceUID": generate_uid(),
    "FrameOfReferenceUID": generate_uid(),
}


def segment(page: TestClient, content: bytes, **query: Any) -> Any:
    params = {"name": "scan.dcm", "version": 1, **query}
    return page.post("/api/segmentation", params=params, content=content)


def read_segmentation(content: bytes) -> pydicom.Dataset:
    # No name, number, place or description of the image is in it.
    assert PATIENT.encode() not in content
    found = pydicom.dcmread(io.BytesIO(content))
    assert (found.PatientName, found.PatientID, found.StudyDate) == ("", "", "")
    assert found.StudyInstanceUID == PLACE["StudyInstanceUID"]
    return found


def test_a_segmentation_refers_to_its_image_and_names_nobody(page: TestClient) -> None:
    place = {"ImagePositionPatient": [1, 2, 3], "ImageOrientationPatient": AXIAL}
    image = dicom(ramp(), PixelSpacing=[0.5, 0.25], PatientBirthDate="19500102", **PLACE, **place)
    answer = segment(page, image)
    assert answer.headers["content-type"] == "application/dicom"
    found = read_segmentation(answer.content)
    assert b"19500102" not in answer.content
    (series,) = found.ReferencedSeriesSequence
    (instance,) = series.ReferencedInstanceSequence
    source = pydicom.dcmread(io.BytesIO(image))
    assert series.SeriesInstanceUID == PLACE["SeriesInstanceUID"]
    assert instance.ReferencedSOPInstanceUID == source.SOPInstanceUID
    shared = found.SharedFunctionalGroupsSequence[0]
    measures = shared.PixelMeasuresSequence[0]
    assert list(measures.PixelSpacing) == [0.5, 0.25]
    # Nothing is made up.
    assert "SpacingBetweenSlices" not in measures
    shown = page.post("/api/predict", params={"version": 1}, content=image).json()
    np.testing.assert_array_equal(found.pixel_array * 255, pixels(shown["mask"]))
    assert found.SoftwareVersions == "1"


def test_a_frame_of_several_is_the_one_that_is_segmented(page: TestClient) -> None:
    shared = sequence(
        PlaneOrientationSequence=sequence(ImageOrientationPatient=AXIAL),
        PixelMeasuresSequence=sequence(PixelSpacing=[1, 1], SliceThickness=2),
    )
    frames = [
        sequence(
            PlanePositionSequence=sequence(ImagePositionPatient=[0, 0, 2 * index]),
            FrameContentSequence=sequence(FrameComments=PATIENT),
        )[0]
        for index in range(3)
    ]
    image = dicom(
        np.stack([ramp(), ramp()[::-1], ramp()]),
        SOPClassUID=EnhancedMRImageStorage,
        SharedFunctionalGroupsSequence=shared,
        PerFrameFunctionalGroupsSequence=frames,
        **PLACE,
    )
    found = read_segmentation(segment(page, image, number=2).content)
    (frame,) = found.PerFrameFunctionalGroupsSequence
    assert list(frame.PlanePositionSequence[0].ImagePositionPatient) == [0, 0, 2]
    source = frame.DerivationImageSequence[0].SourceImageSequence[0]
    assert source.ReferencedFrameNumber == 2
    shown = page.post("/api/predict", params={"number": 2, "version": 1}, content=image).json()
    np.testing.assert_array_equal(found.pixel_array * 255, pixels(shown["mask"]))


def test_what_cannot_be_referred_to_is_not_segmented(page: TestClient) -> None:
    said = error(segment(page, dicom(ramp())))
    assert said["where"] == "scan.dcm" and "FrameOfReferenceUID" in said["reason"]
    volume = nifti(np.random.default_rng(0).integers(0, 9, (20, 20, 20), np.int16))
    assert segment(page, volume).status_code == 422
    assert error(segment(page, encode(grey(), "PNG")))["remedy"] == "Take the mask as PNG"


# Refusals


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"", "the file is empty"),
        (b"<b>text</b>", "not a JPEG, PNG, BMP or GIF image"),
        (encode(grey(), "PNG")[:-20], "the image data is damaged"),
        (nifti(np.ones((20, 20, 20), np.int16))[:-1], "bytes of the"),
        (encode(grey().convert("CMYK"), "JPEG"), "pixel mode CMYK"),
    ],
)
def test_a_bad_file_gets_the_products_own_message(
    page: TestClient, content: bytes, reason: str
) -> None:
    for verb in ("slices", "predict", "segmentation"):
        name = {"name": "C:\\scans\\<b>bad\n.jpg"}
        said = error(page.post(f"/api/{verb}", params=name, content=content))
        assert said["where"] == "<b>bad.jpg" and reason in said["reason"] and said["remedy"]


def test_no_answer_tells_of_the_servers_machine(page: TestClient) -> None:
    # The model itself fails on this one, and what TensorFlow says of it quotes source files.
    image = Image.fromarray(np.zeros((20, REFUSED), np.uint8))
    answer = page.post("/api/predict", params={"name": "odd.png"}, content=encode(image, "PNG"))
    said = error(answer)
    assert (said["where"], said["reason"]) == ("odd.png", "the model cannot answer for it")
    assert "/" not in "".join(said.values())


def test_a_server_that_is_away_is_said_without_its_address() -> None:
    # Port 9 is that of a service which nobody runs.
    options = AppOptions(server="http://127.0.0.1:9")
    with TestClient(create_app(options), base_url=HERE) as page:
        for answer in (
            page.get("/api/status"),
            page.post("/api/predict", content=encode(grey(), "PNG")),
        ):
            said = error(answer, 503)
            assert said["where"] == "the model server" and "127" not in answer.text
        # The slice can be looked at all the same.
        assert page.post("/api/slices", content=encode(grey(), "PNG")).status_code == 200


def test_a_body_has_a_limit_and_is_never_on_disk(
    address: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    image = Image.fromarray(np.random.default_rng(0).integers(0, 255, (1500, 1500), np.uint8))
    content = encode(image, "PNG")
    with TestClient(
        create_app(AppOptions(server=address, upload_bytes=len(content))), base_url=HERE
    ) as page:
        seen = []

        def parts() -> Iterator[bytes]:
            for at in range(0, len(content), 1 << 16):
                seen.append(list(tmp_path.iterdir()))
                yield content[at : at + (1 << 16)]

        assert page.post("/api/predict", content=parts()).status_code == 200
        assert len(seen) > 1 and not any(seen) and not list(tmp_path.iterdir())
        said = error(page.post("/api/slices", content=content + b"x"), 413)
        assert said["reason"] == f"it is larger than {len(content)} bytes"
        # Also where nothing says how long it is.
        assert page.post("/api/slices", content=iter([content, b"x"])).status_code == 413


def test_browsers_are_told_what_to_refuse(page: TestClient) -> None:
    for path in ("/", "/static/main.js", "/api/status", "/nowhere"):
        headers = page.get(path).headers
        policy = headers["content-security-policy"]
        assert "default-src 'none'" in policy and "unsafe" not in policy
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
    text = page.get("/").text
    # Everything it needs is its own.
    assert "http" not in text and "<style" not in text and " style=" not in text
    assert "Not a medical device" in text


def test_only_the_names_that_it_was_given_call_it(address: str) -> None:
    options = AppOptions(server=address, host="0.0.0.0", trusted_hosts=("brisc.example",))
    with TestClient(create_app(options)) as client:
        assert client.get("/", headers={"host": "BRISC.example:7860"}).status_code == 200
        for name in ("elsewhere.example", "127.0.0.1:7860", ""):
            assert client.get("/", headers={"host": name}).status_code == 403


def test_other_sites_cannot_ask(page: TestClient) -> None:
    content = encode(grey(), "PNG")
    assert page.get("/", headers={"host": "elsewhere.example"}).status_code == 403
    assert page.get("/", headers={"host": "[::1]:7860"}).status_code == 200
    crossed = {"sec-fetch-site": "cross-site"}
    assert page.post("/api/predict", content=content, headers=crossed).status_code == 403
    assert page.get("/static/../app.py").status_code == 404
    assert page.get("/static/%2e%2e/options.py").status_code == 404
    assert error(page.post("/api/slices", params={"first": "x<"}))["where"] == "the request"
