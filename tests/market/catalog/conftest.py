import pytest
from flask import Flask


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest) -> None:
    """Leave out what these tests are not about: the payment platform."""
    if "exchange" in request.fixturenames:
        exchange: Flask = request.getfixturevalue("exchange")
        exchange.extensions["handlers"]["organisation.verified"] = lambda **_payload: None
