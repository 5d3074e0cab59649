"""``DriftGate``: decides by the distances of distributions whether the run goes on to train."""

# No postponed annotations here: TFX reads those of the function below as objects.

import logging
from pathlib import Path

from tfx.dsl.component.experimental.annotations import InputArtifact, OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component
from tfx.types import standard_artifacts

from data.errors import InputError
from data.statistics.record import DriftRecord, read_drift, write_drift
from pipeline.artifacts import DataDrift
from pipeline.decision import Decision, write_decision

_logger = logging.getLogger(__name__)


@component
def DriftGate(
    drift: InputArtifact[DataDrift],
    accepted: OutputArtifact[DataDrift],
    above: Parameter[str],
    within: Parameter[str],
    code_hash: Parameter[str],
    pushed: InputArtifact[standard_artifacts.PushedModel] = None,
) -> None:
    """Raises when any distance is above its threshold, where that stops a run.

    Args:
        drift: The distances.
        accepted: The same, and what was decided: ``decision.json``.
        above: ``train`` or ``stop``, where any is above.
        within: The same where none from the data before is above.
        code_hash: Digest of the code that decides, for the cache.
        pushed: The model in service; absent where there is none, or ``within`` is ``train``.

    Raises:
        InputError: Lists each such distance.
    """
    del code_hash
    record = read_drift(Path(drift.uri))
    if above == "stop" and record.exceeded:
        raise InputError(
            "the data",
            "its distributions lie further apart than section drift allows: "
            + "; ".join(map(str, record.exceeded)),
            "Look at them with `brisc data stats WORKSPACE --html FILE`, then mend the data, raise "
            "drift.splits or drift.runs, or set drift.above=train to go on",
        )
    place = pushed.get_string_custom_property("pushed_destination") if pushed else ""
    decision = _decide(record, place if within == "stop" else "")
    if not decision.train:
        _logger.info("not trained: %s", decision.reason)
    write_drift(record, Path(accepted.uri))
    write_decision(decision, Path(accepted.uri))


def _decide(record: DriftRecord, served: str) -> Decision:
    if not served or not record.fits:
        return Decision(train=True, reason="")
    return Decision(
        train=False,
        reason=f"the data lies within all limits of drift.runs of {record.previous}, which the "
        f"model in service was trained on; it stays in service: {served}",
    )
