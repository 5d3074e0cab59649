"""A server on this machine that publishes a data set as Zenodo, Figshare and Kaggle do."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import ssl
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path


class Server(ThreadingHTTPServer):
    """Serves one archive as Zenodo, Figshare and Kaggle do, as badly as a test asks for.

    Attributes:
        archive: Its bytes.
        announced: The MD5 that the interfaces give for it.
        name: Its file name.
        more: Other files of the record, by name.
        cuts: For each of the next transfers, after how many bytes the connection breaks.
        ignores_range: Whether ranges are answered with the whole.
        status: A status for a path, in place of its answer.
        log: Each transfer of the archive: its Range header, and how many bytes were sent.
        tls: With it the server is also a proxy, and answers itself whoever is asked for by HTTPS.
    """

    daemon_threads = True

    def __init__(self, archive: bytes) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.archive = archive
        self.announced = hashlib.md5(archive).hexdigest()
        self.size = len(archive)
        self.name = "brisc2025.zip"
        self.more: dict[str, bytes] = {}
        self.cuts: list[int] = []
        self.ignores_range = False
        self.status: dict[str, int] = {}
        self.body: dict[str, bytes] = {}
        self.log: list[tuple[str | None, int]] = []
        self.tls: ssl.SSLContext | None = None

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    @property
    def sent(self) -> int:
        return sum(count for _, count in self.log)

    def handle_error(self, request: object, client_address: object) -> None:
        """A client may hang up: nothing to tell."""

    def serve(self, archive: bytes, name: str) -> None:
        self.archive, self.name, self.size = archive, name, len(archive)
        self.announced = hashlib.md5(archive).hexdigest()

    def answer(self, path: str) -> bytes | None:
        files = {self.name: (self.archive, self.size, self.announced)}
        for name, content in self.more.items():
            files[name] = (content, len(content), hashlib.md5(content).hexdigest())
        if path == "/zenodo/records/17524350":
            told: object = {
                "files": [
                    {
                        "key": name,
                        "size": size,
                        "checksum": f"md5:{md5}",
                        "links": {"self": f"{self.url}/files/{name}"},
                    }
                    for name, (_, size, md5) in files.items()
                ]
            }
        elif path == "/figshare/articles/30533120/files?page_size=100":
            told = [
                {
                    "name": name,
                    "size": size,
                    "computed_md5": md5,
                    "download_url": f"{self.url}/files/{name}",
                }
                for name, (_, size, md5) in files.items()
            ]
        else:
            return None
        return json.dumps(told).encode()


class Handler(BaseHTTPRequestHandler):
    server: Server
    protocol_version = "HTTP/1.1"

    def log_message(self, *parts: object) -> None:
        pass

    def do_CONNECT(self) -> None:
        if self.server.tls is None:
            self.reply(501, b"no proxy")
            return
        self.send_response(200)
        self.end_headers()
        self.request = self.server.tls.wrap_socket(self.request, server_side=True)
        self.setup()
        self.close_connection = False

    def do_GET(self) -> None:
        server, path = self.server, self.path
        if path in server.status:
            self.reply(server.status[path], b"sorry")
        elif path in server.body:
            self.reply(200, server.body[path])
        elif path == "/kaggle/datasets/download/briscdataset/brisc2025":
            self.reply(302, b"", {"Location": f"{server.url}/files/{server.name}"})
        elif path == f"/files/{server.name}":
            self.send_archive()
        elif path.removeprefix("/files/") in server.more:
            self.reply(200, server.more[path.removeprefix("/files/")])
        else:
            told = server.answer(path)
            self.reply(404 if told is None else 200, told or b"nothing here")

    def send_archive(self) -> None:
        server, wanted = self.server, self.headers["Range"]
        md5 = base64.b64encode(bytes.fromhex(server.announced)).decode()
        headers = {"x-goog-hash": f"crc32c=AAAAAA==,md5={md5}"}
        content, status = server.archive, 200
        if wanted and not server.ignores_range:
            start = int(wanted.removeprefix("bytes=").removesuffix("-"))
            headers["Content-Range"] = f"bytes {start}-{len(content) - 1}/{len(content)}"
            content, status = content[start:], 206
        cut = server.cuts.pop(0) if server.cuts else len(content)
        server.log.append((wanted, min(cut, len(content))))
        self.reply(status, content, headers, cut)

    def reply(
        self,
        status: int,
        content: bytes,
        headers: dict[str, str] | None = None,
        cut: int | None = None,
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content[:cut])
        if cut is not None and cut < len(content):
            self.close_connection = True


def zipped(root: Path, around: str = "") -> bytes:
    """An archive of the folder; ``around`` comes before each name in it."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for path in sorted(root.rglob("*")):
            archive.write(path, f"{around}{path.relative_to(root)}")
    return buffer.getvalue()


@contextmanager
def running(server: Server) -> Iterator[Server]:
    """The server, which answers while the body runs."""
    with server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
