"""A process of ours that is killed at, or refused, one chosen call into the operating system.

Debian's strace attaches to the process before it begins and lets the kernel do the rest. Nothing of the product or of
SQLite is replaced.
"""

import os
import re
import select
import signal
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self

from tests import machine
from tests.waiting import SECONDS, until

CALLS: Final = (
    "pwrite64", "write", "fdatasync", "fsync", "rename", "renameat", "renameat2", "unlink", "ftruncate", "mkdir",
)  # fmt: skip
"""Whatever changes a file or its place, or waits until it is durable."""
KILLED: Final = "signal=SIGKILL"
REFUSED: Final = "error=EIO"
FULL: Final = "error=ENOSPC"

_LINE = re.compile(r"^(\w+)\(")


class Actor:
    """Records trades and publishes the log in a folder, watched by strace.

    Args:
        key: the log's signing key.
        writers: how many write a trade each, in one group.
    """

    def __init__(self, key: str, writers: int) -> None:
        self._strace = machine.ensure("strace", "strace", lane="strace")
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.faults.acting", key, str(writers)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=Path(__file__).parents[2],
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.communicate()

    def count(self, home: Path) -> Counter[str]:
        """Return how often the act makes each of the calls, undisturbed."""
        with tempfile.NamedTemporaryFile("r", prefix="qilu-strace-") as log:
            ended = self._run(home, ["-o", log.name, "-e", f"trace={','.join(CALLS)}"])
            assert ended == 0
            return Counter(found[1] for line in log if (found := _LINE.match(line)))

    def disturbed(self, home: Path, call: str, at: int, way: str) -> int:
        """Act in a child that fails at one call.

        Args:
            home: the folder.
            call: name of the call.
            at: which of them, from 1.
            way: `KILLED` just before it, `REFUSED` or `FULL`.

        Returns:
            The child's exit status: 0 when the act ended well, 1 when it failed, minus the signal that ended it.
        """
        return self._run(
            home, ["-o", os.devnull, "-e", f"trace={call}", "-e", f"inject={call}:{way}:when={at}"]
        )

    def _run(self, home: Path, tracing: list[str]) -> int:
        print(home, file=_pipe(self._process.stdin), flush=True)
        child = self._heard()
        until(lambda: "\nState:\tT" in _status(child), "a child that waits")
        with subprocess.Popen(
            [self._strace, "-qq", "-p", str(child), *tracing],
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        ) as tracer:
            try:
                return self._watched(child, tracer)
            except BaseException:
                os.kill(child, signal.SIGKILL)  # else strace would wait for its end, and we for strace's
                raise

    def _watched(self, child: int, tracer: subprocess.Popen[str]) -> int:
        """Let the child go on once strace has attached, and return how it ended."""
        until(lambda: tracer.poll() is not None or "\nTracerPid:\t0\n" not in _status(child), "strace")
        if tracer.poll() is not None:
            raise RuntimeError(f"strace cannot attach: {_pipe(tracer.stderr).read()}")
        os.kill(child, signal.SIGCONT)
        return self._heard()

    def _heard(self) -> int:
        """Return the next number that the actor says."""
        heard = _pipe(self._process.stdout)
        assert select.select([heard], [], [], SECONDS)[0], "the actor says nothing"
        return int(heard.readline())


def _status(child: int) -> str:
    return Path(f"/proc/{child}/status").read_text("ascii")


def _pipe(end: IO[str] | None) -> IO[str]:
    assert end is not None
    return end
