"""REST within its limits: too much, too slow, too deep is refused, and the server goes on."""

from __future__ import annotations

import gzip
import json
import socket
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
from grpc_health.v1 import health_pb2, health_pb2_grpc
from tensorflow_serving.apis import prediction_service_pb2_grpc

from serving.server.options import BatchingOptions, Limits, ServerOptions
from serving.server.run import RunningServer
from tests.affine_model import NAME, request, write_version
from tests.certificates import self_signed
from tests.serving_command import serve

PREDICT = f"/v1/models/{NAME}:predict"
KIBIBYTE = 1024
TOKEN = "let me in"


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    base = tmp_path_factory.mktemp("models") / NAME
    write_version(base, 1, offset=1.0)
    return base


def options(base: Path, **more: Any) -> ServerOptions:
    return ServerOptions(model_base_path=base, model_name=NAME, grpc_port=0, rest_port=0, **more)


@pytest.fixture(scope="module")
def server(base: Path) -> Iterator[RunningServer]:
    limits = Limits(body_bytes=64 * KIBIBYTE, body_seconds=1.0, json_depth=50)
    server = RunningServer(options(base, limits=limits, monitoring=True))
    yield server
    server.stop()


@pytest.fixture
def client(server: RunningServer) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=f"http://127.0.0.1:{server.rest_port}", timeout=30) as client:
        yield client
        # Whatever it was asked, it answers the next one.
        answer = client.post(PREDICT, json={"instances": [2.0]})
        assert answer.json() == {"predictions": [2.0]}


def test_a_body_that_is_announced_as_too_large_is_refused(client: httpx.Client) -> None:
    answer = client.post(PREDICT, content=b" " * 65 * KIBIBYTE)
    assert answer.status_code == 413 and "65536 bytes" in answer.json()["error"]


def test_a_body_that_grows_too_large_is_refused(client: httpx.Client) -> None:
    answer = client.post(PREDICT, content=(b" " * KIBIBYTE for _ in range(65)))
    assert answer.status_code == 413


def test_gzip_is_inflated(client: httpx.Client) -> None:
    body = gzip.compress(json.dumps({"instances": [4.0]}).encode())
    answer = client.post(PREDICT, content=body, headers={"Content-Encoding": "gzip"})
    assert answer.json() == {"predictions": [3.0]}


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (gzip.compress(b" " * 1024 * KIBIBYTE), 429),
        (gzip.compress(b'{"instances": [1]}')[:-9], 400),
        (b"no gzip", 400),
    ],
    ids=["too much", "cut off", "no gzip"],
)
def test_gzip_that_inflates_to_too_much_or_to_nothing_is_refused(
    client: httpx.Client, body: bytes, status: int
) -> None:
    answer = client.post(PREDICT, content=body, headers={"Content-Encoding": "gzip"})
    assert answer.status_code == status and "nflate" in answer.json()["error"]


@pytest.mark.parametrize("bracket", ["[", '{"a":'])
def test_deep_json_is_refused(client: httpx.Client, bracket: str) -> None:
    answer = client.post(PREDICT, content=b'{"instances": ' + bracket.encode() * 10_000)
    assert answer.status_code == 400 and "error" in answer.json()


def test_a_number_of_many_digits_is_no_version(client: httpx.Client) -> None:
    answer = client.get(f"/v1/models/{NAME}/versions/{'1' * 5000}")
    assert answer.status_code == 400 and "numeric" in answer.json()["error"]


def test_bodies_that_wait_are_refused_beyond_what_there_is_room_for(base: Path) -> None:
    limits = Limits(waiting_bytes=64 * KIBIBYTE, body_seconds=30.0)
    server = RunningServer(options(base, limits=limits))
    address = ("127.0.0.1", server.rest_port)
    head = f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: 99999\r\n\r\n".encode()
    with socket.create_connection(address, timeout=30) as first:
        first.sendall(head + b" " * 65 * KIBIBYTE)
        assert first.recv(4096).startswith(b"HTTP/1.1 503")
    # What has gone holds nothing.
    answer = httpx.post(
        f"http://127.0.0.1:{server.rest_port}{PREDICT}", json={"instances": [2.0]}, timeout=30
    )
    assert answer.json() == {"predictions": [2.0]}
    server.stop()


def test_what_is_no_base64_is_refused(client: httpx.Client) -> None:
    answer = client.post(PREDICT, json={"instances": [{"b64": "?"}]})
    assert answer.status_code == 400 and answer.json()["error"]


def _sent(server: RunningServer, text: bytes) -> bytes:
    """What the server says before it closes the connection."""
    with socket.create_connection(("127.0.0.1", server.rest_port), timeout=30) as connection:
        connection.sendall(text)
        said = b""
        while part := connection.recv(4096):
            said += part
        return said


def test_a_body_that_does_not_arrive_is_not_waited_for(
    server: RunningServer, client: httpx.Client
) -> None:
    said = _sent(
        server, f"POST {PREDICT} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n{{".encode()
    )
    assert said.startswith(b"HTTP/1.1 408") and b'"error"' in said


@pytest.mark.parametrize("head", [b"", b"GET /v1/models HTTP/1.1\r\nHost: x\r\nA: "])
def test_a_head_that_does_not_arrive_is_not_waited_for(
    server: RunningServer, client: httpx.Client, head: bytes
) -> None:
    assert _sent(server, head) == b""


def test_what_is_no_http_is_refused(server: RunningServer, client: httpx.Client) -> None:
    assert _sent(server, b"\x16\x03\x01 hello\r\n\r\n").startswith(b"HTTP/1.1 400")


def test_prometheus_reads_requests_and_latencies(client: httpx.Client) -> None:
    client.post(PREDICT, json={"instances": [1.0]})
    client.post(PREDICT, content=b"{")
    client.post("/v1/models/nobody:predict", json={"instances": [1.0]})
    client.post("/v1/models/nobody:predict", content=b"{")
    client.post("/v1/models/nobody/labels/any:predict", json={"instances": [1.0]})
    text = client.get("/monitoring/prometheus/metrics").text
    assert f':tensorflow:serving:request_count{{model_name="{NAME}",status="OK"}}' in text
    assert f'request_count{{model_name="{NAME}",status="INVALID_ARGUMENT"}}' in text
    # A name that anybody may invent is no label.
    assert "nobody" not in text
    latency = f'API="predict",entrypoint="REST",model_name="{NAME}"'
    assert f":tensorflow:serving:request_latency_count{{{latency}}}" in text


def test_metrics_are_shown_to_who_asks_for_them_only(base: Path) -> None:
    server = RunningServer(options(base))
    answer = httpx.get(f"http://127.0.0.1:{server.rest_port}/monitoring/prometheus/metrics")
    assert answer.status_code == 400
    server.stop()


def test_batches_are_made_of_rest_requests(base: Path) -> None:
    server = RunningServer(options(base, batching=BatchingOptions(max_batch_size=2)))
    url = f"http://127.0.0.1:{server.rest_port}{PREDICT}"
    assert httpx.post(url, json={"instances": [2.0, 4.0]}).json() == {"predictions": [2.0, 3.0]}
    answer = httpx.post(url, json={"instances": [1.0, 2.0, 3.0]})
    assert answer.status_code == 400
    assert answer.json()["error"] == "Task size 3 is larger than maximum input batch size 2"
    server.stop()


@pytest.fixture(scope="module")
def pair(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return self_signed(tmp_path_factory.mktemp("tls"), "localhost")


def test_tls_and_a_token_protect_both_ports(base: Path, pair: tuple[Path, Path]) -> None:
    certificate, key = pair
    server = RunningServer(options(base, certificate=certificate, private_key=key, token=TOKEN))
    url = f"https://localhost:{server.rest_port}{PREDICT}"
    body, shown = {"instances": [2.0]}, {"Authorization": f"Bearer {TOKEN}"}
    with httpx.Client(verify=str(certificate), timeout=30) as client:
        assert client.post(url, json=body, headers=shown).json() == {"predictions": [2.0]}
        for refused in ({}, {"Authorization": "Bearer guess"}):
            answer = client.post(url, json=body, headers=refused)
            assert answer.status_code == 401 and answer.json() == {
                "error": "Missing or wrong token"
            }
    with pytest.raises(httpx.TransportError):
        httpx.post(url.replace("https", "http"), json=body)
    credentials = grpc.ssl_channel_credentials(certificate.read_bytes())
    with grpc.secure_channel(f"localhost:{server.grpc_port}", credentials) as channel:
        predict = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict
        metadata = (("authorization", f"Bearer {TOKEN}"),)
        answered = predict(request([2.0]), timeout=10, metadata=metadata)
        assert list(answered.outputs["y"].float_val) == [2.0]
        with pytest.raises(grpc.RpcError) as caught:
            predict(request([2.0]), timeout=10)
        assert caught.value.code() is grpc.StatusCode.UNAUTHENTICATED
        # Probes of an orchestrator have none.
        health = health_pb2_grpc.HealthStub(channel).Check(
            health_pb2.HealthCheckRequest(service="tensorflow.serving.PredictionService"),
            timeout=10,
        )
        assert health.status == health_pb2.HealthCheckResponse.SERVING
    server.stop()


def test_what_finds_the_queue_full_is_told_so_and_what_waits_is_answered(base: Path) -> None:
    # One batch may wait: with one row in it, another two do not fit, and there is no place behind.
    batching = BatchingOptions(
        max_batch_size=2, batch_timeout_micros=60_000_000, max_enqueued_batches=1
    )
    server = RunningServer(options(base, batching=batching))
    with (
        httpx.Client(base_url=f"http://127.0.0.1:{server.rest_port}", timeout=30) as client,
        grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}") as channel,
        ThreadPoolExecutor(1) as pool,
    ):
        predict = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict
        grpc.channel_ready_future(channel).result(10)

        def ask_for_one() -> httpx.Response:
            # What comes while two rows are worked for is refused itself.
            while (got := client.post(PREDICT, json={"instances": [2.0]}, timeout=90)).is_error:
                time.sleep(0.05)
            return got

        waiting = pool.submit(ask_for_one)
        # Until that one waits, two rows are a batch and answered.
        while (answer := client.post(PREDICT, json={"instances": [3.0, 4.0]})).is_success:
            time.sleep(0.3)
        with pytest.raises(grpc.RpcError) as refused:
            predict(request([3.0, 4.0]), timeout=30)
        # A second row fills the batch.
        after = client.post(PREDICT, json={"instances": [4.0]})
        assert waiting.result().json() == {"predictions": [2.0]}
    server.stop()
    assert answer.status_code == 503
    assert refused.value.code() is grpc.StatusCode.UNAVAILABLE
    assert after.json() == {"predictions": [3.0]}


def test_requests_under_way_are_answered_before_the_server_ends(base: Path) -> None:
    # Each waits half a second for others, and meanwhile the server is told to end.
    batching = BatchingOptions(max_batch_size=8, batch_timeout_micros=500_000)
    server = RunningServer(options(base, batching=batching))
    url = f"http://127.0.0.1:{server.rest_port}"
    channel = grpc.insecure_channel(f"127.0.0.1:{server.grpc_port}")
    predict = prediction_service_pb2_grpc.PredictionServiceStub(channel).Predict
    grpc.channel_ready_future(channel).result(10)
    with ThreadPoolExecutor(2) as pool:
        rest = pool.submit(httpx.post, url + PREDICT, json={"instances": [2.0]}, timeout=30)
        remote = pool.submit(predict, request([2.0]), timeout=30)
        time.sleep(0.2)
        server.stop()
        assert rest.result().json() == {"predictions": [2.0]}
        assert list(remote.result().outputs["y"].float_val) == [2.0]
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)
    channel.close()


def test_sigterm_ends_the_command_when_what_is_under_way_is_answered(
    base: Path, tmp_path: Path
) -> None:
    parameters = tmp_path / "batching.txt"
    parameters.write_text("max_batch_size { value: 8 }\nbatch_timeout_micros { value: 5000000 }\n")
    model = (f"--model-base-path={base}", f"--model-name={NAME}")
    batching = ("--enable-batching", f"--batching-parameters-file={parameters}")
    with serve(*model, *batching) as served, ThreadPoolExecutor(1) as pool:
        asked = pool.submit(
            httpx.post, served.rest + PREDICT, json={"instances": [2.0]}, timeout=30
        )
        time.sleep(1)
        assert not asked.done()
        served.process.terminate()
        assert asked.result().json() == {"predictions": [2.0]}
        assert served.process.wait(60) == 0
