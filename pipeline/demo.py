"""``make demo``: sample data, the whole pipeline on it, and the pushed model asked once."""

from __future__ import annotations

import json
import sys
from pathlib import Path

from data.layout import scan
from pipeline.cli.main import main

ROOT = Path("build/demo")
IMAGES = 480


def demo(root: Path) -> None:
    """Runs the product's own commands below ``root`` and prints where their results lie."""
    data, workspace, overlays = root / "data", root / "workspace", root / "overlay"
    if not data.exists():
        _brisc("data", "sample", str(data), "--images", str(IMAGES))
    _brisc("run", "--data", str(data), "--workspace", str(workspace), "--profile", "demo")
    newest = max((workspace / "runs").glob("*/report.json"))
    report = json.loads(newest.read_text())
    shown = next(item for item in scan(data).slices if item.official_split == "test" and item.mask)
    _brisc("predict", str(shown.image), "--model", report["pushed"], "--overlay", str(overlays))
    for path in (
        overlays / f"{shown.id}_overlay.png",
        newest.with_suffix(".html"),
        report["tensorboard"],
        Path(report["pushed"]).parent,
    ):
        print(Path(path).absolute())


def _brisc(*arguments: str) -> None:
    print("brisc", *arguments, flush=True)
    try:
        main(list(arguments))
    except SystemExit as end:
        # The command line ends every verb so; only a failure ends the demo.
        if end.code:
            sys.exit(end.code)


if __name__ == "__main__":
    demo(ROOT)
