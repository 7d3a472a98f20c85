"""Requests that share one commit share its failure: each is told to repeat, and repeated each is done once."""

import uuid
from functools import partial
from threading import Event
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select
from sqlalchemy.exc import OperationalError

from market import migrations
from market.db import engine, read, transaction
from market.participants.models import Invitation
from market.steps import fsck
from market.turn import Turn
from tests import people
from tests.faults.boundaries import Commits
from tests.waiting import SECONDS, side_by_side, until

KEYS = [uuid.uuid4().hex for _request in range(4)]


@pytest.mark.parametrize("lane", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True)
@pytest.mark.parametrize("way", Commits.ways)
def test_a_shared_failure_is_told_to_every_request(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch, way: str
) -> None:
    headers = people.bearer(people.operator())
    assert (
        exchange.test_client().get("/api/v1/assets", headers=headers).status_code == 200
    )  # marks the token as used
    queue = exchange.extensions["turn"] = Turn(SECONDS, longest=SECONDS)
    commits = Commits(engine())
    commits.install(monkeypatch)
    answers: dict[str, Any] = {}
    held = Event()

    def ask(key: str) -> None:
        assert held.wait(SECONDS)
        body = {"email": f"{key}@example.org", "roles": ["operator"]}
        keyed = {**headers, "Idempotency-Key": key}
        answers[key] = exchange.test_client().post("/api/v1/members/invitations", json=body, headers=keyed)

    def hold() -> None:
        with exchange.app_context(), pytest.raises(OperationalError), transaction():
            held.set()
            until(lambda: queue.waiting == len(KEYS), "every request in the queue")
            commits.watch(1, way)

    side_by_side([hold, *(partial(ask, key) for key in KEYS)])
    commits.rest()
    assert [answers[key].status_code for key in KEYS] == [503] * len(KEYS)
    assert {answers[key].headers["Retry-After"] for key in KEYS} == {"5"}
    assert {answers[key].json["code"] for key in KEYS} == {"server.unavailable"}
    assert invited() == (0 if way == "fails" else len(KEYS))
    for key in KEYS:
        ask(key)
    assert [answers[key].status_code for key in KEYS] == [201] * len(KEYS)
    assert invited() == len(KEYS)


def invited() -> int:
    """Return how many are invited, having held every row against the ledger."""
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []
        return len(session.scalars(select(Invitation.id)).all())
