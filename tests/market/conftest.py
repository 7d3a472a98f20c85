from collections.abc import Iterator

import pytest
from flask import Flask
from flask_babel import Babel

from market import db
from tests.conftest import Clock
from tests.postgres import Urls


@pytest.fixture
def bare(urls: Urls, clock: Clock) -> Iterator[Flask]:
    """An application with nothing but the two doors and a clock."""
    app = Flask("bare")
    app.extensions["clock"] = clock
    Babel(app)
    engine = db.open_database(app, urls.app)
    with app.app_context():
        yield app
    engine.dispose()
