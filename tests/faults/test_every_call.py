"""Every call of database, files and payment platform fails once, for every call of whole trades.

Each act of the trades is played from the moment before it, once for each of its calls over a boundary and each
way that call can fail. Whoever asks gets an answer that says so and asks again; jobs are done again. In
between, rows, ledger and books agree; in the end everything stands as if nothing had failed: the same entries,
postings, jobs and payments, none lost and none doubled.

By default a few calls are taken by chance, each act and boundary on one of the databases; ``QILU_FAULT_SEED``
repeats a run. CI takes every failure of every call on SQLite, and on PostgreSQL every commit in both ways, which is
where a state begins to last, and of the rest a sample: all of it there takes twice as long as on SQLite, mostly in
holding the rows against the ledger after each failure.
"""

import os
import random
from collections.abc import Iterator
from typing import Final

import pytest

from tests.conftest import CI, tell
from tests.faults import story
from tests.faults.boundaries import BOUNDARIES
from tests.faults.story import ACTS
from tests.faults.world import Moment, World

SEED = os.environ.get("QILU_FAULT_SEED") or str(random.SystemRandom().randrange(10**9))
ALL = 10**6
SAMPLE = {"sqlite": ALL, "postgresql": 8} if CI else {"sqlite": 1, "postgresql": 1}
"""Most failures of one act at one boundary that are tried; QILU_FAULTS=n takes n on both databases."""
WHOLE = {"commits"} if CI else set[str]()
"""Boundaries at which every failure is tried on both databases."""
CROSSED: Final = {
    "statements": set(ACTS),
    "commits": set(ACTS),
    "files": {
        "provider is verified", "file is uploaded", "contract is asked for", "provider signs", "buyer signs",
        "log is published", "file is fetched", "log is published again",
    },
    "wire": {
        "provider is verified", "pay page is opened", "open page is cancelled", "price is paid",
        "price is paid unheard", "paid trade is cancelled", "refund is ruled", "file is accepted",
    },
}  # fmt: skip
"""Which acts call over which boundary: a boundary that nobody crosses any more would let nothing fail."""
ALIKE = {"buyer applies", "buyer is verified", "buyer signs in"}
"""Acts of which another one says as much."""


class Stage:
    """A world with the moment before each act."""

    def __init__(self, world: World, lane: str) -> None:
        self.world = world
        self.lane = lane
        story.found(world)
        self._moments: dict[str, Moment] = {"": world.keep()}
        self.calls: dict[str, dict[str, int]] = {}
        self.tried = self.possible = 0

    def before(self, name: str) -> Moment:
        """Return the moment before an act; whatever leads there is played undisturbed."""
        return self._after(ACTS[name].after)

    def undisturbed(self, name: str) -> Moment:
        """Return the moment after an act, with its calls counted."""
        return self._after(name)

    def _after(self, name: str) -> Moment:
        if name not in self._moments:
            self.world.back(self._after(ACTS[name].after))
            for boundary in self.world.boundaries.values():
                boundary.watch()
            ACTS[name].play(self.world)
            self.calls[name] = {kind: one.calls for kind, one in self.world.boundaries.items()}
            for boundary in self.world.boundaries.values():
                boundary.rest()
            assert self.world.troubles == []
            self._moments[name] = self.world.keep()
            self.world.sound()
        return self._moments[name]


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("sqlite", marks=pytest.mark.sqlite),
        pytest.param("postgresql", marks=pytest.mark.postgresql),
    ],
)
def stage(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stage]:
    """The one stage that stands: boundaries are the process's, so two worlds would share them."""
    lane: str = request.param
    with pytest.MonkeyPatch.context() as patch:
        found = Stage(World(lane, tmp_path_factory.mktemp(lane), patch), lane)
        yield found
        found.world.end()
    tell("faults", f"{lane}: {found.tried} failures of {found.possible}; QILU_FAULT_SEED={SEED}")


@pytest.mark.parametrize("kind", BOUNDARIES)
@pytest.mark.parametrize("name", [name for name in ACTS if name not in ALIKE])
def test_each_call_may_fail(stage: Stage, name: str, kind: str) -> None:
    world, expected = stage.world, stage.undisturbed(name).after
    boundary, calls = world.boundaries[kind], stage.calls[name][kind]
    assert (calls > 0) == (name in CROSSED[kind])
    failures = [(at, way) for at in range(1, calls + 1) for way in boundary.ways]
    stage.possible += len(failures)
    for at, way in _chosen(stage.lane, name, kind, failures):
        world.back(stage.before(name))
        boundary.watch(at, way)
        ACTS[name].play(world)
        boundary.rest()
        stage.tried += 1
        where = f"{name}: call {at} of {kind} {way} ({world.troubles}), QILU_FAULT_SEED={SEED}"
        assert boundary.failed, where
        assert world.state() == expected, where
        world.whole()


def _chosen(lane: str, name: str, kind: str, failures: list[tuple[int, str]]) -> list[tuple[int, str]]:
    most = int(os.environ.get("QILU_FAULTS", ALL if kind in WHOLE else SAMPLE[lane]))
    chance = random.Random(f"{SEED} {lane} {name} {kind}")
    return sorted(chance.sample(failures, min(len(failures), most)))
