"""The client, as far as it gets without a server that answers."""

from __future__ import annotations

import socket
import threading

import pytest

from data.errors import ConfigurationError, InputError
from serving.client import Client, ClientOptions


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
