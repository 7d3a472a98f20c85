"""An exchange whose payment platform answers at once, and whose files are measured once."""

import pytest
from flask import Flask

from market.contracting import requesting
from market.registry import inspecting
from tests import assets, trades


@pytest.fixture
def exchange(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The whole application; money moves as soon as it is planned."""
    trades.platform(exchange)
    monkeypatch.setattr(inspecting, "inspect_file", assets.measure_once)
    monkeypatch.setattr(requesting, "render", trades.set_in_type)
    return exchange
