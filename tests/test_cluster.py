"""How machines that train together find each other, and what is said when they do not."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from data.errors import ConfigurationError, InputError
from pipeline.cli.run import run
from pipeline.configuration import load_paths
from trainer import several_machines
from trainer.cluster import Job, appoint, appointed, find_offer, offer
from trainer.config import ClusterConfig, ModelConfig, TrainingConfig

WORKERS = ("alpha:5000", "beta:5000", "gamma:5000")


def job(training_dir: Path) -> Job:
    return Job(
        workers=WORKERS,
        model=ModelConfig(),
        training=TrainingConfig(),
        train_files=("train*",),
        val_files=("val*",),
        run_dir=training_dir / "run",
    )


def test_an_offer_is_found_until_it_is_withdrawn(tmp_path: Path) -> None:
    assert find_offer(tmp_path) is None
    offered = offer(tmp_path, job(tmp_path))
    found = find_offer(tmp_path)
    assert found is not None and found.job() == job(tmp_path)
    offered.withdraw()
    assert find_offer(tmp_path) is None and not found.open
    found.join(1)
    found.fail(1, "too late to tell anybody")
    assert not found.folder.exists()


def test_a_step_that_is_tried_again_offers_its_training_alone(tmp_path: Path) -> None:
    killed = offer(tmp_path, job(tmp_path))
    again = offer(tmp_path, job(tmp_path))
    found = find_offer(tmp_path)
    assert found is not None and found.folder == again.folder
    assert not killed.open


def test_a_run_forgets_what_one_that_was_killed_had_offered(tmp_path: Path) -> None:
    appoint(tmp_path, ClusterConfig(workers=WORKERS))
    offer(tmp_path, job(tmp_path))
    assert appointed(tmp_path).workers == WORKERS
    appoint(tmp_path, ClusterConfig())
    assert find_offer(tmp_path) is None
    assert appointed(tmp_path).workers == ()


def test_machines_that_do_not_come_are_named(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="beta:5000, gamma:5000: did not join") as caught:
        several_machines.lead(tmp_path, job(tmp_path), join_timeout=0.1)
    assert "train-worker" in str(caught.value)
    assert find_offer(tmp_path) is None


@pytest.mark.parametrize(
    ("index", "mounted", "match"), [(3, "", "Give 1 to 2"), (1, "elsewhere", "same path")]
)
def test_a_worker_that_does_not_fit_the_run_says_so(
    tmp_path: Path, index: int, mounted: str, match: str
) -> None:
    run_dir = tmp_path / mounted / "run"
    offer(tmp_path, job(tmp_path).model_copy(update={"run_dir": run_dir}))
    with pytest.raises(ConfigurationError, match=match):
        several_machines.follow(tmp_path, index, lambda line: None)


@pytest.mark.parametrize(
    ("workers", "match"),
    [
        (["alpha:1"], "needs no cluster"),
        (["alpha:1", "alpha:1"], "twice"),
        (["alpha", "beta"], "workers"),
    ],
)
def test_clusters_that_cannot_be_are_refused(workers: list[str], match: str) -> None:
    with pytest.raises(ConfigurationError, match=match):
        load_paths(None, {"cluster": {"workers": workers}})


def test_machines_in_tf_config_are_refused_by_name(monkeypatch: pytest.MonkeyPatch) -> None:
    # The run would train on this one alone.
    cluster = {"worker": list(WORKERS)}
    monkeypatch.setenv("TF_CONFIG", json.dumps({"cluster": cluster}))
    with pytest.raises(ConfigurationError, match=r"cluster\.workers"):
        run(data=Path("nowhere"))
