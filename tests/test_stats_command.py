"""``brisc data stats``: its page, its JSON, and what it reads of a workspace."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest
import tensorflow_data_validation as tfdv
from ml_metadata import MetadataStore
from ml_metadata.proto import metadata_store_pb2 as mlmd

from data import features
from data.config import DriftConfig
from data.layout import scan
from data.naming import CLASSES, PLANES
from data.statistics.anomalies import SCHEMA
from data.statistics.comparison import compare
from data.statistics.generate import statistics_options
from data.statistics.record import write_drift
from pipeline.cli.main import main
from pipeline.workspace import Workspace
from tests.folders import image_path, put, stem
from tests.test_audit_command import Page


def run(*arguments: str | Path) -> int:
    try:
        main(["data", "stats", *map(str, arguments)])
    except SystemExit as ended:
        return int(ended.code or 0)
    return 0


def test_a_folder_is_split_and_shown_on_one_page(sample_dir: Path, tmp_path: Path, capfd) -> None:
    root = tmp_path / "data"
    shutil.copytree(sample_dir, root)
    put(image_path(root, f"{stem('no_tumor', 90002)}.jpg", "no_tumor"), b"no <b>image")
    page, record = tmp_path / "stats.html", tmp_path / "stats.json"
    assert run(root, "--html", page, "--json", record, "--set=drift.splits.label=0") == 0

    found = json.loads(record.read_text())
    tests = sum(item.official_split == "test" for item in scan(sample_dir).slices)
    assert found["slices"]["test"] == tests
    assert set(found["features"]["train"]) >= {features.LABEL, features.HEIGHT, features.LEAK}
    assert set(found["features"]["test"][features.LABEL]["counts"]) == set(CLASSES)
    assert found["anomalies"] == [] and len(found["problems"]) == 1
    labels = [c for c in found["drift"]["comparisons"] if c["feature"] == features.LABEL]
    assert [c["threshold"] for c in labels] == [0, 0]

    source = page.read_text()
    assert "http://" not in source and "https://" not in source and "@import" not in source
    shown = Page(source)
    assert not shown.fetched and not shown.tags & {"script", "link", "iframe", "b"}
    assert source.count("<svg") >= 5
    text = " ".join(shown.text)
    assert "tumor/area_fraction" in text and "90002" in text
    # An identifier in the statistics would name slices.
    assert scan(sample_dir).slices[0].id not in source

    printed = capfd.readouterr()
    assert f"{tests} test slices; 0 anomalies" in printed.out
    assert "90002" in printed.err and "Traceback" not in printed.err


def frame(label: str = "glioma") -> pd.DataFrame:
    """Forty slices, of which ten have ``label``."""
    return pd.DataFrame(
        {
            features.LABEL: [*CLASSES[1:], label] * 10,
            features.PLANE: [PLANES[number % 3] for number in range(40)],
            features.HEIGHT: [512, 256] * 20,
        }
    )


class Recorded:
    """A workspace as runs leave it, as far as statistics go."""

    def __init__(self, root: Path) -> None:
        self.root = root
        root.mkdir()
        config = mlmd.ConnectionConfig()
        config.sqlite.filename_uri = str(Workspace.at(root).metadata)
        config.sqlite.connection_mode = mlmd.SqliteMetadataSourceConfig.READWRITE_OPENCREATE
        self.store = MetadataStore(config)

    def run(self, run_id: str, test: pd.DataFrame, *, compared: bool = True) -> None:
        """A run with the usual train split; it may have stopped before it compared."""
        (Workspace.at(self.root).reports / run_id).mkdir(parents=True)
        parts = {"train": frame(), "test": test}
        statistics = {
            split: tfdv.generate_statistics_from_dataframe(part, statistics_options(), n_jobs=1)
            for split, part in parts.items()
        }
        schema = tfdv.load_schema_text(str(SCHEMA))
        kept = [feature for feature in schema.feature if feature.name in frame().columns]
        del schema.feature[:]
        schema.feature.extend(kept)
        run = self._context("pipeline_run", run_id)
        written = self._artifact(run, "StatisticsGen", "ExampleStatistics")
        found = self._artifact(run, "ExampleValidator", "ExampleAnomalies")
        for split, part in statistics.items():
            for folder, name, content in (
                (written, "FeatureStats.pb", part),
                (found, "SchemaDiff.pb", tfdv.validate_statistics(part, schema)),
            ):
                (folder / f"Split-{split}").mkdir(parents=True)
                (folder / f"Split-{split}" / name).write_bytes(content.SerializeToString())
        if compared:
            folder = self._artifact(run, "DriftReport", "DataDrift")
            folder.mkdir(parents=True)
            write_drift(compare(statistics, DriftConfig(), statistics, "data 0123"), folder)

    def _artifact(self, run: int, node: str, kind: str) -> Path:
        put = self.store
        type_id = put.put_artifact_type(mlmd.ArtifactType(name=kind))
        uri = self.root / "artifacts" / node / str(run)
        (artifact,) = put.put_artifacts([mlmd.Artifact(type_id=type_id, uri=str(uri))])
        type_id = put.put_execution_type(mlmd.ExecutionType(name=f"tfx.{node}"))
        state = mlmd.Execution.COMPLETE
        execution = mlmd.Execution(type_id=type_id, last_known_state=state)
        (number,) = put.put_executions([execution])
        event = mlmd.Event(artifact_id=artifact, execution_id=number, type=mlmd.Event.OUTPUT)
        put.put_events([event])
        contexts = (run, self._context("node", f"brisc.{node}"))
        put.put_attributions_and_associations(
            [], [mlmd.Association(context_id=c, execution_id=number) for c in contexts]
        )
        return uri

    def _context(self, kind: str, name: str) -> int:
        known = self.store.get_context_by_type_and_name(kind, name)
        if known is not None:
            return known.id
        type_id = self.store.put_context_type(mlmd.ContextType(name=kind))
        return self.store.put_contexts([mlmd.Context(type_id=type_id, name=name)])[0]


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two runs: the second has a label that the schema does not know, and was stopped there."""
    recorded = Recorded(tmp_path_factory.mktemp("recorded") / "work")
    recorded.run("first", frame())
    recorded.run("second", frame("sarcoma"), compared=False)
    return recorded.root


def test_a_bad_label_shows_as_an_anomaly(workspace: Path, tmp_path: Path, capfd) -> None:
    page = tmp_path / "stats.html"
    assert run(workspace, "--html", page) == 0
    text = " ".join(Page(page.read_text()).text)
    assert "Statistics of run second" in text
    assert "1 anomaly;" in text and "sarcoma" in text
    # The run was stopped before it compared; the command does.
    assert "no earlier data set" in text
    assert "sarcoma" in capfd.readouterr().out


def test_the_folder_of_a_run_means_that_run(workspace: Path, capfd) -> None:
    assert run(workspace / "runs" / "first") == 0
    printed = capfd.readouterr().out
    assert "run first: 40 train, 40 test slices; 0 anomalies" in printed
    assert "compared with data 0123" in printed


def test_any_two_sources_can_be_compared(workspace: Path, tmp_path: Path) -> None:
    record = tmp_path / "stats.json"
    first = workspace / "runs" / "first"
    assert run(workspace, "--against", first, "--json", record) == 0
    drift = json.loads(record.read_text())["drift"]
    assert drift["previous"] == "run first"
    (label,) = [
        c
        for c in drift["comparisons"]
        if (c["kind"], c["feature"], c["split"]) == ("drift", features.LABEL, "test")
    ]
    assert label["distance"] == pytest.approx(0.25) and label["exceeded"]


def test_a_run_that_is_not_there_is_a_named_error(workspace: Path, capfd) -> None:
    assert run(workspace / "runs" / "third") == 1
    assert "no run has got as far as statistics" in capfd.readouterr().err


def test_a_folder_that_is_no_source_is_a_named_error(tmp_path: Path, capfd) -> None:
    assert run(tmp_path / "absent") == 1
    assert capfd.readouterr().err.startswith(f"brisc: {tmp_path / 'absent'}: ")
