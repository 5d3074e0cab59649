"""Has oneDNN put a model's weights into its own order once, and not in every call.

oneDNN multiplies weights in an order of its own. TensorFlow keeps what it reordered where they are
constants; in a SavedModel they are variables. ``TF_ONEDNN_ASSUME_FROZEN_WEIGHTS`` has it keep them
all the same, in a whole process: what a kernel multiplied by first, it multiplies by for ever. That
is right only where this is a variable or a constant, and nothing writes variables; a graph's nodes
say so.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from itertools import chain

from google.protobuf.message import DecodeError
from tensorflow.core.framework import attr_value_pb2, node_def_pb2, types_pb2
from tensorflow.core.protobuf import meta_graph_pb2, saved_model_pb2

from serving.model_files import SAVED_MODEL, versions
from serving.server.model_config import Model

VARIABLE = "TF_ONEDNN_ASSUME_FROZEN_WEIGHTS"
"""Of environment; TensorFlow reads it when it makes the first kernel that asks."""

_MULTIPLIES = ("Conv2D", "Conv3D", "DepthwiseConv2dNative", "MatMul")
"""Ends of operations whose second input oneDNN may keep, also of fused and quantised ones."""
_WRITES = ("Assign", "Resource")
_KEEPS_VALUES = frozenset({"Identity", "Cast", "Reshape", "ReadVariableOp"})
_STAYS = frozenset({"Const", "VarHandleOp"})
_VARIABLE = node_def_pb2.NodeDef(op="VarHandleOp")

_Nodes = Mapping[str, node_def_pb2.NodeDef]


def assume_constant_weights(models: Iterable[Model]) -> bool:
    """Sets the variable in this process where it is right for all versions of ``models``.

    To be called before TensorFlow runs anything, by what never trains. Whoever has set the
    variable keeps what was set.

    Returns:
        Whether it is on: then every model loaded later must be one of ``has_constant_weights``.
    """
    if VARIABLE not in os.environ:
        files = (
            model.base_path / str(version) / SAVED_MODEL
            for model in models
            for version in versions(model.base_path)
        )
        try:
            found = [saved_model_pb2.SavedModel.FromString(file.read_bytes()) for file in files]
        except (OSError, DecodeError):
            # Loading it will say what is wrong with it.
            return False
        graphs = chain.from_iterable(saved.meta_graphs for saved in found)
        if not all(map(has_constant_weights, graphs)):
            return False
        os.environ[VARIABLE] = "1"
    return os.environ[VARIABLE].lower() in ("1", "true")


def has_constant_weights(graph: meta_graph_pb2.MetaGraphDef) -> bool:
    """Whether all that its signatures reach multiplies by variables and constants alone.

    Where it cannot be told, the answer is no.
    """
    functions = {item.signature.name: item for item in graph.graph_def.library.function}
    main = {node.name: node for node in graph.graph_def.node}
    outputs = (
        output.name
        for signature in graph.signature_def.values()
        for output in signature.outputs.values()
    )
    asked = list(_upstream(main, outputs))
    if not _all_constant(asked, main):
        return False
    seen: set[str] = set()
    waiting = list(_called(asked))
    while waiting:
        name = waiting.pop()
        if name in seen:
            continue
        seen.add(name)
        if name not in functions:
            return False
        function = functions[name]
        # A variable comes as a handle, anything else as a tensor of which nothing is known.
        handles = {
            argument.name: _VARIABLE
            for argument in function.signature.input_arg
            if argument.type == types_pb2.DT_RESOURCE
        }
        inner = {**handles, **{node.name: node for node in function.node_def}}
        if not _all_constant(function.node_def, inner):
            return False
        waiting += _called(function.node_def)
    return True


def _all_constant(nodes: Iterable[node_def_pb2.NodeDef], among: _Nodes) -> bool:
    return all(
        not node.op.startswith(_WRITES)
        and (not node.op.endswith(_MULTIPLIES) or _stays(node.input[1], among))
        for node in nodes
    )


def _stays(tensor: str, among: _Nodes) -> bool:
    node = among.get(_node_of(tensor))
    while node is not None and node.op in _KEEPS_VALUES:
        node = among.get(_node_of(node.input[0]))
    return node is not None and node.op in _STAYS


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
