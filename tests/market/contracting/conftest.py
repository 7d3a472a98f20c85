import pytest
from flask import Flask

from market.registry import inspecting
from tests import assets


@pytest.fixture
def exchange(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The application without what lies above contracts or beside them; equal bytes are measured once a run."""
    monkeypatch.setattr(inspecting, "inspect_file", assets.measure_once)
    for name in ("account.open", "contract.verified"):
        exchange.extensions["handlers"][name] = lambda **_payload: None
    return exchange
