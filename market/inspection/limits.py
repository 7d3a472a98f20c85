"""What a child process that opens strangers' files may use."""

import ctypes
import resource
import signal
import sys
from dataclasses import dataclass

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds of one inspection.

    Attributes:
        memory: address space of the child, in bytes (DuckDB does not start below 1 GiB).
        cpu_seconds: processor time of the child.
        wall_seconds: time until the parent ends the child.
        scratch: largest file the child may write, in bytes (transcoded copy, spilled tables).
        expanded: most bytes that compressed text may become.
        columns: most columns a table may have.
    """

    memory: int = 3072 * MIB
    cpu_seconds: int = 300
    wall_seconds: int = 300
    scratch: int = 8192 * MIB
    expanded: int = 16384 * MIB
    columns: int = 1000

    def apply(self) -> None:
        """Bind the calling process, for ever; called by the child before it opens anything."""
        _die_with_parent()
        for name, value in (
            (resource.RLIMIT_AS, self.memory),
            (resource.RLIMIT_CPU, self.cpu_seconds),
            (resource.RLIMIT_FSIZE, self.scratch),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(name, (value, value))


def _die_with_parent() -> None:
    """Let the kernel end this process with the one that started it, even if that one is killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG of prctl(2)
