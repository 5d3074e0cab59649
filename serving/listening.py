"""Opens the port of a server, and says by which option it was chosen where it cannot."""

from __future__ import annotations

import socket

from data.errors import ConfigurationError


def listen(host: str, port: int, option: str) -> socket.socket:
    """A socket that listens.

    Args:
        host: Name or address of this machine.
        port: 0 for any that is free.
        option: Of the command, by which the port is chosen.

    Raises:
        ConfigurationError: The port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        # Python adds what it was attempting, which stands before it already.
        reason = (error.strerror or str(error)).partition(" (while")[0]
        raise ConfigurationError(
            f"{option} {port}",
            f"{host}:{port} cannot be listened at ({reason})",
            f"Give another {option}, or 0 for any that is free",
        ) from error
