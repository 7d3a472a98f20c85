import pytest
from flask import Flask


@pytest.fixture
def exchange(exchange: Flask) -> Flask:
    """The application without what lies above contracts or beside them."""
    for name in ("account.open", "contract.verified"):
        exchange.extensions["handlers"][name] = lambda **_payload: None
    return exchange
