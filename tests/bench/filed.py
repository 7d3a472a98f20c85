"""What it costs to list and to search ten thousand contracts on file."""

import statistics
import time
import uuid
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

from sqlalchemy import create_engine, insert, text
from sqlalchemy.orm import Session

from contracts.identifiers import new_number
from contracts.models import Base as ContractsBase
from contracts.models import Contract
from contracts.negotiation import State
from market.actor import Actor, Role
from market.app import create_app  # noqa: F401  # brings every table
from market.contracting import reading
from market.contracting.models import Request
from market.db import Base
from tests.bench.table import Row

FILED = 10_000
ASKED = 50
"""Of each question."""
_BEGUN = datetime(2026, 1, 1, tzinfo=UTC)


def searching(folder: Path) -> Iterator[Row]:
    """Yield the middle time of each question of an auditor, who sees every contract; the baseline reads one row."""
    engine = create_engine(f"sqlite:///{folder / 'filed.sqlite'}")
    Base.metadata.create_all(engine)
    ContractsBase.metadata.create_all(engine)
    with Session(engine) as session:
        number = _file(session)
        session.commit()
        auditor = Actor(
            user_id=uuid.uuid4(), organisation_id=uuid.uuid4(), roles=frozenset({Role.AUDITOR}), via="page"
        )
        questions: tuple[tuple[str, Callable[[], object]], ...] = (
            (
                "one row by its number (baseline)",
                lambda: session.execute(text("SELECT 1 FROM request WHERE number = :n"), {"n": number}).one(),
            ),
            ("first page", lambda: reading.listed(session, auditor)),
            ("one state", lambda: reading.listed(session, auditor, state=State.TERMINATED)),
            ("a part of a title", lambda: reading.listed(session, auditor, words="天气 77")),
            ("a word that is nowhere", lambda: reading.listed(session, auditor, words="地震")),
            ("a number", lambda: reading.listed(session, auditor, words=number)),
        )
        baseline = 0.0
        for name, ask in questions:
            spent = _middle(session, ask)
            baseline = baseline or spent
            yield Row(
                f"{FILED:,} contracts: {name}",
                f"{spent * 1000:.1f} ms (goal 50)",
                f"{spent / baseline:.0f} x a row",
            )
    engine.dispose()


def _middle(session: Session, ask: Callable[[], object]) -> float:
    taken = []
    for _time in range(ASKED):
        session.expunge_all()
        begun = time.perf_counter()
        ask()
        taken.append(time.perf_counter() - begun)
    return statistics.median(taken)


def _file(session: Session) -> str:
    """Write the contracts of a hundred organisations and return the number of one."""
    parties = [uuid.uuid4() for _ in range(100)]
    requests, contracts = [], []
    for place in range(FILED):
        number, contract_id = new_number(), uuid.uuid4()
        provider, buyer = parties[place % 50], parties[50 + place % 49]
        at = _BEGUN + timedelta(minutes=place)
        requests.append(
            {
                "id": uuid.uuid4(), "step_id": uuid.uuid4(), "number": number, "handle": uuid.uuid4().hex[:26],
                "contract_id": contract_id, "listing_id": uuid.uuid4(), "provider_id": provider, "buyer_id": buyer,
                "title": f"逐日天气 {place}", "requested_at": at, "expires_at": at,
            }
        )  # fmt: skip
        contracts.append(
            {
                "id": contract_id, "step_id": uuid.uuid4(), "number": number, "version": 1,
                "model": "data-provision/1.0",
                "state": State.TERMINATED if place % 10 == 0 else State.FINALIZED, "provider_id": provider,
                "buyer_id": buyer, "asset_id": uuid.uuid4(), "terms": "{}" * 3000, "terms_digest": "0" * 64,
                "terms_sm3": "0" * 64, "template_digest": "0" * 64, "policy": "{}" * 3000, "policy_digest": "0" * 64,
                "document_digest": "0" * 64, "document_size": 400_000, "rendering": "{}",
            }
        )  # fmt: skip
    session.execute(insert(Request), requests)
    session.execute(insert(Contract), contracts)
    return str(requests[FILED // 2]["number"])
