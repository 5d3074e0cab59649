"""Airflow's REST API, as far as the tests of the DAG ask it."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any

import httpx

ENDED = ("success", "failed")


@dataclass(frozen=True)
class Api:
    """The API of one Airflow, logged in.

    Attributes:
        client: What speaks HTTP.
        dag: The DAG that is asked for.
    """

    client: httpx.Client
    dag: str

    @classmethod
    def at(cls, address: str, dag: str, user: str, password: str) -> Api:
        """Logs in."""
        client = httpx.Client(base_url=address, trust_env=False, timeout=60)
        answer = client.post("/auth/token", json={"username": user, "password": password})
        client.headers["Authorization"] = (
            f"Bearer {answer.raise_for_status().json()['access_token']}"
        )
        return cls(client, dag)

    def trigger(self, **parameters: Any) -> httpx.Response:
        """Asks for a run of the DAG."""
        asked = {"logical_date": None, "conf": parameters}
        return self.client.post(f"{self._runs}", json=asked)

    def runs(self) -> list[dict[str, Any]]:
        """All runs of the DAG."""
        found: list[dict[str, Any]] = self._get(self._runs)["dag_runs"]
        return found

    def run_state(self, run: str) -> str:
        """How far a run is."""
        return str(self._get(f"{self._runs}/{run}")["state"])

    def tasks(self, run: str) -> dict[str, tuple[str | None, int]]:
        """State and number of tries of each task."""
        found = self._get(f"{self._runs}/{run}/taskInstances")["task_instances"]
        return {task["task_id"]: (task["state"], task["try_number"]) for task in found}

    def log(self, run: str, task: str, number: int) -> str:
        """What a try of a task has logged, and what the exceptions said that ended it."""
        lines = self._get(f"{self._runs}/{run}/taskInstances/{task}/logs/{number}")["content"]
        said = [[line["event"], *_exceptions(line)] for line in lines]
        return "\n".join(text for texts in said for text in texts)

    def wait(self, run: str, task: str | None = None, state: str | None = None) -> None:
        """Waits for the end of a run, or until one of its tasks is in ``state``.

        What tasks that failed have logged is printed: who reads of a failed test has no more.
        """
        while task is None or self.tasks(run)[task][0] != state:
            ended = self.run_state(run)
            if ended in ENDED:
                if ended == "failed":
                    self._print_failed(run)
                assert task is None, f"{task} was never {state}: {self.tasks(run)}"
                return
            time.sleep(1)

    def _print_failed(self, run: str) -> None:
        for task, (state, number) in self.tasks(run).items():
            if state == "failed":
                print(f"{task} of {run} failed:", self.log(run, task, number)[-4000:], sep="\n")

    @property
    def _runs(self) -> str:
        return f"/api/v2/dags/{self.dag}/dagRuns"

    def _get(self, path: str) -> Any:
        return self.client.get(path).raise_for_status().json()


def _exceptions(line: dict[str, Any]) -> list[str]:
    return [error["exc_value"] for error in line.get("error_detail") or ()]
