"""``LeakAudit``: finds what of the data is in it twice, before anything is split or learnt."""

# No postponed annotations here: TFX reads those of the function below as objects.

import json
from pathlib import Path

from tfx.dsl.component.experimental.annotations import OutputArtifact, Parameter
from tfx.dsl.component.experimental.decorators import component

from data.audit.record import write_audit
from data.audit.run import audit_slices
from data.errors import InputError
from data.layout import scan
from data.progress import stepwise
from pipeline.artifacts import DataAudit


@component
def LeakAudit(
    audit: OutputArtifact[DataAudit],
    data_dir: Parameter[str],
    data_fingerprint: Parameter[str],
    skipped: Parameter[str],
    code_hash: Parameter[str],
) -> None:
    """Audits the slices of a folder in BRISC layout, those in ``skipped`` left out.

    Args:
        audit: What was found.
        data_dir: The folder.
        data_fingerprint: Hex digest of its content when the run began.
        skipped: JSON list of ids to leave out.
        code_hash: Digest of the code that audits, for the cache.

    Raises:
        InputError: Its content is another one by now.
    """
    del code_hash
    left_out = set(json.loads(skipped))
    slices = [item for item in scan(Path(data_dir)).slices if item.id not in left_out]
    found = audit_slices(slices, progress=stepwise)
    if found.fingerprint != data_fingerprint:
        # Else it would be in the cache for what was there before.
        faults = "; ".join(map(str, found.problems[:1]))
        raise InputError(
            Path(data_dir).resolve(),
            "its images, masks or their names have changed since the run began"
            + (f" ({faults})" if faults else ""),
            "Start a run anew on what is there now",
        )
    write_audit(found, Path(audit.uri))
