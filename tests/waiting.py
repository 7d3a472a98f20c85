"""How long tests wait: longer than a busy machine ever needs, and never for ever."""

import subprocess
import threading
import time
from collections.abc import Callable, Iterable
from typing import Final

SECONDS: Final = 300
"""What has not come to its end by then hangs."""
TICK: Final = 0.005
"""Seconds between two looks."""


def until(holds: Callable[[], object], what: str = "what was waited for") -> None:
    """Look again and again until something holds; looks are counted, so time in which nobody ran is none."""
    for _look in range(int(SECONDS / TICK)):
        if holds():
            return
        time.sleep(TICK)
    raise AssertionError(f"{what} did not come")


def heard(process: subprocess.Popen[str], lines: Iterable[str], words: str) -> str:
    """Return the first line with these words that a process says; one that does not say them is killed."""
    watch = threading.Timer(SECONDS, process.kill)
    watch.start()
    line = next((line for line in lines if words in line), None)
    watch.cancel()
    assert line is not None, f"ended before it said {words!r}"
    return line


def joined(threads: Iterable[threading.Thread]) -> None:
    """Wait until all threads have ended."""
    for thread in threads:
        thread.join(SECONDS)
        assert not thread.is_alive(), f"{thread.name} does not end"


def side_by_side(acts: Iterable[Callable[[], object]]) -> None:
    """Do acts at once, each in a thread of its own, and wait for all of them."""
    threads = [threading.Thread(target=act, daemon=True) for act in acts]
    for thread in threads:
        thread.start()
    joined(threads)
