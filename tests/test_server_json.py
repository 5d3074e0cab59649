"""JSON bodies as TF Serving takes and gives them, at the level of bytes and messages."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
import tensorflow as tf
from tensorflow_serving.apis import (
    classification_pb2,
    get_model_metadata_pb2,
    get_model_status_pb2,
    predict_pb2,
    regression_pb2,
)

from serving.server.errors import ServingError, StatusCode
from serving.server.json_answers import (
    classification_json,
    error_json,
    metadata_json,
    predict_json,
    regression_json,
    status_json,
)
from serving.server.json_parse import DEPTH
from serving.server.json_quote import MOST
from serving.server.json_requests import (
    JsonFormat,
    fill_classification_request,
    fill_predict_request,
    fill_regression_request,
)
from tests.json_bodies import inputs, read


def x_of(value: Any, signature: str = "serving_default") -> np.ndarray:
    """The tensor that these instances make."""
    return read({"signature_name": signature, "instances": value})[0]["x"]


def refused(body: bytes | str | dict[str, Any], message: str = "") -> ServingError:
    with pytest.raises(ServingError) as caught:
        read(body)
    assert message in caught.value.message
    return caught.value


def written(form: JsonFormat = JsonFormat.ROW, /, **outputs: Any) -> Any:
    messages = {
        name: tf.make_tensor_proto(value.tolist() if value.dtype == object else value)
        for name, value in outputs.items()
    }
    return json.loads(predict_json(messages, form))


def test_rows_and_columns_make_the_same_tensors() -> None:
    rows = [{"f": [0.5, 1], "d": 0.1, "i": -5, "u": 7, "s": "é", "b": True}] * 2
    columns = {name: [row[name] for row in rows] for name in rows[0]}
    one, form = read({"signature_name": "all", "instances": rows})
    other, other_form = read({"signature_name": "all", "inputs": columns})
    assert (form, other_form) == (JsonFormat.ROW, JsonFormat.COLUMN)
    assert {name: (array.dtype.name, array.shape) for name, array in one.items()} == {
        "f": ("float32", (2, 2)),
        "d": ("float64", (2,)),
        "i": ("int64", (2,)),
        "u": ("uint8", (2,)),
        "s": ("object", (2,)),
        "b": ("bool", (2,)),
    }
    for name, array in one.items():
        np.testing.assert_array_equal(array, other[name])
    assert one["s"].tolist() == ["é".encode()] * 2


@pytest.mark.parametrize("text", ["/+8=", "/+8", " /+\n8= "])
def test_base64_is_read_with_padding_or_without(text: str) -> None:
    assert x_of([{"b64": text}], "string").tolist() == [b"\xff\xef"]


@pytest.mark.parametrize("text", ["!!", "A", "AAAAA", "AA=", "AA===", "_-8=", "AA==AAAA", "é==="])
def test_what_is_no_base64_is_refused(text: str) -> None:
    refused({"signature_name": "string", "inputs": [{"b64": text}]}, "Unable to base64 decode")


@pytest.mark.parametrize(
    ("kind", "numbers"),
    [
        ("int32", [-(2**31), 2**31 - 1]),
        ("int64", [-(2**63), 2**63 - 1]),
        ("uint32", [0, 2**32 - 1]),
        ("uint64", [0, 2**64 - 1]),
    ],
)
def test_integers_keep_their_values_to_their_bounds(kind: str, numbers: list[int]) -> None:
    assert x_of(numbers, kind).tolist() == numbers
    for beyond in (numbers[0] - 1, numbers[1] + 1):
        refused(
            {"signature_name": kind, "instances": [numbers[0], beyond]},
            f"Failed to process element: 1 of 'instances' list. Error: INVALID_ARGUMENT: "
            f"JSON Value: {beyond} Type: Number is not of expected type: {kind}",
        )


def test_small_integers_wrap_around_as_in_tf_serving() -> None:
    assert x_of([256, -1, 127], "uint8").tolist() == [0, 255, 127]
    assert x_of([128], "int8").tolist() == [-128]


def test_floats_of_all_spellings_are_read() -> None:
    found = read(
        '{"instances": [NaN, -Infinity, Inf, -Inf, 1e39, 123456789, "Inf"]}'.replace(', "Inf"', "")
    )[0]["x"]
    np.testing.assert_array_equal(
        found, np.array([np.nan, -np.inf, np.inf, -np.inf, np.inf, 123456792], np.float32)
    )
    assert read('{"instances": ["Inf \\" -Inf"], "x": Inf, "signature_name": "string"}')[0][
        "x"
    ].tolist() == [b'Inf " -Inf']


@pytest.mark.parametrize("number", ["1e400", "-1e400", "9" * 400, "9" * 5000])
def test_a_number_beyond_a_double_is_refused(number: str) -> None:
    refused(f'{{"instances": [{number}]}}', "Number too big to be stored in double")


@pytest.mark.parametrize(
    ("value", "message"),
    [
        (
            [[1], 2],
            "JSON Value: 2 found at incorrect level: 2 in the JSON DOM. Expected at level: 2",
        ),
        ([1, [2]], "Encountered list at unexpected level: 1 expected < 1"),
        (
            [[1, 2], [3]],
            "Encountered list at unexpected size: 1 at level: 1 expected size: 2",
        ),
        ("a", 'JSON Value: "a" Type: String is not of expected type: float'),
        ([[]], ""),
    ],
)
def test_ragged_columns_are_refused_by_their_first_fault(value: Any, message: str) -> None:
    if message:
        assert refused({"inputs": value}).message == message
    else:
        assert read({"inputs": value})[0]["x"].shape == (1, 0)


def test_ragged_rows_are_refused_by_their_first_fault() -> None:
    first = "Failed to process element: {} of 'instances' list. Error: INVALID_ARGUMENT: {}"
    for rows, number, reason in [
        ([[1, 2], [[1], [2]]], 1, "Expecting shape [2] but got: [2,1]"),
        ([[[1], [2, 3]]], 0, "Encountered list at unexpected size: 2 at level: 1 expected size: 1"),
        (
            [[1], [2], ["x"], [3, 4]],
            2,
            'JSON Value: "x" Type: String is not of expected type: float',
        ),
    ]:
        assert refused({"instances": rows}).message == first.format(number, reason)


def test_a_type_that_json_has_no_values_of_is_not_implemented() -> None:
    error = refused({"signature_name": "float16", "inputs": [1.0]})
    assert error.code is StatusCode.UNIMPLEMENTED
    assert error.message == "Conversion of JSON Value: 1.0 to type: half"


@pytest.mark.parametrize("number", ["0.5", "3.14159274", "1e+300", "1.0"])
def test_numbers_are_quoted_as_they_are(number: str) -> None:
    refused(
        f'{{"signature_name": "int32", "inputs": [{number}]}}', f"JSON Value: {number} Type: Number"
    )


def test_only_the_beginning_of_a_long_body_is_quoted() -> None:
    message = refused({"inputs": 1, "instances": list(range(10**5))}).message
    assert len(message) < MOST + 200 and message.endswith("'instances' keys to exist ")


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b" \n",
        b"\xef\xbb\xbf",
        b'{"instances": ["\xff"]}',
        b'{"instances": [1',
        b'{"instances": [01]}',
        b'{"instances": [.5]}',
        b'{"instances": ["\n"]}',
        b'{"instances": ["\\udc80"]}',
        b'{"instances": ["\\q"]}',
        '{"instances": [1]}'.encode("utf-16"),
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    error = refused(body, "JSON Parse error: ")
    assert error.code is StatusCode.INVALID_ARGUMENT


def test_pairs_of_surrogates_are_one_letter() -> None:
    assert x_of(["\U0001f9e0"], "string").tolist() == ["\U0001f9e0".encode()]


@pytest.mark.parametrize("begin", ["[", '{"a":', '[{"[":'])
def test_depth_is_limited_and_brackets_in_strings_are_none(begin: str) -> None:
    deep = '{"instances": ' + begin * 10_000
    refused(deep, f"Nested more than {DEPTH} levels deep")
    refused('{"a": "\\"", "instances": ' + begin * 10_000, "levels deep")
    assert x_of(["[" * 10_000 + '\\"' + "{" * 10_000], "string").size == 1
    wide = [[0.0]] * 1000
    assert x_of(wide).shape == (1000, 1)
    nested: Any = []
    for _ in range(DEPTH - 2):
        nested = [nested]
    assert read({"inputs": 1, "ignored": nested})[0]["x"].size == 1
    refused({"inputs": 1, "ignored": [nested]}, "levels deep")
    with pytest.raises(ServingError, match="Nested more than 2 levels deep"):
        fill_predict_request(b'{"inputs": [[1]]}', inputs, predict_pb2.PredictRequest(), depth=2)


@pytest.mark.parametrize(
    "body", ['{"a": ' + "[" * 200 + '"' + '\\"' * 200_000, '{"a": "' + '\\"' * 200_000]
)
def test_a_string_without_an_end_is_refused_at_once(body: str) -> None:
    refused(body, "JSON Parse error: ")


def test_examples_have_features_of_three_kinds() -> None:
    request = classification_pb2.ClassificationRequest()
    body = {
        "signature_name": "classify",
        "context": {"site": "a"},
        "examples": [{"f": [0.5, 1.0], "i": [1, True], "s": [{"b64": "/w=="}, "é"], "none": []}],
    }
    fill_classification_request(json.dumps(body).encode(), request)
    assert request.model_spec.signature_name == "classify"
    found = request.input.example_list_with_context
    assert found.context.features.feature["site"].bytes_list.value == [b"a"]
    feature = found.examples[0].features.feature
    assert feature["f"].float_list.value == [0.5, 1.0]
    assert feature["i"].int64_list.value == [1, 1]
    assert feature["s"].bytes_list.value == [b"\xff", "é".encode()]
    assert feature["none"].WhichOneof("kind") is None


@pytest.mark.parametrize(
    ("examples", "message"),
    [
        ([{"x": [1, 0.5]}], "Unexpected element type in feature: x expecting type: int64"),
        ([{"x": ["a", 1]}], "Unexpected element type in feature: x expecting type: bytes"),
        ([{"x": 2**63}], "Feature: x has uint64 element. Only int64 is supported."),
        ([{"x": {"b64": 1}}], "Feature: x has element with unexpected JSON type: Object"),
        ([True], "Example must be JSON object but got JSON True"),
    ],
)
def test_examples_of_mixed_kinds_are_refused(examples: list[Any], message: str) -> None:
    with pytest.raises(ServingError) as caught:
        fill_regression_request(
            json.dumps({"examples": examples}).encode(), regression_pb2.RegressionRequest()
        )
    assert caught.value.message == message


def test_outputs_are_written_by_row_and_by_column() -> None:
    outputs = {
        "mask": np.array([[0.1, 2], [np.nan, np.inf]], np.float32),
        "big": np.array([2**63 - 1, -(2**63)]),
        "name": np.array([b"a\xff", "é".encode()], object),
        "png_bytes": np.array([b"\xff", b""], object),
        "good": np.array([True, False]),
    }
    one = {
        "mask": [0.1, 2.0],
        "big": 2**63 - 1,
        "name": "a\ufffd",
        "png_bytes": {"b64": "/w=="},
        "good": True,
    }
    rows = written(**outputs)["predictions"]
    assert rows[0] == one and isinstance(rows[0]["mask"][1], float)
    assert math.isnan(rows[1]["mask"][0]) and rows[1]["mask"][1] == math.inf
    columns = written(JsonFormat.COLUMN, **outputs)["outputs"]
    assert {name: column[0] for name, column in columns.items()} == one


def test_one_output_stands_alone_whatever_its_shape() -> None:
    assert written(y=np.float32([0.1, 3])) == {"predictions": [0.1, 3.0]}
    assert written(JsonFormat.COLUMN, y=np.array(6.5)) == {"outputs": 6.5}
    assert written(JsonFormat.COLUMN, y=np.array(np.inf)) == {"outputs": math.inf}
    for shape in ((0,), (0, 2), (2, 0), (1, 2, 3)):
        zeros = np.zeros(shape, np.int32)
        assert written(y=zeros) == {"predictions": zeros.tolist()}
    halves = np.array([0.5, 65504], np.float16)
    assert written(y=halves) == {"predictions": [0.5, 65504.0]}


def test_rows_need_one_number_of_rows() -> None:
    with pytest.raises(ServingError, match="Tensor name: y has no shape information"):
        written(y=np.array(1.0))
    with pytest.raises(ServingError, match="b has inconsistent batch size: 2 expecting: 1"):
        written(a=np.zeros(1), b=np.zeros(2))


def test_results_are_pairs_or_numbers() -> None:
    classified = classification_pb2.ClassificationResponse()
    found = classified.result.classifications.add()
    found.classes.add(label="glioma", score=0.1)
    found.classes.add(label="", score=math.inf)
    assert json.loads(classification_json(classified)) == {
        "results": [[["glioma", 0.1], ["", math.inf]]]
    }
    regressed = regression_pb2.RegressionResponse()
    with pytest.raises(ServingError, match="Cannot convert empty RegressionResults to JSON"):
        regression_json(regressed)
    regressed.result.regressions.add(value=0.2)
    assert json.loads(regression_json(regressed)) == {"results": [0.2]}


def test_states_and_signatures_are_told_whole() -> None:
    status = get_model_status_pb2.GetModelStatusResponse()
    status.model_version_status.add(version=2, state="AVAILABLE")
    assert json.loads(status_json(status)) == {
        "model_version_status": [
            {
                "version": "2",
                "state": "AVAILABLE",
                "status": {"error_code": "OK", "error_message": ""},
            }
        ]
    }
    metadata = get_model_metadata_pb2.GetModelMetadataResponse()
    metadata.model_spec.name = "brisc"
    signatures = get_model_metadata_pb2.SignatureDefMap()
    signature = signatures.signature_def["serving_default"]
    signature.inputs["x"].name = "x:0"
    signature.inputs["x"].tensor_shape.dim.add(size=-1)
    signature.inputs["x"].tensor_shape.dim.add()
    metadata.metadata["signature_def"].Pack(signatures)
    answer = json.loads(metadata_json(metadata))
    assert answer["model_spec"] == {"name": "brisc", "version": "0", "signature_name": ""}
    told = answer["metadata"]["signature_def"]["signature_def"]["serving_default"]
    assert told["inputs"]["x"] == {
        "name": "x:0",
        "dtype": "DT_INVALID",
        "tensor_shape": {
            "dim": [{"size": "-1", "name": ""}, {"size": "0", "name": ""}],
            "unknown_rank": False,
        },
    }


def test_a_message_of_any_letters_is_written() -> None:
    assert json.loads(error_json('"\n\ud800é'))["error"] == '"\n?é'
