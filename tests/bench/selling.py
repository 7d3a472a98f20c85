"""A listing that is sold once, and 64 buyers who sign at the same moment, 200 rounds on each database."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import redirect_stdout
from io import StringIO
from pathlib import Path
from unittest.mock import patch

from sqlalchemy import func, select

from market import jobs, migrations
from market.app import create_app
from market.contracting import requesting
from market.db import read
from market.payments.models import Operation
from market.steps import fsck
from market.trades.models import Trade
from tests import selling, trades
from tests.bench.table import Row
from tests.conftest import migrate, settings_for
from tests.postgres import Server, Urls

BUYERS, ROUNDS = 64, 200


def races(folder: Path) -> Iterator[Row]:
    """Yield what became of the rounds on SQLite and on PostgreSQL."""
    (folder / "selling").mkdir()
    home = folder / "selling" / "sqlite"
    home.mkdir()
    url = f"sqlite:///{home / 'qilu.db'}"
    yield _rounds(Urls(app=url, owner=url), home, "SQLite")
    folder.chmod(0o755)  # the server's own user must reach its folder
    (folder / "selling" / "pg").mkdir()
    server = Server(folder / "selling" / "pg")
    server.start(migrate)
    try:
        with server.database() as urls:
            home = folder / "selling" / "postgresql"
            home.mkdir()
            yield _rounds(urls, home, "PostgreSQL")
    finally:
        server.stop()


def _rounds(urls: Urls, home: Path, name: str) -> Row:
    settings = settings_for(urls, home)
    if name == "SQLite":
        migrations.upgrade(settings)
    app = create_app(settings)
    trades.platform(app)
    # The document is not the matter; everything from the request to the signature is the product's own.
    with (
        app.app_context(),
        patch.object(requesting, "render", trades.set_in_type),
        redirect_stdout(StringIO()),
    ):
        sale = selling.prepared(BUYERS)
        jobs.drain()
        told: Counter[str] = Counter()
        brought = {deal: selling.ready(deal) for deal in sale.racing}
        began = time.perf_counter()
        for turn in range(ROUNDS):
            how = trades.together(app, *(brought[deal] for deal in sale.racing))
            told.update(how)
            won = selling.winner(sale.racing, how)
            if turn + 1 < ROUNDS:
                selling.begun_and_called_off(won)
                selling.again(sale, won)
                brought |= {deal: selling.ready(deal) for deal in sale.racing if deal not in brought}
        jobs.drain()
        seconds = time.perf_counter() - began
        with read() as session:
            begun = session.scalar(select(func.count()).select_from(Trade))
            asked = session.scalar(select(func.count()).select_from(Operation))
            faults = list(fsck.check(session, migrations.metadata()))
        app.extensions["engine"].dispose()
    if (begun, told["done"], told["listing.sold"]) != (ROUNDS, ROUNDS, ROUNDS * (BUYERS - 1)) or faults:
        raise AssertionError((begun, told, faults))
    said = f"{told['done']} signed, {told['listing.sold']} refused as sold, {asked} payments asked of them"
    return Row(f"{ROUNDS} rounds of {BUYERS} buyers, {name}", f"{seconds:.0f} s", said, "one winner a round")
