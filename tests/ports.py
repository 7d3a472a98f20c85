"""Ports for servers that are killed and come back: nobody else gets theirs while they are down.

The kernel hands out ports from 32768 upward to whoever asks for any; these lie below and are counted in the folder
that all workers of a run share. Another run on this machine begins to count elsewhere.
"""

import fcntl
import os
import random
from pathlib import Path
from typing import Final

from market.demo.home import is_free
from tests.conftest import RUN

LOWEST: Final = 12_000
HIGHEST: Final = 31_000


def one() -> int:
    """Return a port that nothing listens on."""
    return several(1)


def several(count: int) -> int:
    """Return the first of several ports in a row that nothing listens on."""
    with (Path(os.environ[RUN]) / "port").open("a+") as kept:
        fcntl.flock(kept, fcntl.LOCK_EX)
        kept.seek(0)
        first = int(kept.read() or random.SystemRandom().randrange(LOWEST, HIGHEST))
        while not all(map(is_free, range(first, first + count))):
            first += 1
        kept.truncate(0)
        kept.write(str(first + count if first + count < HIGHEST else LOWEST))
    return first
