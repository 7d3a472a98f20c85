"""Another exchange, as far as it is seen over HTTP: a port that answers as a test says."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

Answer = tuple[int, str, bytes]
Answers = Callable[[str, str, bytes], Answer]
"""Method, path and body to status, media type and body."""
NOTHING: Answer = (404, "text/plain", b"not here\n")


class Peer:
    """A server whose answers are `answers`, which a test may change; None hangs up."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.asked: list[tuple[str, str]] = []
        self.answers: Answers | None = lambda _method, _path, _body: NOTHING

    def serves(self, files: dict[str, bytes]) -> None:
        """Answer GET with files, as any static server would."""

        def answers(method: str, path: str, _body: bytes) -> Answer:
            name = path.removeprefix("/log/")
            return (200, "text/plain", files[name]) if method == "GET" and name in files else NOTHING

        self.answers = answers


@contextmanager
def serving() -> Iterator[Peer]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
            reached.asked.append((self.command, self.path))
            if reached.answers is None:
                self.close_connection = True
                return
            status, media_type, content = reached.answers(self.command, self.path, body)
            self.send_response(status)
            self.send_header("Content-Type", media_type)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            with suppress(OSError):  # the other side may have heard enough
                self.wfile.write(content)

        do_POST = do_GET  # noqa: N815

        def log_message(self, format: str, *args: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        reached = Peer(f"http://127.0.0.1:{server.server_address[1]}")
        thread = threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield reached
        server.shutdown()
        thread.join()


@pytest.fixture
def peer() -> Iterator[Peer]:
    with serving() as found:
        yield found
