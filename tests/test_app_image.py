"""What is in the web page's image, as far as that can be told without an engine."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
import yaml

from tests.command import ROOT
from tests.serving_command import serve
from tests.tiny_model import put_tiny_model

pytestmark = pytest.mark.integration

DEPLOY = ROOT / "serving" / "deploy"
STEPS = dict[str, list[str]]


def ignored() -> list[str]:
    """What the engine is not sent, and what of that it is."""
    lines = (DEPLOY / "app" / "Dockerfile.dockerignore").read_text().splitlines()
    return [line for line in lines if not line.startswith("#")]


@pytest.fixture(scope="module")
def steps() -> STEPS:
    """What the Dockerfile says, by instruction."""
    found: STEPS = {}
    for line in (DEPLOY / "app" / "Dockerfile").read_text().splitlines():
        if line and not line.startswith("#"):
            instruction, _, rest = line.partition(" ")
            found.setdefault(instruction, []).append(rest)
    return found


@pytest.fixture(scope="module")
def image(steps: STEPS, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Its files, from those that git knows."""
    not_sent = [line for line in ignored() if not line.startswith(("!", "*"))]
    folder = tmp_path_factory.mktemp("image") / "brisc"
    for copied in steps["COPY"]:
        source, target = copied.split()[-2:]
        known = subprocess.run(
            ["git", "ls-files", source, *(f":!{path}" for path in not_sent)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            check=True,
        )
        for name in known.stdout.splitlines():
            place = folder / target / Path(name).relative_to(source)
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(ROOT / name, place)
    return folder


@pytest.fixture(scope="module")
def python() -> Path:
    """An interpreter with what its requirements have, and nothing else."""
    venv = ROOT / ".cache" / "app"
    variables = {**os.environ, "BRISC_APP_VENV": str(venv)}
    subprocess.run([ROOT / "requirements" / "app.sh"], env=variables, check=True)
    return venv / "bin" / "python"


@pytest.fixture
def page(steps: STEPS, image: Path, python: Path, tmp_path: Path) -> Iterator[str]:
    """Its address, started as compose does, beside a server with a model."""
    command = yaml.safe_load((DEPLOY / "compose.yaml").read_text())["services"]["app"]["command"]
    (entry,) = map(json.loads, steps["ENTRYPOINT"])
    assert entry[0] == "python"
    put_tiny_model(tmp_path / "model" / "1")
    with serve(f"--model-base-path={tmp_path / 'model'}") as served:
        told = [flag.replace("http://server:8501", served.rest) for flag in command]
        process = subprocess.Popen(
            [python, *entry[1:], *told, "--port=0"],
            cwd=image,
            env={"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            text=True,
        )
        try:
            assert process.stdout is not None
            found = re.search(r"http://\S+:(\d+)", process.stdout.readline())
            assert found is not None
            yield f"http://127.0.0.1:{found[1]}"
        finally:
            process.kill()
            process.wait()


def test_the_page_answers_for_a_slice_without_tensorflow(page: str, python: Path) -> None:
    assert subprocess.run([python, "-c", "import tensorflow"], capture_output=True).returncode
    with httpx.Client(base_url=page, timeout=60) as client:
        assert client.get("/api/status").json() == {"model": "brisc", "versions": ["1"]}
        slice_ = client.get("/api/samples/synthetic-glioma.jpg").content
        answer = client.post("/api/predict", content=slice_, params={"name": "slice.jpg"})
        assert answer.status_code == 200, answer.text
        assert client.get("/").status_code == 200
        named = client.get("/", headers={"host": "elsewhere.example:7860"})
        assert named.status_code == 403


def test_nothing_but_what_is_copied_is_sent_to_the_engine(steps: STEPS, image: Path) -> None:
    first, *others = ignored()
    assert first == "*"
    sent = {line.removeprefix("!") for line in others if line.startswith("!")}
    assert sent == {copied.split()[-2] for copied in steps["COPY"]}
    # Of a deployment that somebody has made of it, keys among it.
    assert "serving/deploy" in others and not (image / "serving" / "deploy").exists()
