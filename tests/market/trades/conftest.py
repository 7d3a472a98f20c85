"""An exchange whose payment platform answers at once, and whose documents are not set in type."""

import pytest
from flask import Flask
from flask.testing import FlaskClient

from market.contracting import requesting
from tests import trades


@pytest.fixture
def exchange(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The whole application; money moves as soon as it is planned."""
    trades.platform(exchange)
    monkeypatch.setattr(requesting, "render", trades.set_in_type)
    return exchange


@pytest.fixture
def client(exchange: Flask) -> FlaskClient:
    """Someone who asks it."""
    return exchange.test_client()
