"""The seeded exchange, one on each database, for all files of this folder and the one in it."""

import hashlib
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from contracts.document import Draft
from contracts.render import Rendered
from market.app import create_app
from market.contracting import requesting
from market.edge.ready import Readiness
from tests import trades
from tests.authorisation.databases import Cloned, File
from tests.authorisation.world import World
from tests.conftest import Client, Clock, postgres_server, settings_for
from tests.postgres import Urls
from tests.waiting import SECONDS


@pytest.fixture(
    scope="package",
    params=[
        pytest.param("sqlite", marks=pytest.mark.sqlite),
        pytest.param("postgresql", marks=pytest.mark.postgresql),
    ],
)
def world(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[World]:
    """Return the exchange; documents are not set in type."""
    home: Path = tmp_path_factory.mktemp("world")
    database = File(home) if request.param == "sqlite" else Cloned(postgres_server())
    app = create_app(settings_for(Urls(app=database.url, owner=""), home), clock=Clock())
    app.test_client_class = Client
    app.extensions["readiness"] = Readiness(app, patience=SECONDS)  # a busy machine is no failure
    trades.platform(app)
    try:
        with pytest.MonkeyPatch.context() as patch, app.app_context():
            patch.setattr(requesting, "render", one_page)
            yield World(app, database)
    finally:
        app.extensions["engine"].dispose()
        database.close()


def one_page(draft: Draft) -> Rendered:
    """Stand in for the typesetter with a document of one page."""
    page = b"<svg/>"
    record = json.dumps({"pages": [hashlib.sha256(page).hexdigest()]}).encode()
    return replace(trades.set_in_type(draft), pages=(page,), record=record)
