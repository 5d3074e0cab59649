"""Where examples do not keep to the schema, as TFDV found it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from tensorflow_metadata.proto.v0 import anomalies_pb2

import data
from data.statistics.store import split_folders

SCHEMA = Path(data.__file__).with_name("schema.pbtxt")
_FILE = "SchemaDiff.pb"


@dataclass(frozen=True)
class Anomaly:
    """One feature of one split that is not as the schema says.

    Attributes:
        split: The split.
        feature: Its name; empty where it concerns the whole split.
        what: What is wrong, in a few words.
        detail: What was found.
    """

    split: str
    feature: str
    what: str
    detail: str

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.split, self.feature, self.what, self.detail)))


def list_anomalies(split: str, found: anomalies_pb2.Anomalies) -> list[Anomaly]:
    """The anomalies of one split, by feature."""
    listed = []
    if found.HasField("dataset_anomaly_info"):
        listed.append(Anomaly(split, "", "", found.dataset_anomaly_info.description))
    for feature, info in sorted(found.anomaly_info.items()):
        listed.append(Anomaly(split, feature, info.short_description, info.description))
    return listed


def read_anomalies(folder: Path) -> list[Anomaly]:
    """All anomalies in an artifact of ExampleValidator."""
    listed = []
    for split, part in split_folders(folder):
        found = anomalies_pb2.Anomalies.FromString((part / _FILE).read_bytes())
        listed += list_anomalies(split, found)
    return listed
