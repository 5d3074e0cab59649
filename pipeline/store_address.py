"""The address of a metadata store on PostgreSQL."""

from __future__ import annotations

from dataclasses import dataclass, field
from urllib.parse import unquote, urlsplit

FORM = "postgresql://USER:PASSWORD@HOST:PORT/DATABASE"
_PORT = 5432


@dataclass(frozen=True)
class StoreAddress:
    """Where the server is and who asks it; as text, without the password.

    Attributes:
        host: Its name or address.
        port: Where it listens.
        user: Who asks.
        password: What proves it; empty where the server trusts.
        database: The database, which is made where it is missing.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    database: str

    @classmethod
    def parse(cls, text: str) -> StoreAddress:
        """Reads ``postgresql://USER:PASSWORD@HOST:PORT/DATABASE``.

        Raises:
            ValueError: It is something else; the message has nothing of ``text`` in it.
        """
        try:
            parts = urlsplit(text)
            port = parts.port or _PORT
        except ValueError:
            # From the original, a part of the password might be read.
            raise ValueError(f"not of the form {FORM}") from None
        database = unquote(parts.path.removeprefix("/"))
        usual = parts.scheme in ("postgresql", "postgres") and not parts.query + parts.fragment
        if not (usual and parts.hostname and parts.username and database) or "/" in database:
            raise ValueError(f"not of the form {FORM}; write special characters as %XX")
        return cls(
            parts.hostname, port, unquote(parts.username), unquote(parts.password or ""), database
        )

    def __str__(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"postgresql://{self.user}@{host}:{self.port}/{self.database}"
