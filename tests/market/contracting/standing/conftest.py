import pytest
from flask import Flask

from market.contracting import requesting
from tests import trades


@pytest.fixture
def exchange(exchange: Flask, monkeypatch: pytest.MonkeyPatch) -> Flask:
    """The same with a typesetter's stand-in: tests/market/verify sets whole documents in type."""
    monkeypatch.setattr(requesting, "render", trades.set_in_type)
    return exchange
