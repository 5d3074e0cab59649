"""The web page in a real browser, as people use it."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pydicom
import pytest
from axe_playwright_python.sync_playwright import Axe
from PIL import Image
from playwright.sync_api import Browser, Page, expect

from serving.app.samples import SAMPLES, draw_sample
from serving.server.options import ServerOptions
from serving.server.run import RunningServer
from tests.browser import chromium, give, run_page
from tests.folders import encode
from tests.scans import AXIAL, dicom, nifti, scaled
from tests.test_app import PLACE
from tests.tiny_model import put_tiny_model

pytestmark = pytest.mark.integration

SAMPLE = SAMPLES[0].name
# Bright where the older version has a mask and the newer one has none.
THRESHOLDS = {1: 127, 2: 200}


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("models") / "brisc"
    put_tiny_model(base / "1", threshold=THRESHOLDS[1])
    put_tiny_model(base / "2", ("meningioma", "no_tumor"), threshold=THRESHOLDS[2])
    return base


@pytest.fixture(scope="module")
def address(models: Path) -> Iterator[str]:
    with run_page("--model", str(models)) as url:
        yield url


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium() as running:
        yield running


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    with browser.new_context(viewport={"width": 1280, "height": 820}) as context:
        opened = context.new_page()
        said: list[str] = []
        opened.on("pageerror", lambda error: said.append(str(error)))
        opened.on("console", lambda message: said.append(message.text))
        opened.goto(address)
        expect(opened.locator("#server")).to_have_text("Model server ready")
        yield opened
        # What a bad file is refused with is an error to the browser, too.
        assert [text for text in said if "Failed to load resource" not in text] == []


def head(level: int = 150) -> np.ndarray:
    """A disc of grey ``level`` on black, one 90 brighter within it: uint8 [160, 160]."""
    rows, columns = np.mgrid[:160, :160]
    distance = np.hypot(rows - 80, columns - 80)
    return np.clip(level * (distance < 60) + 90 * (distance < 20), 0, 255).astype(np.uint8)


def png(pixels: np.ndarray) -> bytes:
    return encode(Image.fromarray(pixels), "PNG")


def shot(page: Page, at: int = 0) -> np.ndarray:
    """What is to be seen of a canvas: uint8 [height, width, 3]."""
    # Its own frame, which is drawn after the last change.
    page.evaluate("() => new Promise((done) => setTimeout(() => requestAnimationFrame(done), 150))")
    taken = page.locator("canvas").nth(at).screenshot()
    return np.asarray(Image.open(io.BytesIO(taken)).convert("RGB")).astype(int)


def coloured(pixels: np.ndarray) -> int:
    """How many pixels are not grey."""
    return int(((pixels.max(-1) - pixels.min(-1)) > 40).sum())


def verdict(page: Page, text: str) -> None:
    expect(page.locator(".class")).to_have_text(text)


def test_an_upload_gets_class_numbers_and_a_mask_over_it(page: Page) -> None:
    give(page, ("slice.png", png(head())))
    verdict(page, "Meningioma")
    panel = page.locator(".panel")
    expect(panel).to_contain_text("Calibrated probabilities")
    expect(panel.locator(".best .number")).to_have_text("70.0 %")
    area = int((head() > THRESHOLDS[2]).sum())
    expect(panel).to_contain_text(f"{area:,} px")
    expect(panel).not_to_contain_text("mm²")
    with_mask = shot(page)
    page.get_by_label("Mask", exact=True).uncheck()
    without = shot(page)
    assert coloured(without) == 0
    scale = min(without.shape[:2]) / 160
    # The disc and its outline, as large as the canvas shows them.
    assert coloured(with_mask) == pytest.approx(area * scale**2, rel=0.1)
    changed = np.abs(with_mask - without).sum(-1) > 20
    assert changed.sum() == pytest.approx(coloured(with_mask), rel=0.1)
    page.get_by_label("Mask", exact=True).check()
    page.get_by_label("Mask opacity").fill("0")
    outline = coloured(shot(page))
    assert 0 < outline < coloured(with_mask) / 5
    page.get_by_label("Contour").uncheck()
    assert coloured(shot(page)) == 0


def test_window_and_level_change_what_is_seen(page: Page) -> None:
    give(page, ("slice.png", png(head())))
    verdict(page, "Meningioma")
    page.get_by_label("Mask", exact=True).uncheck()
    centre = tuple(length // 2 for length in shot(page).shape[:2])
    assert abs(int(shot(page)[centre][0]) - 240) < 5
    page.get_by_label("Level").fill("255")
    page.get_by_label("Window").fill("100")
    # 240 lies 15 below the middle of a window of 100.
    assert abs(int(shot(page)[centre][0]) - 255 * (240 - 205) / 100) < 5
    page.get_by_role("button", name="Reset").click()
    assert abs(int(shot(page)[centre][0]) - 240) < 40


def test_two_versions_are_beside_each_other_with_their_differences(page: Page) -> None:
    give(page, ("slice.png", png(head())))
    page.get_by_label("Compare with").select_option("1")
    expect(page.locator("canvas")).to_have_count(2)
    expect(page.locator("#legend")).to_contain_text("differ")
    apart = int((head() > THRESHOLDS[1]).sum() - (head() > THRESHOLDS[2]).sum())
    expect(page.locator("#legend")).to_contain_text(f"{apart:,} px differ")
    newer, older = shot(page, 0), shot(page, 1)

    def blue(pixels: np.ndarray) -> int:
        return int((pixels[..., 2] - pixels[..., 0] > 40).sum())

    # Only the older one has what the newer one lacks.
    assert blue(newer) < blue(older) / 50
    page.get_by_label("Differences").uncheck()
    assert blue(shot(page, 1)) == 0


def test_a_bad_file_gets_a_message_and_costs_no_other(page: Page) -> None:
    give(
        page,
        ("<img src=x>.png", b"no image"),
        ("good.png", png(head())),
    )
    problem = page.locator(".panel .problem").first
    expect(problem).to_contain_text("<img src=x>.png: not a JPEG, PNG, BMP or GIF image.")
    expect(problem).to_contain_text("Give a slice as")
    row = page.locator("#rows tr", has_text="good.png")
    expect(row).to_contain_text("Meningioma")
    row.click()
    verdict(page, "Meningioma")


def test_what_is_unlike_the_training_data_is_warned_of(page: Page) -> None:
    colour = np.stack([head(), head() // 2, head() // 3], axis=-1)
    give(page, ("colour.png", png(colour)))
    expect(page.locator(".warn")).to_contain_text("The image is in colour")


def test_ten_uploads_at_once_are_a_table_that_sorts(page: Page) -> None:
    give(page, *((f"{at}.png", png(head(100 + 12 * at))) for at in range(10)))
    rows = page.locator("#rows tr")
    expect(rows).to_have_count(10)
    expect(rows.filter(has_text="waiting")).to_have_count(0)
    page.get_by_role("button", name="Area (px)").click()
    page.get_by_role("button", name="Area (px)").click()
    expect(page.locator("#columns th").nth(4)).to_have_attribute("aria-sort", "descending")
    areas = [
        int(text.replace(",", ""))
        for text in page.locator("#rows td:nth-child(5)").all_inner_texts()
    ]
    expected = sorted(int((head(100 + 12 * at) > THRESHOLDS[2]).sum()) for at in range(10))
    assert areas == expected[::-1]
    with page.expect_download() as download:
        page.get_by_role("button", name="All results (JSON)").click()
    saved = json.loads(Path(download.value.path()).read_text())
    assert len(saved) == 10 and {one["model_version"] for one in saved} == {"2"}


def test_a_volume_has_a_slider(page: Page) -> None:
    volume = np.stack([head(90 + 8 * at) for at in range(14)], axis=-1).astype(np.int16)
    give(page, ("head.nii.gz", nifti(volume, scaled(0.5, 0.5, 3), packed=True)))
    expect(page.locator("#slice-text")).to_have_text("7 of 14")
    verdict(page, "Meningioma")
    expect(page.locator(".panel")).to_contain_text("0.5 × 0.5 mm")
    expect(page.locator(".panel")).to_contain_text("mm²)")
    before = shot(page)
    page.get_by_role("slider", name="Slice").fill("14")
    expect(page.locator("#slice-text")).to_have_text("14 of 14")
    verdict(page, "Meningioma")
    expect(page.locator(".view.waiting")).to_have_count(0)
    assert np.abs(shot(page) - before).mean() > 3
    page.get_by_role("button", name="Ask for all").click()
    expect(page.locator("#rows tr")).to_have_count(14)
    expect(page.locator("#rows tr").filter(has_text="waiting")).to_have_count(0)


def test_masks_and_results_are_downloaded(page: Page) -> None:
    place = {"ImagePositionPatient": [0, 0, 0], "ImageOrientationPatient": AXIAL}
    window = {"WindowCenter": 128, "WindowWidth": 256, "PixelSpacing": [0.5, 0.5]}
    give(page, ("scan.dcm", dicom(head().astype(np.uint16), **PLACE, **place, **window)))
    verdict(page, "Meningioma")
    saved = {}
    for button in ("Mask (PNG)", "DICOM SEG", "Result (JSON)"):
        with page.expect_download() as download:
            page.get_by_role("button", name=button).click()
        saved[download.value.suggested_filename] = Path(download.value.path()).read_bytes()
    assert sorted(saved) == ["scan.json", "scan_mask.png", "scan_seg.dcm"]
    mask = np.asarray(Image.open(io.BytesIO(saved["scan_mask.png"]))) > 0
    segmented = pydicom.dcmread(io.BytesIO(saved["scan_seg.dcm"])).pixel_array > 0
    np.testing.assert_array_equal(mask, segmented)
    result = json.loads(saved["scan.json"])
    assert result["class"] == "meningioma" and result["spacing_mm"] == [0.5, 0.5]
    assert result["mask_area"] == mask.sum()
    assert result["mask_area_mm2"] == mask.sum() / 4
    assert result["notice"] == "Not a medical device"


def test_everything_is_done_by_keyboard(page: Page) -> None:
    def reach(selector: str) -> None:
        for _ in range(60):
            page.keyboard.press("Tab")
            if page.evaluate("(selector) => document.activeElement.matches(selector)", selector):
                return
        raise AssertionError(f"no way to {selector} by Tab")

    reach(".sample")
    page.keyboard.press("Enter")
    expect(page.locator(".class")).to_be_visible()
    reach("canvas")
    before = shot(page)
    page.keyboard.press("+")
    assert np.abs(shot(page) - before).mean() > 1
    page.keyboard.press("0")
    page.keyboard.press("m")
    expect(page.get_by_label("Mask", exact=True)).not_to_be_checked()
    reach("#opacity")
    page.keyboard.press("End")
    expect(page.get_by_label("Mask opacity")).to_have_value("100")
    reach("#save-json")
    with page.expect_download():
        page.keyboard.press("Enter")


def test_a_server_that_goes_away_comes_back_by_itself(browser: Browser, models: Path) -> None:
    options = ServerOptions(model_base_path=models, grpc_port=0, rest_port=0, drain_seconds=0)
    server = RunningServer(options)
    try:
        where = f"http://127.0.0.1:{server.rest_port}"
        with run_page("--server", where) as url, browser.new_context() as context:
            page = context.new_page()
            page.goto(url)
            give(page, ("first.png", png(head())))
            verdict(page, "Meningioma")
            server.stop()
            give(page, ("second.png", png(head(160))))
            expect(page.locator("#banner")).to_contain_text("does not answer")
            # What is known is still there, and the slice can be looked at.
            rows = page.locator("#rows tr")
            expect(rows.filter(has_text="first.png")).to_contain_text("Meningioma")
            assert shot(page).max() > 200
            server = RunningServer(options.model_copy(update={"rest_port": server.rest_port}))
            expect(page.locator("#banner")).to_be_hidden(timeout=60_000)
            expect(rows.filter(has_text="second.png")).to_contain_text("Meningioma")
    finally:
        server.stop()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_keeps_people_out(browser: Browser, address: str, scheme: str, width: int) -> None:
    with browser.new_context(
        color_scheme=scheme, viewport={"width": width, "height": 844}
    ) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.locator(".sample").first).to_be_visible()
        _require_accessible(page)
        sample = draw_sample(SAMPLE)
        assert sample is not None
        colour = png(np.stack([head(), head() // 2, head() // 3], axis=-1))
        give(page, ("colour.png", colour), (SAMPLE, sample), ("bad.png", b"no image"))
        expect(page.locator("#rows tr").filter(has_text="waiting")).to_have_count(0)
        page.get_by_label("Compare with").select_option("1")
        expect(page.locator("#legend")).to_be_visible()
        _require_accessible(page)
        page.locator("#rows tr").last.click()
        _require_accessible(page)
        page.get_by_role("button", name="Keys").click()
        _require_accessible(page)
        page.keyboard.press("Escape")
        # Nothing is wider than the screen, and the notice stays where it is.
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        page.evaluate("window.scrollTo(0, document.body.scrollHeight)")
        expect(page.get_by_text("Not a medical device")).to_be_in_viewport()


def _require_accessible(page: Page) -> None:
    found = Axe().run(page).response["violations"]
    grave = [one for one in found if one["impact"] in ("serious", "critical")]
    assert grave == [], [(one["id"], one["nodes"][0]["html"]) for one in grave]
