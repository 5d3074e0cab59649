"""What Beam's workers get: everything that the packages read at run time."""

from __future__ import annotations

import subprocess
import sys
import tarfile
from pathlib import Path

ROOT = Path(__file__).parents[1]


def test_the_source_distribution_is_complete(tmp_path: Path) -> None:
    # As Beam calls it for --setup_file, but for the folders, which stay out of the checkout.
    build = ["egg_info", "--egg-base", str(tmp_path), "sdist", "--dist-dir", str(tmp_path)]
    subprocess.run([sys.executable, "setup.py", "-q", *build], cwd=ROOT, check=True)
    (archive,) = tmp_path.glob("*.tar.gz")
    with tarfile.open(archive) as content:
        names = {name.partition("/")[2] for name in content.getnames()}
    needed = {
        path.relative_to(ROOT).as_posix()
        for package in ("data", "preprocessing", "trainer", "serving", "pipeline")
        for suffix in ("py", "pbtxt", "yaml", "html", "css", "js", "svg")
        for path in (ROOT / package).rglob(f"*.{suffix}")
        # Read by docker, kubectl, Prometheus and Grafana, not by the packages.
        if ROOT / "serving" / "deploy" not in path.parents
    }
    assert {"pipeline/profiles/demo.yaml", "serving/app/static/main.js"} <= needed
    needed.add("serving/deploy/config/monitoring.config")
    assert needed <= names
