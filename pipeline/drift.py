"""The part of the graph that compares distributions."""

from __future__ import annotations

from pathlib import Path

from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.types import BaseChannel, Channel
from tfx.types.standard_artifacts import Examples, ExampleStatistics, PushedModel

from data.config import DriftConfig
from pipeline.code_hash import code_hash
from pipeline.components.drift_gate import DriftGate
from pipeline.components.drift_report import DriftReport
from pipeline.components.previous_statistics import (
    PreviousStatisticsStrategy,
    ServedStatisticsStrategy,
)

_COMPARING = (
    "data.statistics.bins",
    "data.statistics.comparison",
    "data.statistics.record",
    "data.statistics.store",
)


def drift_nodes(
    examples: BaseChannel, statistics: BaseChannel, config: DriftConfig, served: Path | None
) -> list[BaseNode]:
    """Compares the splits, and the data with that before; a gate follows where it can stop a run.

    The last of the nodes is what training waits for.

    Args:
        examples: This run's.
        statistics: Of its data.
        config: Section ``drift``.
        served: Where the versions of the model in service lie; ``None`` for a run that is to train
            in any case.
    """
    fitting = served is not None and config.within == "stop"
    known = {
        "statistics": Channel(type=ExampleStatistics),
        "examples": Channel(type=Examples),
        "current": examples,
    }
    previous = (
        Resolver(
            strategy_class=ServedStatisticsStrategy,
            config={"folder": str(served)},
            pushed=Channel(type=PushedModel),
            **known,
        )
        if fitting
        else Resolver(strategy_class=PreviousStatisticsStrategy, **known)
    ).with_id("PreviousStatistics")
    report = DriftReport(
        statistics=statistics,
        previous=previous.outputs["statistics"],
        previous_examples=previous.outputs["examples"],
        # Whether it stops the run is none of its business, and re-runs nothing.
        config=config.model_dump_json(exclude={"above", "within"}),
        code_hash=code_hash(*_COMPARING, "pipeline.components.drift_report"),
    )
    if not fitting and config.above == "train":
        return [previous, report]
    gate = DriftGate(
        drift=report.outputs["drift"],
        pushed=previous.outputs["pushed"] if fitting else None,
        above=config.above,
        within=config.within,
        code_hash=code_hash(
            "data.statistics.record", "pipeline.decision", "pipeline.components.drift_gate"
        ),
    )
    return [previous, report, gate]
