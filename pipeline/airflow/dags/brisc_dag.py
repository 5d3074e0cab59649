"""The pipeline as an Airflow DAG: one task a TFX component, between a first and a last one.

Imports neither TFX nor the project: what it knows lies beside it, in two files that
`brisc airflow export` writes. Each task is a command of the project's own interpreter.
"""

from __future__ import annotations

import hashlib
import json
import os
import re
import shlex
import signal
import subprocess
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any

from airflow.sdk import DAG, BaseHook, BaseOperator, Context, Param
from airflow.sdk.exceptions import AirflowException, AirflowFailException, AirflowSkipException

HERE = Path(__file__).parent
SETTINGS = json.loads((HERE / "brisc_settings.json").read_text(encoding="utf-8"))
NODES = json.loads((HERE / "brisc_nodes.json").read_text(encoding="utf-8"))

BAD_USAGE = 2
NOT_BLESSED = 3


class BriscTask(BaseOperator):
    """Runs one ``brisc`` command; what it prints is the task's log.

    Args:
        verb: The command, with what always comes after it.
        kwargs: What every operator takes.
    """

    def __init__(self, *, verb: list[str], **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.verb = verb
        self._process: subprocess.Popen[str] | None = None

    def execute(self, context: Context) -> str:
        """Returns what the component came to: ``run`` or ``resolved``.

        Raises:
            AirflowSkipException: It came from the cache, or the run does not train: nothing was
                computed.
            AirflowException: It failed and may be tried again.
        """
        state = self.call(_run_id(context), [])
        context["ti"].xcom_push(key="state", value=state)
        if state == "cached":
            raise AirflowSkipException("from the cache: nothing to compute")
        if state == "skipped":
            raise AirflowSkipException("not trained: the log of DriftGate and finish say why")
        return state

    def call(self, run_id: str, arguments: list[str]) -> str:
        """Runs the command to its end and returns the last word of its last answer."""
        place = [f"--run-id={run_id}", f"--workspace={SETTINGS['workspace']}"]
        command = [*self.verb, *place, *SETTINGS["files"], *arguments]
        self.log.info("brisc %s", shlex.join(command))
        answer = ""
        self._process = process = subprocess.Popen(
            [*SETTINGS["command"], *command],
            cwd=SETTINGS["folder"],
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="backslashreplace",
            # The component's own workers end with it.
            start_new_session=True,
        )
        assert process.stdout is not None
        for line in process.stdout:
            self.log.info("%s", line.rstrip())
            # Whoever else writes to the log may do so after the command's last line.
            found = re.fullmatch(r"\w+: (run|cached|resolved|skipped)", line.rstrip())
            answer = found[1] if found else answer
        code = process.wait()
        if code in (BAD_USAGE, NOT_BLESSED):
            # It would end so each time.
            raise AirflowFailException(f"brisc {self.verb[0]} exited {code}: see above")
        if code != 0:
            raise AirflowException(f"brisc {self.verb[0]} exited {code}: see above")
        return answer

    def on_kill(self) -> None:
        """Ends the command, with all that it has started."""
        if self._process is not None and self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGTERM)


class Prepare(BriscTask):
    """Checks the data and the parameters of this run and compiles the pipeline."""

    def execute(self, context: Context) -> str:
        """Returns the run's id in the workspace."""
        params, run_id = context["params"], _run_id(context)
        # Airflow itself takes them, and a name that is mistyped would change nothing.
        known = [*_params()]
        if unknown := set(params) - set(known):
            raise AirflowFailException(
                f"no such parameter: {', '.join(sorted(unknown))}; there are {', '.join(known)}"
            )
        self.call(run_id, [*SETTINGS["options"], *_chosen(params)])
        compiled = Path(SETTINGS["workspace"], "runs", run_id, "pipeline.json")
        nodes = json.loads(compiled.read_text(encoding="utf-8"))["nodes"]
        found = {node["pipelineNode"]["nodeInfo"]["id"] for node in nodes}
        if different := found ^ {node["id"] for node in NODES}:
            raise AirflowFailException(
                f"these parameters add or remove {', '.join(sorted(different))}, and the tasks of "
                "a DAG are fixed: give them to `brisc airflow export` by --set"
            )
        return run_id


class Finish(BriscTask):
    """Writes the run's report; fails where the gate refused the model."""

    def execute(self, context: Context) -> str:
        """Returns the folder of the report."""
        run_id = _run_id(context)
        self.call(run_id, [])
        return str(Path(SETTINGS["workspace"], "runs", run_id))


def _run_id(context: Context) -> str:
    """A folder's name for the DAG run, the same in all tasks and after it was cleared.

    By time, as those of `brisc run`: reports are listed by name.
    """
    run = context["dag_run"]
    digest = hashlib.sha256(f"{run.dag_id}/{run.run_id}".encode()).hexdigest()[:8]
    return f"{run.run_after:%Y%m%d-%H%M%S.%f}-{digest}"


def _chosen(params: Mapping[str, Any]) -> list[str]:
    sections: dict[str, dict[str, Any]] = {}
    for name, choice in SETTINGS["choices"].items():
        section, _, key = choice["key"].partition(".")
        sections.setdefault(section, {})[key] = params[name]
    arguments = [f"--data={params['data']}"]
    # A section at once, since its values may need each other. JSON is YAML, and keeps texts texts.
    arguments += [f"--set={name}={json.dumps(values)}" for name, values in sections.items()]
    arguments += [f"--set={assignment}" for assignment in params["set"]]
    return arguments + (["--skip-bad"] if params["skip_bad"] else [])


def _environment() -> dict[str, str]:
    # Airflow's own settings, secrets among them, are nothing for the components.
    kept = {name: value for name, value in os.environ.items() if "AIRFLOW" not in name}
    kept |= {"PYTHONPATH": SETTINGS["packages"], "PYTHONUNBUFFERED": "1"}
    if connection := SETTINGS["metadata_connection"]:
        address = BaseHook.get_connection(connection).get_uri()
        kept["BRISC_METADATA_STORE"] = re.sub("^postgres:", "postgresql:", address)
    return kept


def _params() -> dict[str, Param]:
    data = SETTINGS["data"]
    given = {} if data is None else {"default": data}
    return {
        "data": Param(
            **given, type="string", minLength=1, title="Data", description="Folder in BRISC layout."
        ),
        **{
            name: Param(choice["default"], title=choice["key"], **choice["schema"])
            for name, choice in SETTINGS["choices"].items()
        },
        "skip_bad": Param(
            False, type="boolean", title="Skip bad", description="Go on without unusable slices."
        ),
        "set": Param(
            [],
            type="array",
            items={"type": "string", "pattern": r"^[a-z_]+(\.[a-z_]+)+=.*$"},
            title="Further parameters",
            description="section.key=value as in params.yaml, a line each; layered last.",
        ),
    }


with DAG(
    dag_id=SETTINGS["dag_id"],
    description="Brain-tumour MRI slices in, a judged and served model out",
    doc_md=__doc__,
    schedule=SETTINGS["schedule"],
    # A workspace has one run at a time.
    max_active_runs=1,
    max_active_tasks=SETTINGS["parallel"],
    default_args={
        "retries": SETTINGS["retries"],
        "retry_delay": timedelta(seconds=SETTINGS["retry_delay"]),
        # What came from the cache is skipped.
        "trigger_rule": "none_failed",
    },
    params=_params(),
    tags=["brisc"],
) as dag:
    first = Prepare(task_id="prepare", verb=["prepare-run"])
    last = Finish(task_id="finish", verb=["finish-run"])
    tasks = {
        node["id"]: BriscTask(task_id=node["id"], verb=["run-node", node["id"]]) for node in NODES
    }
    for node in NODES:
        tasks[node["id"]].set_upstream([tasks[name] for name in node["upstream"]] or first)
    for task in tasks.values():
        if not task.downstream_list:
            task.set_downstream(last)
