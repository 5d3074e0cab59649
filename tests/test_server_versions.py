"""Versions come, go, are broken and are mended while the server runs; it is asked over gRPC."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest
from grpc_reflection.v1alpha.proto_reflection_descriptor_database import (
    ProtoReflectionDescriptorDatabase,
)
from tensorflow.core.framework.types_pb2 import DT_STRING
from tensorflow_serving.apis import (
    get_model_status_pb2,
    model_management_pb2,
    model_service_pb2_grpc,
    prediction_service_pb2_grpc,
)

from data.errors import ConfigurationError, InputError
from data.provenance import mark_synthetic
from serving.model_files import ASSETS_EXTRA, DRAWN
from serving.server.errors import ServingError
from serving.server.options import BatchingOptions, Limits, ServerOptions
from serving.server.run import RunningServer
from serving.server.servable import Servable
from serving.server.tensors import to_array
from tests.affine_model import NAME, request, write_version

AVAILABLE = get_model_status_pb2.ModelVersionStatus.AVAILABLE
END = get_model_status_pb2.ModelVersionStatus.END


class Client:
    """TF Serving's own stubs."""

    def __init__(self, port: int) -> None:
        self.channel = grpc.insecure_channel(f"127.0.0.1:{port}")
        self._prediction = prediction_service_pb2_grpc.PredictionServiceStub(self.channel)
        self._model = model_service_pb2_grpc.ModelServiceStub(self.channel)

    def y(self, x: float = 2.0, **spec: Any) -> tuple[float, int]:
        """The answer, and the version that gave it."""
        response = self.send(request([x], **spec))
        return response.outputs["y"].float_val[0], response.model_spec.version.value

    def send(self, asked: Any, timeout: float | None = 10) -> Any:
        return self._prediction.Predict(asked, timeout=timeout)

    def states(self) -> dict[int, int]:
        """By version, in the order of the answer."""
        return {status.version: status.state for status in self.statuses()}

    def statuses(self) -> Any:
        asked = get_model_status_pb2.GetModelStatusRequest()
        asked.model_spec.name = NAME
        return self._model.GetModelStatus(asked, timeout=10).model_version_status

    def reload(self, base: Path, versions: tuple[int, ...] = (), **labels: int) -> None:
        asked = model_management_pb2.ReloadConfigRequest()
        model = asked.config.model_config_list.config.add()
        model.name, model.base_path, model.model_platform = NAME, str(base), "tensorflow"
        if versions:
            model.model_version_policy.specific.versions.extend(versions)
        for label, version in labels.items():
            model.version_labels[label] = version
        self._model.HandleReloadConfigRequest(asked, timeout=30)


def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline, "it did not come to that"
        time.sleep(0.02)


def refusal(call: Callable[[], object]) -> tuple[str, str]:
    with pytest.raises(grpc.RpcError) as caught:
        call()
    return caught.value.code().name, caught.value.details()


@pytest.fixture
def base(tmp_path: Path) -> Path:
    base = tmp_path / "models" / NAME
    write_version(base, 1, offset=1.0)
    return base


def options(base: Path, **more: Any) -> ServerOptions:
    given = {"model_base_path": base, "model_name": NAME, "poll_seconds": 0.05} | more
    return ServerOptions(**given, grpc_port=0, rest_port=0)


@pytest.fixture
def client(base: Path) -> Iterator[Client]:
    server = RunningServer(options(base))
    client = Client(server.grpc_port)
    yield client
    client.channel.close()
    server.stop()


def test_a_new_version_takes_over_and_the_old_one_ends(base: Path, client: Client) -> None:
    assert client.y() == (2.0, 1)
    write_version(base, 7, offset=7.0)
    (base / "notes").mkdir()
    until(lambda: client.states() == {7: AVAILABLE, 1: END})
    assert client.y() == (8.0, 7)
    code, text = refusal(lambda: client.y(version=1))
    assert (code, text) == ("NOT_FOUND", f"Servable not found for request: Specific({NAME}, 1)")


def test_a_deleted_version_is_followed_by_the_one_before(base: Path, client: Client) -> None:
    write_version(base, 2, offset=5.0)
    until(lambda: client.y() == (6.0, 2))
    shutil.rmtree(base / "2")
    until(lambda: client.states() == {2: END, 1: AVAILABLE})
    assert client.y() == (2.0, 1)


def test_without_its_last_version_a_model_is_gone_until_there_is_one(
    base: Path, client: Client
) -> None:
    shutil.rmtree(base / "1")
    until(lambda: client.states() == {1: END})
    code, text = refusal(client.y)
    assert (code, text) == ("NOT_FOUND", f"Servable not found for request: Latest({NAME})")
    write_version(base, 2, offset=5.0)
    until(lambda: client.states() == {2: AVAILABLE, 1: END})
    assert client.y() == (6.0, 2)


def test_a_disk_that_is_away_costs_no_model(base: Path, client: Client) -> None:
    base.rename(base.with_name("away"))
    # Longer than the server waits between two looks.
    time.sleep(0.2)
    assert client.y() == (2.0, 1)


def test_a_corrupt_version_is_told_of_and_the_old_one_goes_on(base: Path, client: Client) -> None:
    (base / "9").mkdir()
    (base / "9" / "saved_model.pb").write_bytes(b"no model")
    until(lambda: client.states() == {9: END, 1: AVAILABLE})
    assert client.statuses()[0].status.error_message
    assert client.y() == (2.0, 1)


def test_a_version_that_is_copied_slowly_is_served_when_it_is_there(
    tmp_path: Path, base: Path, client: Client
) -> None:
    whole = write_version(tmp_path / "elsewhere" / NAME, 3, offset=3.0)
    files = sorted(path.relative_to(whole) for path in whole.rglob("*") if path.is_file())
    # The graph comes first and has nothing to restore then.
    files.sort(key=lambda path: path.name != "saved_model.pb")
    for file in files:
        (base / "3" / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(whole / file, base / "3" / file)
        if file.name == "saved_model.pb":
            until(lambda: client.states() == {3: END, 1: AVAILABLE})
        assert client.y()[1] in (1, 3)
    until(lambda: client.states() == {3: AVAILABLE, 1: END})
    assert client.y() == (4.0, 3)


def test_a_version_that_learnt_from_drawn_slices_is_told_of(
    base: Path, caplog: pytest.LogCaptureFixture
) -> None:
    drawn = write_version(base, 2, offset=2.0) / ASSETS_EXTRA
    drawn.mkdir()
    mark_synthetic(drawn)
    server = RunningServer(options(base))
    client = Client(server.grpc_port)
    write_version(base, 3, offset=3.0)
    until(lambda: client.states() == {3: AVAILABLE, 2: END})
    client.channel.close()
    server.stop()
    told = [record.message for record in caplog.records if DRAWN in record.message]
    assert told == [f"{NAME}: version 2 {DRAWN}"]


def config_of(base: Path, *versions: int, **labels: int) -> str:
    policy = f"model_version_policy {{ specific {{ versions: {list(versions)} }} }}"
    named = " ".join(
        f'version_labels {{ key: "{label}" value: {version} }}' for label, version in labels.items()
    )
    model = f'name: "{NAME}" base_path: "{base}" {policy} {named}'
    return f"model_config_list {{ config {{ {model} }} }}"


def test_a_config_file_that_changes_is_followed_and_a_broken_one_changes_nothing(
    tmp_path: Path, base: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write_version(base, 2, offset=2.0)
    file = tmp_path / "models.config"
    file.write_text(config_of(base, 1, stable=1))
    watched = {"model_base_path": None, "model_config_file": file, "config_poll_seconds": 0.05}
    server = RunningServer(options(base, **watched))
    client = Client(server.grpc_port)
    assert client.y(version_label="stable") == (2.0, 1)

    file.write_text(config_of(base, 1, 2, stable=2, before=1))
    until(lambda: client.states() == {2: AVAILABLE, 1: AVAILABLE})
    until(lambda: client.y(version_label="stable") == (3.0, 2))
    assert client.y(version_label="before") == (2.0, 1)

    file.write_text("model_config_list { confg {} }")
    until(lambda: "no ModelServerConfig as text" in caplog.text)
    # Not there yet: taken up as soon as it is.
    file.write_text(config_of(base, 2, 3, stable=3))
    until(lambda: "assign label to version 3" in caplog.text)
    assert client.y(version_label="stable") == (3.0, 2)
    write_version(base, 3, offset=5.0)
    until(lambda: client.y(version_label="stable")[1] == 3)

    # Who starts a server may also move its models.
    moved = write_version(tmp_path / "elsewhere" / NAME, 4, offset=9.0).parent
    file.write_text(config_of(moved, 4))
    until(lambda: client.states()[3] == END)
    assert client.y() == (10.0, 4)
    client.channel.close()
    server.stop()


def test_a_request_that_is_under_way_is_answered_by_the_version_it_began_with(
    base: Path,
) -> None:
    servable = Servable(NAME, 1, base / "1")
    closed: list[bool] = []
    servable.when_closed(lambda: closed.append(True))
    assert servable.enter()
    servable.retire()
    assert not servable.enter() and not closed
    output = servable.signatures["serving_default"].outputs["y"].name
    feed = servable.signatures["serving_default"].inputs["x"].name
    assert servable.run({feed: np.array([2.0], np.float32)}, [output])[0].tolist() == [2.0]
    servable.leave()
    assert closed


def test_labels_follow_the_config(base: Path, client: Client) -> None:
    write_version(base, 2, offset=5.0)
    client.reload(base, (1, 2), stable=1, canary=2)
    assert client.y(version_label="stable") == (2.0, 1)
    assert client.y(version_label="canary") == (6.0, 2)
    client.reload(base, (1, 2), stable=2)
    assert client.y(version_label="stable") == (6.0, 2)
    code, _ = refusal(lambda: client.y(version_label="canary"))
    assert code == "INVALID_ARGUMENT"


def test_a_config_that_cannot_be_served_changes_nothing(base: Path, client: Client) -> None:
    code, text = refusal(lambda: client.reload(base, (1, 5), stable=5))
    assert code == "FAILED_PRECONDITION" and "version 5" in text
    assert client.y() == (2.0, 1)
    for refused in (
        lambda: client.reload(base.parent / "nothing"),
        lambda: client.reload(base, (99,)),
        lambda: client.reload(base, (1,), stable=9),
    ):
        refusal(refused)
        # Not even for a moment: it would be listed anew, and as END before.
        assert client.states() == {1: AVAILABLE} and client.y() == (2.0, 1)


def test_folders_that_are_no_version_are_passed_over(base: Path, client: Client) -> None:
    for name in ("007", "20261231235959123456", "-3", "²"):
        (base / name).mkdir()
    write_version(base, 2, offset=5.0)
    until(lambda: client.states() == {2: AVAILABLE, 1: END})


def test_no_model_is_loaded_from_elsewhere(tmp_path: Path, base: Path, client: Client) -> None:
    write_version(tmp_path / "elsewhere" / NAME, 4, offset=4.0)
    code, text = refusal(lambda: client.reload(tmp_path / "elsewhere" / NAME))
    assert code == "PERMISSION_DENIED" and str(tmp_path / "elsewhere") in text
    assert client.y() == (2.0, 1)


def test_warm_up_requests_run_before_a_version_is_served(base: Path, client: Client) -> None:
    write_version(base, 2, offset=5.0, warm_up=[1.0, 2.0])
    until(lambda: client.y() == (6.0, 2))
    write_version(base, 3, offset=6.0, warm_up=[1.0, float("nan")])
    until(lambda: client.states().get(3) == END)
    assert "x is no number" in client.statuses()[0].status.error_message
    assert client.y() == (6.0, 2)


@pytest.mark.parametrize("content", ["nothing", "no version", "corrupt"])
def test_a_folder_without_a_model_is_refused_at_the_start(tmp_path: Path, content: str) -> None:
    base = tmp_path / NAME
    if content != "nothing":
        base.mkdir()
    if content == "corrupt":
        (base / "1").mkdir()
        (base / "1" / "saved_model.pb").write_bytes(b"no model")
    with pytest.raises(InputError, match=str(base)):
        RunningServer(options(base))


def test_a_port_that_is_taken_is_refused(base: Path, client: Client) -> None:
    server = RunningServer(options(base))
    for port in ({"grpc_port": server.grpc_port}, {"rest_port": server.rest_port}):
        with pytest.raises(ConfigurationError, match="cannot be listened at"):
            RunningServer(options(base).model_copy(update=port))
    server.stop()


def test_a_tensor_of_one_value_that_stands_for_many_is_refused(base: Path, client: Client) -> None:
    asked = request([1.0])
    asked.inputs["x"].tensor_shape.dim[0].size = 10**12
    code, text = refusal(lambda: client.send(asked))
    assert code == "INVALID_ARGUMENT" and "more than" in text
    # The texts of strings count, and those that stand for others.
    asked.inputs["x"].dtype = DT_STRING
    asked.inputs["x"].tensor_shape.dim[0].size = 1000
    asked.inputs["x"].string_val.append(b" " * 1024 * 1024)
    with pytest.raises(ServingError, match="more than"):
        to_array(asked.inputs["x"], "x", 100 * 1024 * 1024)


def test_a_message_that_is_too_large_is_refused_and_the_next_is_answered(base: Path) -> None:
    server = RunningServer(options(base, limits=Limits(body_bytes=10_000)))
    client = Client(server.grpc_port)
    code, text = refusal(lambda: client.send(request([1.0] * 10_000)))
    assert code == "RESOURCE_EXHAUSTED" and "10000" in text
    assert client.y() == (2.0, 1)
    client.channel.close()
    server.stop()


def test_requests_without_a_deadline_are_batched(base: Path) -> None:
    server = RunningServer(options(base, batching=BatchingOptions()))
    client = Client(server.grpc_port)
    assert list(client.send(request([2.0]), timeout=None).outputs["y"].float_val) == [2.0]
    scalar = request([2.0])
    scalar.inputs["x"].tensor_shape.ClearField("dim")
    assert refusal(lambda: client.send(scalar))[0] == "INVALID_ARGUMENT"
    client.channel.close()
    server.stop()


def test_reflection_tells_of_the_services(client: Client) -> None:
    names = ["tensorflow.serving.PredictionService", "tensorflow.serving.ModelService"]
    database = ProtoReflectionDescriptorDatabase(client.channel)
    assert set(names) <= set(database.get_services())
    described = database.FindFileContainingSymbol(names[0])
    (service,) = described.service
    assert "Predict" in {method.name for method in service.method}
