"""A full disk is said as such, nothing half stored stays, and work goes on when there is room again."""

import io
import uuid
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, select

from market import migrations, storage
from market.config import Settings
from market.db import engine, read
from market.participants.models import Invitation
from market.steps import fsck
from tests import assets, people
from tests.faults.boundaries import Files


def upload(exchange: Flask, headers: dict[str, str]) -> Any:
    form = {"title": "气象", "source": "our own instruments", "rights": ["hold"]}
    file = (io.BytesIO(assets.CONTENT), "weather.csv")
    keyed = {**headers, "Idempotency-Key": "one"}
    return exchange.test_client().post("/api/v1/assets", data={**form, "file": file}, headers=keyed)


def test_a_file_that_does_not_fit_leaves_nothing(
    exchange: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    headers = people.bearer(assets.provider())
    storage.current()
    files = Files(settings.home)
    files.install(monkeypatch)
    said = []
    for call in range(1, 100):
        files.watch(call, "fails")
        answer = upload(exchange, headers)
        files.rest()
        if not files.failed:
            break
        said.append(answer.json["code"])
        left = [path for path in Path(settings.home).rglob("incoming/*") if path.is_file()]
        assert left == []
        assert exchange.test_client().get("/api/v1/assets", headers=headers).json["items"] == []
    assert answer.status_code == 201
    assert "storage.full" in said


@pytest.mark.parametrize("lane", [pytest.param("sqlite", marks=pytest.mark.sqlite)], indirect=True)
def test_a_database_without_room_says_so_and_recovers(exchange: Flask) -> None:
    headers = people.bearer(assets.provider())
    pages = [1]  # SQLite takes less than there are for what there are
    event.listen(
        engine(), "checkout", lambda connection, *_: connection.execute(f"PRAGMA max_page_count = {pages[0]}")
    )
    engine().dispose()
    answer = ask(exchange, headers)
    for _filling in range(200):
        if answer.status_code != 201:
            break
        answer = ask(exchange, headers)
    assert (answer.status_code, answer.json["code"]) == (503, "storage.full")
    count = len(listed())
    pages[0] = 10**6
    assert ask(exchange, headers).status_code == 201
    assert len(listed()) == count + 1
    with read() as session:
        assert list(fsck.check(session, migrations.metadata())) == []


def ask(exchange: Flask, headers: dict[str, str]) -> Any:
    """Invite somebody: a step that needs a little room in the database and none elsewhere."""
    body = {"email": f"{uuid.uuid4().hex}@example.org", "roles": ["buyer"]}
    return exchange.test_client().post("/api/v1/members/invitations", json=body, headers=headers)


def listed() -> list[Any]:
    with read() as session:
        return list(session.scalars(select(Invitation.id)))
