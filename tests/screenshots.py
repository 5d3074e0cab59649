"""Makes the pictures in the docs, of the web page and of a run's report, from synthetic slices.

python -m tests.screenshots --model work/serving/brisc --report work/runs/ID/report.html
"""

from __future__ import annotations

import argparse
import io
from pathlib import Path

from PIL import Image
from playwright.sync_api import Page, expect

from serving.app.samples import SAMPLES, draw_sample
from tests.browser import chromium, give, run_page
from tests.command import ROOT

SIZE = {"width": 1200, "height": 800}


def take(page: Page, file: Path) -> None:
    """Writes what is in sight as a PNG of 256 colours."""
    with Image.open(io.BytesIO(page.screenshot())) as image:
        image.convert("RGB").quantize(256).save(file, optimize=True)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True, help="as of `brisc app`")
    parser.add_argument("--report", type=Path, required=True, help="of a run on synthetic slices")
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "images")
    arguments = parser.parse_args()
    files = [(sample.name, draw_sample(sample.name) or b"") for sample in SAMPLES]
    with run_page("--model", arguments.model) as address, chromium() as browser:
        for scheme in ("light", "dark"):
            with browser.new_context(viewport=SIZE, color_scheme=scheme) as context:
                page = context.new_page()
                page.goto(address)
                give(page, *files)
                expect(page.locator("#rows tr")).to_have_count(len(files))
                expect(page.locator("#rows tr").filter(has_text="waiting")).to_have_count(0)
                page.mouse.move(0, 0)
                take(page, arguments.out / f"app-{scheme}.png")
        with browser.new_context(viewport=SIZE) as context:
            page = context.new_page()
            page.goto(arguments.report.absolute().as_uri())
            take(page, arguments.out / "report.png")


if __name__ == "__main__":
    main()
