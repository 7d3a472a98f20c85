"""The lane `foreign` runs where the strangers can be installed; elsewhere it is left out, and that is said.

In continuous integration a machine that carries the lane must have them: a bad network is no reason to test less.
"""

import fcntl
import os
from pathlib import Path

import pytest

from tests.conftest import CI, RUN, tell
from tests.foreign import strangers
from tests.ledger.conftest import log  # noqa: F401 - the fixture of a real log


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    mine = [item for item in items if item.get_closest_marker(strangers.LANE)]
    if not mine or not (lacking := _lacking()):
        return
    if CI or config.getoption("lane"):
        raise pytest.UsageError(f"the {strangers.LANE} lane cannot run: {lacking}")
    config.hook.pytest_deselected(items=mine)
    items[:] = [item for item in items if item not in mine]


def _lacking() -> str:
    """Return what is missing; all workers of a run must come to the same answer, so the first one gives it."""
    answer = Path(os.environ[RUN]) / "strangers"
    with answer.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not answer.exists():
            lacking = strangers.prepare()
            if lacking:
                tell(strangers.LANE, f"left out: {lacking}")
            answer.write_text(lacking)
    return answer.read_text()
