"""Ten thousand payments in bad weather, and what the books say beside the platform's own list."""

import time
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from market import migrations
from market.actor import Role
from market.app import create_app
from tests import people
from tests.bench.table import Row
from tests.conftest import Clock, settings_for
from tests.market.payments import storm
from tests.market.payments.conftest import listening
from tests.postgres import Urls

PAYMENTS = 10_000


def weathered(folder: Path) -> Iterator[Row]:
    """Yield the seconds it takes on SQLite; an error where a payment did not end once, or the books differ."""
    home = folder / "storm"
    home.mkdir()
    url = f"sqlite:///{home / 'qilu.db'}"
    settings, clock = settings_for(Urls(app=url, owner=url), home), Clock()
    migrations.upgrade(settings)
    app = create_app(settings, clock=clock)
    with (
        app.app_context(),
        patch("market.payments.stripe.wire._pause", lambda *_: 0),
        redirect_stdout(StringIO()),
        listening(app, settings, home, clock) as money,
    ):
        provider, buyer = people.verified(Role.PROVIDER), people.verified(Role.BUYER)
        money.work()
        began = time.perf_counter()
        told = storm.weathered(money, provider, buyer, PAYMENTS)
        seconds = time.perf_counter() - began
    app.extensions["engine"].dispose()
    yield Row("payments, 20 % refused, 10 % lost, events 1 to 5 times", f"{seconds:.0f} s", told)
