"""How long a report takes: ten thousand orders, each paid and passed on, held against the platform over HTTP."""

import time
import uuid
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from market import migrations, steps
from market.actor import Actor
from market.app import create_app
from market.db import read, transaction
from market.payments import books
from market.payments.models import Operation, Posting, Reconciliation
from market.payments.reconciliation import service
from market.payments.states import OperationKind, OperationState
from market.sandbox import Sandbox
from market.sandbox.store import Store
from market.steps import Kind
from tests.bench.table import Row
from tests.conftest import migrate, settings_for
from tests.postgres import Server, Urls

ORDERS = 10_000
TOGETHER = 20
"""Orders written in one step, which a real exchange never does: here only the reading is measured."""
AMOUNT, FEE, PSP = 19_900, 597, 577
BEGAN = datetime(2026, 11, 1, tzinfo=UTC)


def reports(folder: Path) -> Iterator[Row]:
    """Yield the seconds of one report on SQLite and on PostgreSQL, and what it found."""
    (folder / "reconciling").mkdir()
    home = folder / "reconciling" / "sqlite"
    home.mkdir()
    url = f"sqlite:///{home / 'qilu.db'}"
    yield _report(Urls(app=url, owner=url), home, "SQLite")
    folder.chmod(0o755)  # the server's own user must reach its folder
    (folder / "reconciling" / "pg").mkdir()
    server = Server(folder / "reconciling" / "pg")
    server.start(migrate)
    try:
        with server.database() as urls:
            home = folder / "reconciling" / "postgresql"
            home.mkdir()
            yield _report(urls, home, "PostgreSQL")
    finally:
        server.stop()


def _report(urls: Urls, home: Path, name: str) -> Row:
    platform = Sandbox(0, home / "platform", "", "", clock=BEGAN.timestamp).start()
    settings = replace(settings_for(urls, home), stripe_api_base=platform.base)
    if name == "SQLite":
        migrations.upgrade(settings)
    app = create_app(settings)
    try:
        with app.app_context():
            orders = _ordered()
            with platform._store.transaction():
                _moved(platform._store, orders)
            with transaction() as session:
                day = timedelta(days=1)
                row = service.plan(session, Actor.system("bench"), BEGAN - day, BEGAN + 2 * day, {})
            began = time.perf_counter()
            service.on_make(str(row.id))
            seconds = time.perf_counter() - began
            with read() as session:
                made = session.get_one(Reconciliation, row.id)
            matched = service.summary_of(made)["outcomes"][0]["count"]
            app.extensions["engine"].dispose()
    finally:
        platform.stop()
    told = f"{matched:,} movements matched, {made.differences} differences"
    return Row(f"{ORDERS:,} orders reconciled, {name}", f"{seconds:.1f} s", told, "< 60 s, 0 differences")


def _ordered() -> list[tuple[str, str]]:
    """Write orders that were paid and passed on; return the platform's numbers of charge and transfer."""
    made = []
    for _turn in range(ORDERS // TOGETHER):
        with transaction() as session:
            step = steps.begin(Actor.system("bench"), Kind.TRANSFER_MADE, steps.new_handle())
            for _each in range(TOGETHER):
                charge, transfer = f"ch_{uuid.uuid4().hex}", f"tr_{uuid.uuid4().hex}"
                made.append((charge, transfer))
                paid = _operation(step, OperationKind.CHECKOUT, AMOUNT, charge=charge)
                passed = _operation(
                    step, OperationKind.TRANSFER, AMOUNT - FEE, stripe_id=transfer, source_id=paid.id
                )
                session.add(paid)
                session.flush()
                session.add(passed)
                session.flush()
                hold = books.hold_of(paid.number)
                for place, line in enumerate(
                    [(books.CLEARING, hold, AMOUNT), (books.PSP_FEES, books.CLEARING, PSP)]
                ):
                    session.add(_posting(step, paid, place, *line))
                owed = "provider_payable:bench"
                for place, line in enumerate(
                    [
                        (hold, owed, AMOUNT - FEE),
                        (hold, books.FEE_REVENUE, FEE),
                        (owed, books.CLEARING, AMOUNT - FEE),
                    ]
                ):
                    session.add(_posting(step, passed, place, *line))
            steps.record(session, step)
    return made


def _operation(step: steps.Pending, kind: OperationKind, amount: int, **values: Any) -> Operation:
    return Operation(
        id=uuid.uuid4(), step_id=step.id, kind=kind, handle=step.handle, number=uuid.uuid4().hex[:11].upper(),
        settlement_id=uuid.uuid4(), organisation_id=uuid.uuid4(), attempt=1, amount=amount, fee=0, currency="CNY",
        title="bench", rules=step.rules, state=OperationState.OK, planned_at=BEGAN, **values,
    )  # fmt: skip


def _posting(
    step: steps.Pending, operation: Operation, place: int, debit: str, credit: str, amount: int
) -> Posting:
    return Posting(
        step_id=step.id, operation_id=operation.id, number=operation.number, place=place, debit=debit, credit=credit,
        amount=amount, currency="CNY", booked_at=BEGAN,
    )  # fmt: skip


def _moved(store: Store, orders: list[tuple[str, str]]) -> None:
    """Write what the platform moved for the orders."""
    now = int(BEGAN.timestamp())
    for charge, transfer in orders:
        for source, kind, amount, fee in (
            (charge, "charge", AMOUNT, PSP),
            (transfer, "transfer", FEE - AMOUNT, 0),
        ):
            store.save(
                {
                    "id": f"txn_{uuid.uuid4().hex}", "object": "balance_transaction", "created": now, "amount": amount,
                    "fee": fee, "net": amount - fee, "currency": "cny", "source": source, "type": kind,
                }
            )  # fmt: skip
