"""Where a copy of the exchange under test is put, and what runs on it."""

from collections.abc import Iterator

import pytest
from flask import Flask

from market.app import create_app
from market.config import Settings
from tests.conftest import Clock, postgres_server


@pytest.fixture
def elsewhere(lane: str) -> Iterator[dict[str, str]]:
    """Where a copy's database shall be: a fresh one on a server, else in the copy's own folder."""
    if lane == "sqlite":
        yield {}
        return
    with postgres_server().database(migrated=False) as urls:
        yield {"database_url": urls.app, "database_owner_url": urls.owner}


class Serving:
    """Puts applications on restored folders, with the clock of the first exchange.

    Args:
        clock: what time it is.
    """

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self.apps: list[Flask] = []

    def __call__(self, settings: Settings) -> Flask:
        app = create_app(settings, self._clock)
        self.apps.append(app)
        return app


@pytest.fixture
def serving(elsewhere: dict[str, str], clock: Clock) -> Iterator[Serving]:
    made = Serving(clock)
    yield made
    for app in made.apps:
        app.extensions["engine"].dispose()
