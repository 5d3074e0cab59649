"""Bodies that nobody wrote: any bytes are a request or refused, and none is a traceback."""

from __future__ import annotations

import base64
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tensorflow_serving.apis import predict_pb2

from serving.server.json_answers import predict_json
from serving.server.json_requests import JsonFormat, fill_predict_request
from tests.command import ROOT
from tests.json_bodies import SIGNATURES, check_read_or_refused, inputs
from tests.tools import python_package

FEW, MANY = 200, 50_000

FUZZ = {
    "deadline": None,
    "database": None,
    "derandomize": True,
    "suppress_health_check": list(HealthCheck),
}

_LEAVES = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(-(2**70), 2**70),
    st.floats(),
    st.text(st.characters(), max_size=4),
    st.builds(lambda content: {"b64": base64.b64encode(content).decode()}, st.binary(max_size=4)),
)
_VALUES = st.recursive(
    _LEAVES,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["x", "f", "s", "b64", "z"]), inner, max_size=3)
    ),
    max_leaves=6,
)
_BODIES = st.fixed_dictionaries(
    {},
    optional={
        "signature_name": st.sampled_from(sorted(SIGNATURES))
        | _LEAVES.filter(lambda leaf: not isinstance(leaf, str)),
        "instances": st.lists(_VALUES, max_size=3) | _VALUES,
        "inputs": _VALUES,
        "examples": st.lists(_VALUES, max_size=3) | _VALUES,
        "context": _VALUES,
    },
)


@st.composite
def _bytes(draw: st.DrawFn) -> bytes:
    """Any bytes, or a body, some bytes of which may have been changed."""
    if draw(st.integers(0, 4)) == 0:
        return draw(st.binary(max_size=60))
    body = bytearray(
        json.dumps(draw(_BODIES), ensure_ascii=draw(st.booleans())).encode("utf-8", "surrogatepass")
    )
    for _ in range(draw(st.integers(0, 2))):
        place = draw(st.integers(0, len(body)))
        length = draw(st.integers(0, 2))
        body[place : place + length] = draw(
            st.sampled_from(
                [
                    b"",
                    b'"',
                    b"[",
                    b"}",
                    b",",
                    b"\\",
                    b"-",
                    b"1e999",
                    b"Inf",
                    b"\xff",
                    b"\\ud8",
                    b"0",
                ]
            )
        )
    return bytes(body)


@settings(max_examples=FEW, **FUZZ)
@given(_bytes())
def test_any_bytes_are_a_request_or_refused(body: bytes) -> None:
    check_read_or_refused(body)


@pytest.mark.integration
def test_bytes_that_reach_further_lines_of_the_parser_are_a_request_or_refused(
    tmp_path: Path,
) -> None:
    version = "2.3.0" if sys.version_info < (3, 11) else "3.0.0"
    atheris = python_package(f"atheris=={version}")
    # Its bound on memory is of the peak, which a process inherits from the one that started it.
    options = [f"-runs={MANY}", "-rss_limit_mb=0", f"-artifact_prefix={tmp_path}/"]
    command = [sys.executable, "-m", "tests.fuzz_bodies", str(tmp_path), *options]
    variables = {**os.environ, "PYTHONPATH": f"{atheris}:{ROOT}"}
    ended = subprocess.run(command, cwd=ROOT, env=variables, capture_output=True, text=True)
    assert ended.returncode == 0, ended.stderr[-3000:]
    assert f"Done {MANY} runs" in ended.stderr
    # It has found other ways through the parser than the bodies that it began with.
    assert len(list(tmp_path.iterdir())) > 20


@st.composite
def _arrays(draw: st.DrawFn) -> tuple[str, np.ndarray]:
    kind, leaves = draw(
        st.sampled_from(
            [
                ("serving_default", st.floats(width=32)),
                ("float64", st.floats()),
                ("int32", st.integers(-(2**31), 2**31 - 1)),
                ("int64", st.integers(-(2**63), 2**63 - 1)),
                ("uint64", st.integers(0, 2**64 - 1)),
                ("uint8", st.integers(0, 255)),
                ("bool", st.booleans()),
                ("string", st.binary(max_size=5)),
            ]
        )
    )
    # Lists within an empty list leave no trace.
    shape = tuple(draw(st.lists(st.integers(1, 3), min_size=1, max_size=2)))
    if draw(st.integers(0, 9)) == 0:
        shape = (*shape, 0)
    count = math.prod(shape)
    dtype = {"string": object, "serving_default": np.float32}.get(kind, kind)
    flat = np.empty(count, dtype)
    flat[:] = draw(st.lists(leaves, min_size=count, max_size=count))
    return kind, flat.reshape(shape)


@settings(max_examples=FEW, **FUZZ)
@given(_arrays(), st.sampled_from(JsonFormat))
def test_what_an_answer_says_a_request_can_say(
    case: tuple[str, np.ndarray], form: JsonFormat
) -> None:
    signature, array = case
    request = predict_pb2.PredictRequest()
    dtype = inputs(signature)["x"].dtype
    message = tf.make_tensor_proto(
        array.tolist() if array.dtype == object else array, dtype=dtype, shape=array.shape
    )
    answer = json.loads(predict_json({"x_bytes": message}, form))
    body = json.dumps(
        {"signature_name": signature, form.value: answer.popitem()[1]}, ensure_ascii=False
    )
    assert fill_predict_request(body.encode(), inputs, request) is form
    np.testing.assert_array_equal(tf.make_ndarray(request.inputs["x"]), array)
