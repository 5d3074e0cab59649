"""The commands of README.md and the first walk as they stand there, in their order, in one folder.

What is not in the texts is what they leave to their reader: slices of one's own, and parameters,
which are made small. Zenodo is a server on this machine.
"""

from __future__ import annotations

import os
import shutil
import ssl
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pytest
import yaml
from PIL import Image

from data.layout import scan
from data.naming import CLASSES
from data.sample import write_sample
from tests.certificates import self_signed
from tests.command import ROOT, environment
from tests.command_blocks import GROUP, REFLECTION, RUNNERS, Block, read_blocks
from tests.publisher import Server, running, zipped
from tests.scans import dicom, nifti
from tests.tools import NotInstalled, go_tool

# Any model passes.
PARAMETERS = """
model: {encoder: resnet18, decoder_filters: [16, 8, 8, 8, 8]}
gate: {thresholds: [{metric: accuracy, min: 0}], changes: []}
"""
LABELS = """file,class,split,plane
scan.dcm,no_tumor,train,axial
more/slice.jpg,no_tumor,test,coronal
"""


@dataclass(frozen=True)
class Scratch:
    """A folder to work in, as the texts suppose it, and the environment of its terminal.

    ``groups`` are the blocks that are for it.
    """

    folder: Path
    environment: dict[str, str]
    groups: frozenset[str]

    def run(self, block: Block) -> str:
        """Runs a block to its end; returns what it printed."""
        ended = subprocess.run(
            [*RUNNERS[block.language], block.code],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
        )
        assert ended.returncode == 0, f"{block.where}\n{block.code}\n{ended.stderr[-4000:]}"
        return ended.stdout

    @contextmanager
    def serving(self, block: Block) -> Iterator[None]:
        """Starts a block, waits for the line that says it is ready, and ends it after the body."""
        with (
            (self.folder / "serving.log").open("w+") as log,
            subprocess.Popen(
                [*RUNNERS[block.language], block.code],
                cwd=self.folder,
                env=self.environment,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            ) as process,
        ):
            assert process.stdout is not None
            try:
                said = process.stdout.readline()
                log.seek(0)
                assert "http://127.0.0.1:" in said, f"{block.where}\n{block.code}\n{log.read()}"
                yield
                assert process.poll() is None, f"{block.where}: ended by itself"
            finally:
                process.terminate()

    def follow(self, document: Path) -> list[str]:
        """Runs all of a text that is for this folder; returns what its blocks printed."""
        said: list[str] = []
        section = 0
        with ExitStack() as servers:
            for block in read_blocks(document):
                if block.group not in self.groups:
                    continue
                if block.section != section:
                    servers.close()
                    section = block.section
                if block.serving:
                    servers.enter_context(self.serving(block))
                else:
                    said.append(self.run(block))
        return said


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """Of Zenodo, as this test's own authority says."""
    return self_signed(tmp_path_factory.mktemp("zenodo"), "zenodo.org")


@pytest.fixture(scope="module")
def published(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What stands for BRISC 2025: the smallest synthetic set."""
    folder = tmp_path_factory.mktemp("published") / "brisc2025"
    write_sample(folder, images=24, seed=3)
    return folder


@pytest.fixture(scope="module")
def scratch(
    published: Path, certificate: tuple[Path, Path], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Scratch]:
    """A folder with a few slices of a user's own, and Zenodo behind it."""
    folder = tmp_path_factory.mktemp("scratch")
    (folder / ".venv").symlink_to(sys.prefix)
    (folder / "params.yaml").write_text(PARAMETERS)
    recipe = yaml.safe_load((ROOT / "params-cpu.yaml").read_text())
    recipe["model"]["image_size"] = 64
    recipe["training"] |= {"epochs": 2, "patience": 2}
    (folder / "params-cpu.yaml").write_text(yaml.safe_dump(recipe))
    slices = scan(published).slices
    shutil.copy(slices[0].image, folder / "slice.jpg")
    grey = np.asarray(Image.open(slices[0].image).convert("L")).astype(np.uint16)
    (folder / "scan.dcm").write_bytes(dicom(grey))
    (folder / "head.nii.gz").write_bytes(
        nifti(np.stack([grey, grey.T[: len(grey)]], axis=2), packed=True)
    )
    (folder / "scans" / "more").mkdir(parents=True)
    shutil.copy(folder / "scan.dcm", folder / "scans")
    shutil.copy(folder / "slice.jpg", folder / "scans" / "more")
    (folder / "labels.csv").write_text(LABELS)
    with running(Server(zipped(published))) as zenodo:
        told = zenodo.answer("/zenodo/records/17524350")
        assert told is not None
        zenodo.body["/api/records/17524350"] = told
        zenodo.tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        zenodo.tls.load_cert_chain(*certificate)
        path, groups = [str(Path(sys.executable).parent), os.environ["PATH"]], {GROUP}
        if shutil.which("go") is not None:
            # Without a proxy of Go's modules the rest is followed.
            with suppress(NotInstalled):
                grpcurl = go_tool("github.com/fullstorydev/grpcurl/cmd/grpcurl", "v1.9.3")
                path.insert(0, str(grpcurl.parent))
                groups.add(REFLECTION)
        terminal = environment() | {
            "PATH": os.pathsep.join(path),
            "HTTPS_PROXY": zenodo.url,
            "REQUESTS_CA_BUNDLE": str(certificate[0]),
        }
        yield Scratch(folder, terminal, frozenset(groups))


@pytest.mark.integration
def test_the_commands_of_the_readme_work_as_they_stand(scratch: Scratch) -> None:
    said = scratch.follow(ROOT / "README.md")
    if REFLECTION in scratch.groups:
        assert '"state": "AVAILABLE"' in said.pop()
    assert "downloaded from zenodo" in "".join(said)
    assert '"AVAILABLE"' in "".join(said)
    # Three clients of one slice: ours, any of HTTP, and TF Serving's stubs.
    answers = {text.split()[0] for text in said[-3:]}
    assert len(answers) == 1 and answers < {*CLASSES}
    assert Image.open(scratch.folder / "masks" / "slice_overlay.png").mode == "RGB"


@pytest.mark.integration
def test_the_first_walk_works_as_it_stands(scratch: Scratch) -> None:
    said = "".join(scratch.follow(ROOT / "docs" / "getting-started.md"))
    assert "blessed" in said
    left = {
        *("audit.html", "audit.json", "stats.html", "scores.json"),
        *("masks/slice_mask.png", "masks/scan_mask.png", "masks/head_f0002_overlay.png"),
        *("predicted/predictions.parquet", "my-set/manifest.csv"),
    }
    assert {name for name in left if not (scratch.folder / name).is_file()} == set()
