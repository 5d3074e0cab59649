"""The part of the graph that compares distributions."""

from __future__ import annotations

from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.common.resolver import Resolver
from tfx.types import BaseChannel, Channel
from tfx.types.standard_artifacts import Examples, ExampleStatistics

from data.config import DriftConfig
from pipeline.code_hash import code_hash
from pipeline.components.drift_gate import DriftGate
from pipeline.components.drift_report import DriftReport
from pipeline.components.previous_statistics import PreviousStatisticsStrategy

_COMPARING = (
    "data.statistics.bins",
    "data.statistics.comparison",
    "data.statistics.record",
    "data.statistics.store",
)


def drift_nodes(
    examples: BaseChannel, statistics: BaseChannel, config: DriftConfig
) -> list[BaseNode]:
    """Compares the splits, and the data with the last other; a gate follows if ``config.stop``.

    The last of the nodes is what training waits for.
    """
    previous = Resolver(
        strategy_class=PreviousStatisticsStrategy,
        statistics=Channel(type=ExampleStatistics),
        examples=Channel(type=Examples),
        current=examples,
    ).with_id("PreviousStatistics")
    report = DriftReport(
        statistics=statistics,
        previous=previous.outputs["statistics"],
        previous_examples=previous.outputs["examples"],
        # Whether it stops the run is none of its business, and re-runs nothing.
        config=config.model_dump_json(exclude={"stop"}),
        code_hash=code_hash(*_COMPARING, "pipeline.components.drift_report"),
    )
    if not config.stop:
        return [previous, report]
    gate = DriftGate(
        drift=report.outputs["drift"], code_hash=code_hash("pipeline.components.drift_gate")
    )
    return [previous, report, gate]
