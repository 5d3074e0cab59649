"""Opens the port of a server, and says by which option it was chosen where it cannot."""

from __future__ import annotations

import contextlib
import errno
import socket
from collections.abc import Mapping

from data.errors import ConfigurationError

_BY_PORT = (errno.EADDRINUSE, errno.EACCES)
"""Where another port would do; of all else the address is at fault."""


def listen(host: str, port: int, option: str) -> socket.socket:
    """A socket that listens.

    Args:
        host: Name or address of this machine.
        port: 0 for any that is free.
        option: Of the command, by which the port is chosen.

    Raises:
        ConfigurationError: The port is taken, or the address is not this machine's.
    """
    try:
        return _open(host, port)
    except OSError as error:
        raise ConfigurationError(
            f"{option} {port}",
            _cannot(host, port, error),
            f"Give another {option}, or 0 for any that is free",
        ) from error


def require_free(host: str, ports: Mapping[str, int]) -> None:
    """Checks that all of a server's ports can be listened at, before what takes long is begun.

    Args:
        host: Name or address of this machine.
        ports: By the options of the command; 0 for any that is free.

    Raises:
        ConfigurationError: Some are taken, the same one is wanted twice, or the address is not
            this machine's.
    """
    named = [port for port in ports.values() if port]
    if len(set(named)) < len(named):
        raise ConfigurationError(
            _shown(ports), "each needs a port of its own", "Give different ones, or 0 for any"
        )
    refused: dict[str, int] = {}
    reasons: list[str] = []
    with contextlib.ExitStack() as stack:
        for option, port in ports.items():
            try:
                stack.enter_context(_open(host, port))
            except OSError as error:
                reason = _cannot(host, port, error)
                if error.errno not in _BY_PORT:
                    raise ConfigurationError(
                        f"--host {host}", reason, "Give an address or a name of this machine"
                    ) from error
                refused[option] = port
                reasons.append(reason)
    if refused:
        raise ConfigurationError(
            _shown(refused),
            ", ".join(reasons),
            f"Give another {' and another '.join(refused)}, or 0 for any that is free",
        )


def _open(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    return socket.create_server((host, port), family=family, backlog=2048)


def _cannot(host: str, port: int, error: OSError) -> str:
    # Python adds what it was attempting, which stands before it already.
    reason = (error.strerror or str(error)).partition(" (while")[0]
    at = f"[{host}]" if ":" in host else host
    return f"{at}:{port} cannot be listened at ({reason})"


def _shown(ports: Mapping[str, int]) -> str:
    return ", ".join(f"{option} {port}" for option, port in ports.items())
