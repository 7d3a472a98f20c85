"""What a child process that opens strangers' files may use."""

import ctypes
import re
import resource
import signal
import sys
from dataclasses import dataclass

MIB = 1024 * 1024
_LIBRARIES = 2048 * MIB
"""Address space beyond the memory: code, files mapped for reading, and what is reserved but never written."""
_GRACE = 5
"""Seconds of processor time between the signal that it is used up and the end."""
_STARVED = re.compile(
    r"memory allocation of |bad_alloc|MemoryError|[Oo]ut of memory|[Cc]annot allocate memory|malloc of size"
    r"|Resource temporarily unavailable|can't start new thread|thread creation failed|failed to map segment"
)


@dataclass(frozen=True)
class Limits:
    """Bounds of one inspection.

    Attributes:
        memory: what the child may reserve to write in, in bytes: its data, stacks and anonymous mappings. Its
            libraries and threads reserve about 300 MiB of it, most of which is never touched.
        cpu_seconds: processor time of the child.
        wall_seconds: time until the parent ends the child.
        scratch: largest file the child may write, in bytes; a column's cells take eight each.
        expanded: most bytes that what is packed may become; a cell of Parquet counts as eight.
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
            (resource.RLIMIT_DATA, self.memory),
            (resource.RLIMIT_AS, self.memory + _LIBRARIES),
            (resource.RLIMIT_FSIZE, self.scratch),
            (resource.RLIMIT_CORE, 0),
        ):
            resource.setrlimit(name, (value, value))
        # at the first the kernel says what it was; at the second it kills as it does for memory
        resource.setrlimit(resource.RLIMIT_CPU, (self.cpu_seconds, self.cpu_seconds + _GRACE))


def starved(said: str) -> bool:
    """Tell whether Rust, C++, Python or the loader says that memory, or the stack of a thread, was refused it."""
    return _STARVED.search(said) is not None


def _die_with_parent() -> None:
    """Let the kernel end this process with the one that started it, even if that one is killed (Linux)."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(1, signal.SIGKILL)  # PR_SET_PDEATHSIG of prctl(2)
