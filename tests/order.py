"""In which order tests run: what is long begins, and what shares a costly fixture stays together.

pytest-randomly has mixed the tests, and xdist gives each worker a stretch of the list, as many tests to each; a worker
that is done takes from the end of another one's stretch. So every stretch begins with its share of the long ones.
"""

import zlib
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Final

import pytest

LANES: Final = ("sqlite", "postgresql")
LONG: Final = {
    "tests/browser/test_pages.py": 600,
    "tests/browser/": 100,
    "tests/flows/test_dual.py": 50,
    "tests/flows/test_demo.py": 50,
    "tests/flows/test_kill.py": 30,
    "tests/flows/test_recovered.py": 40,
    "tests/flows/": 30,
    "tests/authorisation/": 45,
    "tests/openapi/test_fuzz.py": 500,
    "tests/faults/test_every_call.py": 15,
    "tests/faults/test_log.py": 10,
    "tests/foreign/": 10,
}
"""Where the long tests lie, and about how many seconds those on one database take in CI; the first that fits counts."""

EITHER: Final = (
    "tests/authorisation/test_matrix.py",
    "tests/authorisation/hostile/",
    "tests/faults/test_every_call.py",
    "tests/flows/test_bad_input.py",
    "tests/flows/test_pages.py",
    "tests/flows/test_trades.py",
    "tests/market/catalog/",
    "tests/market/contracting/",
    "tests/market/delivery/",
    "tests/market/governance/",
    "tests/market/home/",
    "tests/market/oversight/",
    "tests/market/participants/",
    "tests/market/payments/",
    "tests/market/registry/",
    "tests/market/trades/",
    "tests/market/witnessing/",
)
"""Many tests of much the same on both databases: about half of them run on each. In CI they take turns by commit."""


@dataclass
class _Stretch:
    """What one worker is given.

    Attributes:
        seconds: about how long its long tests take.
        items: its tests.
    """

    seconds: int = 0
    items: list[pytest.Item] = field(default_factory=list)


def ordered(items: Sequence[pytest.Item], workers: int) -> list[pytest.Item]:
    """Return the tests in the order in which so many workers end soonest."""
    units: defaultdict[tuple[str, str], list[pytest.Item]] = defaultdict(list)
    short: list[pytest.Item] = []
    for item in items:
        place = next((place for place in LONG if item.nodeid.startswith(place)), None)
        (units[place, _lane(item)] if place else short).append(item)
    stretches = [_Stretch() for _worker in range(workers)]
    for unit in sorted(units, key=lambda unit: (-LONG[unit[0]], unit)):
        least = min(stretches, key=lambda stretch: stretch.seconds)
        least.seconds += LONG[unit[0]]
        least.items += units[unit]
    return list(_filled(stretches, short))


def is_elsewhere(item: pytest.Item, commit: str | None) -> bool:
    """Tell whether a test that shall run on either database runs on the other one.

    Args:
        item: the test.
        commit: in CI what is tested, in hex: tests change their database with it. None elsewhere: the name alone
            decides, always alike.
    """
    if not item.nodeid.startswith(EITHER):
        return False
    lane = _lane(item)
    turn = int(commit or "0", 16)
    place = (zlib.crc32(item.nodeid.replace(lane, "either").encode()) + turn) % 2
    return lane in LANES and lane != LANES[place]


def _lane(item: pytest.Item) -> str:
    """Return the database of a test, empty where it has none: a costly fixture is made for one."""
    return next((mark.name for mark in item.iter_markers() if mark.name in LANES), "")


def _filled(stretches: list[_Stretch], short: list[pytest.Item]) -> Iterable[pytest.Item]:
    """Yield all stretches, each filled up with short tests to the length that xdist will cut off."""
    left = sum(len(stretch.items) for stretch in stretches) + len(short)
    for number, stretch in enumerate(stretches):
        length = left // (len(stretches) - number)
        filling = max(0, length - len(stretch.items))
        left -= len(stretch.items) + len(short[:filling])
        yield from stretch.items
        yield from short[:filling]
        short = short[filling:]
