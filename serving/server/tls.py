"""Reads the certificate that both ports show."""

from __future__ import annotations

import ssl
from pathlib import Path

from data.errors import InputError


def read_certificate(certificate: Path, private_key: Path) -> tuple[bytes, bytes]:
    """The key and the certificates, PEM, in gRPC's order.

    Raises:
        InputError: They are not there, or do not belong together.
    """
    try:
        ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(
            certificate, private_key, password=""
        )
        return private_key.read_bytes(), certificate.read_bytes()
    except (OSError, ssl.SSLError) as error:
        raise InputError(
            certificate,
            f"no certificate for the key {private_key} ({error})",
            "Give both as PEM files, the key without a password",
        ) from error
