"""Has oneDNN put a model's weights into its own order once, and not in every call.

oneDNN multiplies weights in an order of its own. TensorFlow keeps what it reordered where they are
constants; in a SavedModel they are variables. ``TF_ONEDNN_ASSUME_FROZEN_WEIGHTS`` has it keep them
all the same, in a whole process: what a kernel multiplied by first, it multiplies by for ever. That
is right only where this is a variable or a constant, and nothing writes variables; a graph's nodes
say so.
"""

from __future__ import annotations

import contextlib
import logging
import os
from collections.abc import Iterable, Iterator, Mapping

from google.protobuf.message import DecodeError
from tensorflow.core.framework import attr_value_pb2, node_def_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from serving.model_files import SAVED_MODEL, versions
from serving.server.model_config import Model

FLAG = "TF_ONEDNN_ASSUME_FROZEN_WEIGHTS"
"""In the environment; TensorFlow reads it when it makes the first kernel that asks."""

_MULTIPLIES = ("Conv2D", "Conv3D", "DepthwiseConv2dNative", "MatMul")
"""Parts of the names of operations whose second input oneDNN may keep."""
_KEEPS_NOTHING = ("Backprop", "BatchMatMul", "Sparse")
_MAY_WRITE = ("Assign", "Resource")
_ONLY_READ = frozenset({"ResourceGather", "ResourceGatherNd"})
_PASSES_ON = frozenset({"Identity", "Cast", "Reshape", "ReadVariableOp"})
_CONSTANT = frozenset({"Const", "VarHandleOp"})
_HANDLE = node_def_pb2.NodeDef(op="VarHandleOp")

_Nodes = Mapping[str, node_def_pb2.NodeDef]
_log = logging.getLogger(__name__)


def assume_constant_weights(models: Iterable[Model]) -> bool:
    """Sets the flag in this process where it is right for all versions that ``models`` serve.

    To be called before TensorFlow runs anything, by what never trains. Whoever has set the flag
    keeps what was set.

    Returns:
        Whether it is on: then every version that is loaded has to be asked ``changing_weights``.
    """
    if FLAG not in os.environ:
        reason = next(_changing(models), None)
        if reason is not None:
            _log.info("weights are put into oneDNN's order anew in every call: %s", reason)
            return False
        os.environ[FLAG] = "1"
    return os.environ[FLAG].lower() in ("1", "true")


def changing_weights(graph: meta_graph_pb2.MetaGraphDef) -> str | None:
    """What multiplies by more than variables and constants, or may write a variable.

    Looks at all that the signatures reach. Where it cannot be told, that is the answer.

    Returns:
        The operation and what it does; ``None``: the weights stay what they are.
    """
    functions = {item.signature.name: item for item in graph.graph_def.library.function}
    main = {node.name: node for node in graph.graph_def.node}
    outputs = (
        output.name
        for signature in graph.signature_def.values()
        for output in signature.outputs.values()
    )
    asked = list(_upstream(main, outputs))
    reason = next(_reasons(asked, main), None)
    seen: set[str] = set()
    waiting = list(_called(asked))
    while waiting and reason is None:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in functions:
            return f"function {name} is missing"
        function = functions[name]
        # A variable comes as a handle, anything else as a tensor of which nothing is known.
        handles = {
            argument.name: _HANDLE
            for argument in function.signature.input_arg
            if argument.type == types_pb2.DT_RESOURCE
        }
        inner = {**handles, **{node.name: node for node in function.node_def}}
        reason = next(_reasons(function.node_def, inner), None)
        waiting += _called(function.node_def)
    return reason


def _changing(models: Iterable[Model]) -> Iterator[str]:
    for model in models:
        for version in model.chosen(versions(model.base_path)):
            file = model.base_path / str(version) / SAVED_MODEL
            # Of what cannot be read loading says what is wrong; once mended, it is looked at then.
            with contextlib.suppress(OSError, DecodeError):
                saved = saved_model_pb2.SavedModel.FromString(file.read_bytes())
                for graph in saved.meta_graphs:
                    reason = changing_weights(graph)
                    if reason is not None:
                        yield f"{file}: {reason}"


def _reasons(nodes: Iterable[node_def_pb2.NodeDef], among: _Nodes) -> Iterator[str]:
    for node in nodes:
        if node.op.startswith(_MAY_WRITE) and node.op not in _ONLY_READ:
            yield f"{node.name} ({node.op}) may write a variable"
        elif _multiplies(node.op) and not _is_constant(node.input[1], among):
            yield f"{node.name} ({node.op}) multiplies by what is computed"


def _multiplies(operation: str) -> bool:
    return any(part in operation for part in _MULTIPLIES) and not any(
        part in operation for part in _KEEPS_NOTHING
    )


def _is_constant(tensor: str, among: _Nodes) -> bool:
    node = among.get(_node_of(tensor))
    while node is not None and node.op in _PASSES_ON:
        node = among.get(_node_of(node.input[0]))
    return node is not None and node.op in _CONSTANT


def _upstream(nodes: _Nodes, tensors: Iterable[str]) -> Iterator[node_def_pb2.NodeDef]:
    seen: set[str] = set()
    waiting = [_node_of(tensor) for tensor in tensors]
    while waiting:
        name = waiting.pop()
        if name in nodes and name not in seen:
            seen.add(name)
            yield nodes[name]
            waiting += map(_node_of, nodes[name].input)


def _called(nodes: Iterable[node_def_pb2.NodeDef]) -> Iterator[str]:
    for node in nodes:
        for value in node.attr.values():
            yield from (function.name for function in _functions(value))


def _functions(value: attr_value_pb2.AttrValue) -> Iterator[attr_value_pb2.NameAttrList]:
    if value.HasField("func"):
        yield value.func
    yield from value.list.func


def _node_of(tensor: str) -> str:
    return tensor.removeprefix("^").split(":")[0]
