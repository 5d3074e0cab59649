"""The client, as far as it gets without a server that answers."""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Iterator

import pytest

from data.errors import ConfigurationError, InputError
from serving.client import AsyncClient, Client, ClientOptions, NoAnswer


@pytest.mark.parametrize(
    "server", ["127.0.0.1:8501", "ftp://127.0.0.1", "http://", "http://127.0.0.1:85O1"]
)
def test_what_is_no_address_is_refused(server: str) -> None:
    with pytest.raises(ConfigurationError, match="no address of a server"):
        Client(server)


def test_all_attempts_together_take_no_longer_than_one_may() -> None:
    connections = []
    with socket.create_server(("127.0.0.1", 0)) as silent:

        def accept() -> None:
            while True:
                try:
                    connections.append(silent.accept()[0])
                except OSError:
                    return

        listening = threading.Thread(target=accept, daemon=True)
        listening.start()
        address = f"http://127.0.0.1:{silent.getsockname()[1]}"
        options = ClientOptions(seconds=1.0, attempts=50)
        with Client(address, options) as client, pytest.raises(InputError, match="no answer"):
            client.predict([b"slice"])
        # The first attempt took all of the time.
        assert len(connections) == 1
        silent.shutdown(socket.SHUT_RDWR)
        listening.join()
    for connection in connections:
        connection.close()


@pytest.fixture
def hanging_up() -> Iterator[tuple[str, list[socket.socket]]]:
    """The address of a server that ends each connection, and those that it has ended."""
    ended: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    connection, _ = listener.accept()
                except OSError:
                    return
                ended.append(connection)
                connection.close()

        listening = threading.Thread(target=accept, daemon=True)
        listening.start()
        yield f"http://127.0.0.1:{listener.getsockname()[1]}", ended
        listener.shutdown(socket.SHUT_RDWR)
        listening.join()


def test_who_hangs_up_is_asked_as_often_as_is_allowed(
    hanging_up: tuple[str, list[socket.socket]],
) -> None:
    address, ended = hanging_up
    options = ClientOptions(attempts=3)
    with Client(address, options) as client, pytest.raises(NoAnswer, match="no answer"):
        client.predict([b"slice"])
    assert len(ended) == 3


def test_so_is_who_is_awaited(hanging_up: tuple[str, list[socket.socket]]) -> None:
    address, ended = hanging_up

    async def ask() -> None:
        async with AsyncClient(address, ClientOptions(attempts=3)) as client:
            await client.predict([b"slice"])

    with pytest.raises(NoAnswer, match="no answer"):
        asyncio.run(ask())
    assert len(ended) == 3
