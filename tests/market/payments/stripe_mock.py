"""Stripe's own stateless mock server: it holds every request against the official description of the API.

It is built by Go from the pinned release, or somebody else's is used where ``STRIPE_MOCK_URL`` points.
"""

import fcntl
import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests import machine
from tests.waiting import heard

RELEASE = "v0.197.0"
ADDRESS = "STRIPE_MOCK_URL"
CACHE = machine.CACHE / f"stripe-mock-{RELEASE}"
_LISTENING = "Listening for HTTP at address: "


@contextmanager
def server() -> Iterator[str]:
    """Yield the base address of a running mock server."""
    if address := os.environ.get(ADDRESS):
        yield address
        return
    command = [str(_program()), "-http-addr", "127.0.0.1:0", "-https-addr", "127.0.0.1:0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout is not None
        try:
            where = heard(process, process.stdout, _LISTENING)
            yield f"http://{where.removeprefix(_LISTENING).strip()}"
        finally:
            process.kill()


def _program() -> Path:
    """Return the built program, building it once for this machine."""
    program = CACHE / "stripe-mock"
    CACHE.mkdir(parents=True, exist_ok=True)
    with (CACHE / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not program.exists():
            go = shutil.which("go")
            assert go is not None, f"the stripe_mock lane needs Go or {ADDRESS}"
            machine.insist(lambda: _build(go))
    return program


def _build(go: str) -> None:
    subprocess.run(
        [go, "install", f"github.com/stripe/stripe-mock@{RELEASE}"],
        env={**os.environ, "GOBIN": str(CACHE), "GOFLAGS": "-modcacherw"},
        check=True,
        capture_output=True,
        timeout=900,
    )
