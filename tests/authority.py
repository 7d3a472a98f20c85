"""A time-stamp authority on this machine: OpenSSL's own, behind an HTTP server that answers as it is told."""

import subprocess
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from tests.waiting import SECONDS

CONFIG = """
[tsa]
dir = {folder}
serial = $dir/serial
signer_cert = $dir/tsa.pem
signer_key = $dir/tsa.key
signer_digest = sha256
default_policy = 1.2.3.4.1
digests = sha256
ordering = yes
tsa_name = yes
ess_cert_id_chain = no
ess_cert_id_alg = sha256
[ca]
basicConstraints = critical,CA:TRUE
[stamps]
basicConstraints = critical,CA:FALSE
keyUsage = critical,digitalSignature
extendedKeyUsage = critical,timeStamping
[servers]
basicConstraints = critical,CA:FALSE
extendedKeyUsage = critical,serverAuth
"""


@dataclass
class Authority:
    """What a test may change: the answer to the next requests, or None for an honest one.

    Attributes:
        root: certificate that its tokens lead to.
        url: where it listens.
        asked: requests that came.
        answer: sent instead of an honest answer.
        status: of the answer.
    """

    folder: Path
    url: str = ""
    asked: list[bytes] = field(default_factory=list)
    answer: bytes | None = None
    status: int = 200

    @property
    def root(self) -> Path:
        return self.folder / "root.pem"

    def stamp(self, request: bytes, signer: str = "tsa") -> bytes:
        """Answer a request with `openssl ts`."""
        (self.folder / "query.tsq").write_bytes(request)
        _openssl(
            self.folder, "ts", "-reply", "-config", "tsa.cnf", "-section", "tsa", "-queryfile", "query.tsq",
            "-signer", f"{signer}.pem", "-inkey", f"{signer}.key", "-out", "reply.tsr",
        )  # fmt: skip
        return (self.folder / "reply.tsr").read_bytes()


@contextmanager
def authority() -> Iterator[Authority]:
    """Run an authority with certificates of its own."""
    with tempfile.TemporaryDirectory() as name:
        made = Authority(Path(name))
        _certificates(made.folder)
        lock = threading.Lock()

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                request = self.rfile.read(int(self.headers["Content-Length"]))
                with lock:
                    made.asked.append(request)
                    body = made.answer if made.answer is not None else made.stamp(request)
                self.send_response(made.status)
                self.send_header("Content-Type", "application/timestamp-reply")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_arguments: object) -> None:
                return

        server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        made.url = f"http://localhost:{server.server_address[1]}/"
        try:
            yield made
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _certificates(folder: Path) -> None:
    (folder / "tsa.cnf").write_text(CONFIG.format(folder=folder))
    (folder / "serial").write_text("01\n")
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    _openssl(folder, "req", "-x509", *key, "-keyout", "root.key", "-out", "root.pem", "-days", "3650",
             "-subj", "/CN=Test stamps root", "-config", "/dev/null",
             "-addext", "basicConstraints=critical,CA:TRUE")  # fmt: skip
    for name, section in (("tsa", "stamps"), ("other", "servers")):
        _openssl(folder, "req", "-new", *key, "-keyout", f"{name}.key", "-out", f"{name}.csr",
                 "-subj", f"/CN=Test {section}", "-config", "/dev/null")  # fmt: skip
        _openssl(folder, "x509", "-req", "-in", f"{name}.csr", "-CA", "root.pem", "-CAkey", "root.key",
                 "-CAcreateserial", "-days", "3650", "-out", f"{name}.pem", "-extfile", "tsa.cnf",
                 "-extensions", section)  # fmt: skip


def _openssl(folder: Path, *arguments: str) -> None:
    done = subprocess.run(
        ["openssl", *arguments], cwd=folder, capture_output=True, text=True, check=False, timeout=SECONDS
    )
    assert done.returncode == 0, done.stderr
