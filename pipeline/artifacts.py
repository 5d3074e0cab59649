"""The artifact types that are the product's own."""

from __future__ import annotations

from tfx.types import Artifact


class DataAudit(Artifact):
    """What the audit found: ``audit.json`` and, for people, ``audit.html``."""

    TYPE_NAME = "DataAudit"


class DataSplit(Artifact):
    """Which slice is where: ``split.csv`` and ``split.json``, of ``data.split_record``."""

    TYPE_NAME = "DataSplit"


class DataDrift(Artifact):
    """How far distributions lie apart: ``drift.json``, of ``data.statistics.record``."""

    TYPE_NAME = "DataDrift"


class ModelReport(Artifact):
    """What is to be said of a model: ``report.html``, ``model_card.md``, ``evaluation.json`` and
    ``slices.csv``."""

    TYPE_NAME = "ModelReport"
