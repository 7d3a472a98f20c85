"""One exchange per database and worker, furnished once; every test makes trades of its own in it."""

import shutil
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.conftest import postgres_server, sqlite_template
from tests.flows.hall import Hall
from tests.market.payments import stripe_spec
from tests.postgres import Urls


@pytest.fixture(scope="session")
def halls(tmp_path_factory: pytest.TempPathFactory, pytestconfig: pytest.Config) -> Iterator[dict[str, Hall]]:
    """The exchanges by database; made when first asked for, ended with the run."""
    with ExitStack() as stack:

        class Halls(dict[str, Hall]):
            def __missing__(self, lane: str) -> Hall:
                home = tmp_path_factory.mktemp(lane)
                hall = self[lane] = stack.enter_context(Hall(_urls(lane, home, stack), home))
                stack.callback(stripe_spec.hold, pytestconfig, hall.sandbox, ours=True)
                return hall

        yield Halls()


@pytest.fixture
def hall(lane: str, halls: dict[str, Hall]) -> Hall:
    """A furnished exchange on this test's database."""
    return halls[lane]


@pytest.fixture
def later(urls: Urls, tmp_path: Path, pytestconfig: pytest.Config) -> Iterator[Hall]:
    """An exchange of this test's own, whose clock may be moved (the payment platform's stays right)."""
    with Hall(urls, tmp_path) as own:
        yield own
    stripe_spec.hold(pytestconfig, own.sandbox, ours=True)


def _urls(lane: str, home: Path, stack: ExitStack) -> Urls:
    if lane == "postgresql":
        return stack.enter_context(postgres_server().database())
    shutil.copy(sqlite_template(), home / "qilu.db")
    url = f"sqlite:///{home / 'qilu.db'}"
    return Urls(app=url, owner=url)
