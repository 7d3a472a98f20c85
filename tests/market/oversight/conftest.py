"""One exchange for all tests of a file, on each database: what they look at is made by whole trades."""

from collections.abc import Iterator

import pytest
from flask import Flask

from tests import evidence
from tests.conftest import postgres_server, sqlite_urls


@pytest.fixture(
    scope="module",
    params=[
        pytest.param("sqlite", marks=pytest.mark.sqlite),
        pytest.param("postgresql", marks=pytest.mark.postgresql),
    ],
)
def running(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    """Return an exchange with a stand-in for payments."""
    home = tmp_path_factory.mktemp("exchange")
    if request.param == "sqlite":
        with evidence.exchange(sqlite_urls(home), home) as app:
            yield app
    else:
        with postgres_server().database() as urls, evidence.exchange(urls, home) as app:
            yield app
