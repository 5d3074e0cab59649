"""One loaded version of a model: a session, as TF Serving runs a SavedModel."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, meta_graph_pb2, rewriter_config_pb2

from serving.server.batching import Batcher, Feeds, has_batches
from serving.server.constant_weights import FLAG, changing_weights
from serving.server.errors import ServingError, invalid, precondition, status_of
from serving.server.options import BatchingOptions

_MOST_CALLABLES = 8
"""Choices of outputs that are kept prepared: each may hold all weights in oneDNN's order."""

_MOST_QUEUES = 16
"""Every choice of outputs has one of its own, with threads; requests beyond them run alone."""


class Servable:
    """A SavedModel in a session of its own, so that closing it gives its memory back.

    Attributes:
        name: Of the model.
        version: Of the model.
        signatures: As the SavedModel has them, by name.
    """

    def __init__(
        self,
        name: str,
        version: int,
        directory: Path,
        batching: BatchingOptions | None = None,
        *,
        constant_weights: bool = False,
        bfloat16: bool = False,
    ) -> None:
        """Loads the SavedModel in ``directory``.

        Args:
            name: Of the model.
            version: Of the model.
            directory: The SavedModel's.
            batching: How requests share a run; ``None``: they do not.
            constant_weights: TensorFlow was told that weights stay what they are.
            bfloat16: Compute in it what TensorFlow holds to be safe in it, convolutions among it.

        Raises:
            ServingError: It is damaged, or its weights do not stay where that was assumed.
        """
        self.name = name
        self.version = version
        self._batching = batching
        self._callables: dict[tuple[str, ...], Callable[..., Any]] = {}
        self._batchers: dict[tuple[str, ...], Batcher] = {}
        self._users = 0
        self._retired = False
        self._lock = threading.Lock()
        self._when_closed: Callable[[], None] = lambda: None
        config = config_pb2.ConfigProto()
        if bfloat16:
            rewriting = config.graph_options.rewrite_options
            rewriting.auto_mixed_precision_onednn_bfloat16 = rewriter_config_pb2.RewriterConfig.ON
        self._session = tf.compat.v1.Session(graph=tf.Graph(), config=config)
        try:
            with self._session.graph.as_default():
                meta_graph = tf.compat.v1.saved_model.load(
                    self._session, [tf.saved_model.SERVING], str(directory)
                )
        except Exception as error:
            self._session.close()
            raise _damaged(directory, error) from error
        changing = changing_weights(meta_graph) if constant_weights else None
        if changing is not None:
            self._session.close()
            raise precondition(
                f"{directory}: {changing}, and this server was started for weights that stay what "
                f"they are. Start it again with {FLAG}=0 in its environment"
            )
        self.signatures: Mapping[str, meta_graph_pb2.SignatureDef] = dict(meta_graph.signature_def)

    def answer(
        self, signature: str, feeds: Feeds, fetches: Sequence[str], seconds: float | None
    ) -> list[np.ndarray]:
        """The tensors named ``fetches``, by a run that others may share.

        Args:
            signature: Name of that to which both belong.
            feeds: Values of its inputs.
            fetches: Tensors of its outputs.
            seconds: Until nobody waits for the answer; ``None``: for ever.

        Raises:
            ServingError: As of ``run`` and of ``Batcher.submit``.
        """
        batcher = self._batcher(signature, fetches)
        return self.run(feeds, fetches) if batcher is None else batcher.submit(feeds, seconds)

    def run(self, feeds: Feeds, fetches: Sequence[str]) -> list[np.ndarray]:
        """The tensors named ``fetches``.

        Raises:
            ServingError: TensorFlow refuses, for example an image that is none.
        """
        # In one order, so that whatever order is asked for is the same choice of outputs.
        names, wanted = sorted(feeds), sorted(set(fetches))
        try:
            found = self._callable(names, wanted)(*map(feeds.get, names))
        except tf.errors.OpError as error:
            raise ServingError(status_of(error.error_code), error.message.rstrip("\n")) from error
        answer = dict(zip(wanted, found, strict=True))
        return [answer[tensor] for tensor in fetches]

    def enter(self) -> bool:
        """Keeps it open until ``leave``; false where it is about to close."""
        with self._lock:
            if self._retired:
                return False
            self._users += 1
            return True

    def leave(self) -> None:
        """Undoes ``enter``."""
        with self._lock:
            self._users -= 1
            last = self._retired and self._users == 0
        if last:
            self._close()

    def when_closed(self, callback: Callable[[], None]) -> None:
        """Has ``callback`` called after ``retire``, once nobody uses it."""
        self._when_closed = callback

    def retire(self) -> None:
        """Closes it once nobody uses it; nobody enters from now on."""
        with self._lock:
            if self._retired:
                return
            self._retired = True
            last = self._users == 0
        if last:
            self._close()

    def _callable(self, feeds: Sequence[str], fetches: Sequence[str]) -> Callable[..., Any]:
        key = (*feeds, "->", *fetches)
        with self._lock:
            if key not in self._callables:
                if len(self._callables) == _MOST_CALLABLES:
                    self._callables.pop(next(iter(self._callables)))
                options = config_pb2.CallableOptions(feed=feeds, fetch=fetches)
                # Session.run would check the declared shapes of inputs, which TF Serving does not,
                # and give its errors another text.
                self._callables[key] = self._session._make_callable_from_options(options)
            return self._callables[key]

    def _batcher(self, signature: str, fetches: Sequence[str]) -> Batcher | None:
        if self._batching is None or not has_batches(self.signatures[signature]):
            return None
        key = (signature, *fetches)
        with self._lock:
            if key not in self._batchers and len(self._batchers) < _MOST_QUEUES:
                self._batchers[key] = Batcher(self.run, fetches, self._batching)
            return self._batchers.get(key)

    def _close(self) -> None:
        for batcher in self._batchers.values():
            batcher.close()
        self._callables.clear()
        self._session.close()
        # The graph holds as much again as the weights.
        del self._session
        self._when_closed()


def _damaged(directory: Path, error: Exception) -> ServingError:
    if isinstance(error, tf.errors.OpError):
        # Python puts a heading before what went wrong, and where in the graph after it.
        reason = error.message.removeprefix("Graph execution error:").split("\n\t [[")[0]
        return ServingError(status_of(error.error_code), reason.strip())
    # Whatever comes of bytes that are no SavedModel, it must not end the server.
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return invalid(f"Could not load {directory}: {lines[0]}")
