"""Child processes of the demo: each in a group of its own, and none outlives the demo."""

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from types import TracebackType
from typing import Self

GRACE_SECONDS = 15
"""How long a child may take to finish what is in hand."""

LONGEST_SECONDS = 900
"""After which a command that should end by itself hangs."""

_PR_SET_PDEATHSIG = 1


class Processes:
    """Starts ``qilu`` commands and ends all of them when the block ends, however it ends.

    Args:
        environment: environment of every child.
        logs: folder for each child's output.
    """

    def __init__(self, environment: Mapping[str, str], logs: Path) -> None:
        self._environment = dict(environment)
        self._logs = logs
        self._running: list[tuple[str, subprocess.Popen[bytes]]] = []

    def __enter__(self) -> Self:
        """Begin."""
        self._logs.mkdir(parents=True, exist_ok=True)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """End every child, the last started first."""
        for _name, child in reversed(self._running):
            _end(child)

    def start(self, name: str, *arguments: str) -> None:
        """Start ``qilu <arguments>``; its output goes to ``<logs>/<name>.log``."""
        with (self._logs / f"{name}.log").open("ab") as log:
            child = subprocess.Popen(
                command(*arguments),
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,  # Ctrl-C reaches the demo alone, which then ends its children in order
                preexec_fn=die_with(os.getpid()),  # noqa: PLW1509 - started from the main thread, before any other
            )
        self._running.append((name, child))

    def run(self, name: str, *arguments: str, give: Mapping[str, str] | None = None) -> str:
        """Run ``qilu <arguments>`` to its end and return what it printed.

        Args:
            name: names the log file that keeps what it printed on failure.
            arguments: the command.
            give: further environment, for secrets that must not stand on a command line.

        Raises:
            ChildError: it failed, or hung; the message holds its last words.
        """
        try:
            done = subprocess.run(
                command(*arguments),
                env={**self._environment, **(give or {})},
                stdin=subprocess.DEVNULL,
                capture_output=True,
                text=True,
                check=False,
                timeout=LONGEST_SECONDS,
            )
        except subprocess.TimeoutExpired as error:
            raise ChildError(name, f"no end after {LONGEST_SECONDS} seconds") from error
        if done.returncode != 0:
            (self._logs / f"{name}.log").write_text(done.stdout + done.stderr, encoding="utf-8")
            raise ChildError(name, (done.stderr or done.stdout).strip()[-2000:])
        return done.stdout

    def check(self) -> None:
        """Notice a child that has ended by itself.

        Raises:
            ChildError: one has; the message holds its last words.
        """
        for name, child in self._running:
            if child.poll() is not None:
                log = (self._logs / f"{name}.log").read_text(encoding="utf-8", errors="replace")
                raise ChildError(name, log.strip()[-2000:])


class ChildError(Exception):
    """A child process of the demo failed.

    Args:
        name: which one.
        words: the end of what it printed.
    """

    def __init__(self, name: str, words: str) -> None:
        super().__init__(f"{name} ended:\n{words}")


def command(*arguments: str) -> list[str]:
    """Return the command line of ``qilu <arguments>`` in this interpreter."""
    return [sys.executable, "-m", "market.cli", *arguments]


def _end(child: subprocess.Popen[bytes]) -> None:
    """Ask a child to finish, then end its whole group."""
    if child.poll() is None:
        child.terminate()
        with suppress(subprocess.TimeoutExpired):
            child.wait(GRACE_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()


def die_with(parent: int) -> Callable[[], None] | None:
    """Return what makes a child end when its parent dies without a word (Linux; elsewhere nothing does)."""
    if sys.platform != "linux":
        return None
    prctl = ctypes.CDLL(
        None
    ).prctl  # found here: between fork and exec the loader's lock may be another thread's

    def prepare() -> None:
        prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
        if os.getppid() != parent:  # the parent died between fork and prctl
            os.kill(os.getpid(), signal.SIGTERM)

    return prepare
