"""``brisc prepare-run``: everything of a run that comes before its first node."""

from __future__ import annotations

from data.errors import ConfigurationError, InputError
from data.layout import scan
from pipeline.console import hush_tensorflow
from pipeline.intake import require_divisible, usable_slices, with_patients
from pipeline.request import RunRequest
from pipeline.steps.record import REQUEST, RunFolder, StepsRequest


def prepare(request: RunRequest, run_id: str) -> RunFolder:
    """Checks the data, compiles the pipeline, and makes the schema of the metadata store.

    Preparing a run again is no error where nothing has changed.

    Raises:
        ConfigurationError: The request cannot be run in steps.
        InputError: The data or the workspace cannot be used, or the run is another one.
    """
    folder = RunFolder(request.workspace, run_id)
    if request.parameters.split.folds is not None:
        raise ConfigurationError(
            "split.folds", "a cross-validation does not run in steps", "Use `brisc run`"
        )
    with request.workspace.locked(run_id):
        request = with_patients(request)
        checked = usable_slices(scan(request.data_dir), skip_bad=request.skip_bad)
        require_divisible(checked.slices, request)
        asked = StepsRequest.of(request, checked.fingerprint)
        if folder.prepared:
            _require_same(folder, asked)
            return folder
        if folder.path.exists() and any(folder.path.glob("log.txt")):
            raise InputError(
                folder.path, "`brisc run` has made a run of this id", "Give another --run-id"
            )
        hush_tensorflow()
        from pipeline.compiled import compile_pipeline
        from pipeline.store import connection, open_store
        from pipeline.tfx_run import plan

        open_store(connection(request.workspace))
        folder.write(asked, compile_pipeline(plan(request, checked), run_id))
    return folder


def _require_same(folder: RunFolder, asked: StepsRequest) -> None:
    known = folder.request()
    names = [
        name for name in type(asked).model_fields if getattr(known, name) != getattr(asked, name)
    ]
    if names:
        raise InputError(
            folder.path / REQUEST,
            f"run {folder.run_id} was prepared with another {', '.join(names)}",
            "Give another --run-id, or the same options and data as before",
        )
