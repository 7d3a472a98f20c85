import pytest
from flask import Flask

from market.registry import inspecting
from tests import assets


@pytest.fixture(autouse=True)
def _quick(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out what these tests are not about: the payment platform, and measuring the same bytes again."""
    monkeypatch.setattr(inspecting, "inspect_file", assets.measure_once)
    if "exchange" in request.fixturenames:
        exchange: Flask = request.getfixturevalue("exchange")
        exchange.extensions["handlers"]["organisation.verified"] = lambda **_payload: None
