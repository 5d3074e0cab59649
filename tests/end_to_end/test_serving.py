"""The pushed model behind the real command, asked by the product's own and by other clients."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from data.errors import InputError
from data.layout import scan
from serving.client import AsyncClient, Client, ClientOptions
from serving.predictor import Predictor
from tests.command import COMMAND, ROOT, environment
from tests.end_to_end.conftest import Bench, Finished
from tests.hot_swap import swap_under_load
from tests.serving_command import Served, serve


@pytest.fixture(scope="module")
def served(bench: Bench, blessed: Finished) -> Iterator[Served]:
    assert blessed.code == 0, blessed.errors
    with serve(f"--model-base-path={bench.models}") as served:
        yield served


@pytest.fixture(scope="module")
def images(bench: Bench) -> list[Path]:
    return [item.image for item in scan(bench.data).slices if item.official_split == "test"][:3]


def _predict(*arguments: str | Path) -> list[dict[str, object]]:
    ended = subprocess.run(
        [*COMMAND, "predict", *map(str, arguments), "--json"],
        cwd=ROOT,
        env=environment(),
        capture_output=True,
        text=True,
        check=True,
    )
    answers: list[dict[str, object]] = json.loads(ended.stdout)
    return answers


def test_a_server_answers_as_the_model_itself(
    bench: Bench, served: Served, images: list[Path]
) -> None:
    expected = _predict(*images, f"--model={bench.models}")
    for server in (f"grpc://{served.grpc}", served.rest):
        answers = _predict(*images, f"--server={server}")
        for answer, own in zip(answers, expected, strict=True):
            assert answer["probabilities"] == pytest.approx(own.pop("probabilities"), abs=1e-5)
            own["probabilities"] = answer["probabilities"]
        assert answers == expected


def test_both_clients_answer_by_both_protocols(
    bench: Bench, served: Served, images: list[Path]
) -> None:
    slices = [image.read_bytes() for image in images]
    model = Predictor(bench.models)
    # One by one: sums of another batch are rounded otherwise, and a pixel may change sides.
    alone = [answer for item in slices for answer in model.predict([item])]
    expected = [(item.label, item.mask_png) for item in alone]

    async def ask(server: str) -> list[tuple[str, bytes]]:
        async with AsyncClient(server) as client:
            several = await asyncio.gather(*(client.predict([item]) for item in slices))
        return [(item.label, item.mask_png) for answers in several for item in answers]

    for server in (f"grpc://{served.grpc}", served.rest):
        with Client(server) as client:
            answers = [answer for item in slices for answer in client.predict([item])]
            together = client.predict(slices)
        assert [(item.label, item.mask_png) for item in answers] == expected
        assert [item.label for item in together] == [item.label for item in alone]
        assert asyncio.run(ask(server)) == expected


def test_what_is_no_image_is_refused_and_the_next_one_answered(
    served: Served, images: list[Path]
) -> None:
    for server in (f"grpc://{served.grpc}", served.rest):
        with Client(server) as client:
            with pytest.raises(InputError, match="the model cannot answer for it"):
                client.predict([b"no image"])
            assert len(client.predict([images[0].read_bytes()])) == 1
        with (
            Client(server, ClientOptions(model_name="nobody")) as client,
            pytest.raises(InputError, match="nobody"),
        ):
            client.predict([images[0].read_bytes()])


def test_rest_needs_no_tensorflow(served: Served, images: list[Path]) -> None:
    program = (
        "import sys; from pathlib import Path; from serving.client import Client\n"
        f"with Client({served.rest!r}) as client:\n"
        f"    print(client.predict([Path({str(images[0])!r}).read_bytes()])[0].label)\n"
        "assert 'tensorflow' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], cwd=ROOT, env=environment(), check=True)


def test_a_client_gets_its_answer_from_a_server_that_was_killed_and_started_again(
    bench: Bench, blessed: Finished, images: list[Path]
) -> None:
    slices = [images[0].read_bytes()]
    options = ClientOptions(seconds=120, attempts=200)
    base = f"--model-base-path={bench.models}"
    with serve(base) as first:
        grpc_port, rest_port = (place.rpartition(":")[2] for place in (first.grpc, first.rest))
        with Client(f"grpc://{first.grpc}", options) as remote, Client(first.rest, options) as rest:
            before = remote.predict(slices), rest.predict(slices)
            first.process.kill()
            first.process.wait()
            with ThreadPoolExecutor(2) as pool:
                asked = [pool.submit(client.predict, slices) for client in (remote, rest)]
                with serve(base, grpc_port=grpc_port, rest_port=rest_port):
                    assert tuple(future.result() for future in asked) == before


@pytest.mark.integration
def test_versions_are_swapped_under_load_and_no_request_fails(
    bench: Bench, blessed: Finished, tmp_path: Path
) -> None:
    (model,) = (path for path in bench.models.iterdir() if path.name.isdigit())
    seen = swap_under_load(model, tmp_path, swaps=5)
    assert not seen.faults
    assert sorted(seen.answers) == list(range(1, 7))
