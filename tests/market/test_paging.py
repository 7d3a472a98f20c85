"""Paging over rows that share their moments: nothing twice, nothing lost, nothing by a forged cursor."""

import base64
import itertools
import uuid
from datetime import UTC, datetime, timedelta
from random import Random

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import create_engine, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

from market import db
from market.errors import Invalid
from market.paging import page
from tests import assets, people

FIRST = datetime(2026, 11, 22, tzinfo=UTC)


class Base(DeclarativeBase):
    """Tables of this test alone."""

    type_annotation_map = db.Base.type_annotation_map


class Row(Base):
    __tablename__ = "row"

    id: Mapped[uuid.UUID] = mapped_column(primary_key=True)
    moment: Mapped[datetime]


def walked(session: Session, size: int, between: list[Row]) -> list[Row]:
    """Return what a reader sees who turns every page, while other rows come in between."""
    seen: list[Row] = []
    cursor = None
    while True:
        found = page(session, select(Row), Row.moment, Row.id, cursor, size)
        seen += found.items
        if between:
            session.add(between.pop())
            session.flush()
        if found.next is None:
            return seen
        cursor = found.next


@settings(deadline=None, max_examples=60)
@given(
    moments=st.lists(st.integers(0, 3), max_size=20),
    later=st.lists(st.integers(-3, 6), max_size=5),
    size=st.integers(1, 7),
    ids=st.randoms(use_true_random=False),
)
def test_a_walk_sees_each_row_once_in_order(
    moments: list[int], later: list[int], size: int, ids: Random
) -> None:
    count = itertools.count(1)

    def row(at: int) -> Row:
        number = ids.getrandbits(64) << 64 | next(count)
        return Row(id=uuid.UUID(int=number), moment=FIRST + timedelta(milliseconds=at))

    engine = create_engine("sqlite://")
    Base.metadata.create_all(engine)
    with Session(engine) as session:
        there = [row(at) for at in moments]
        session.add_all(there)
        session.flush()
        keys = [(one.moment, one.id) for one in walked(session, size, [row(at) for at in later])]
        expected = [(one.moment, one.id) for one in there]
    engine.dispose()
    assert keys == sorted(keys, reverse=True)
    assert len(set(keys)) == len(keys)
    assert set(expected) <= set(keys)


@pytest.mark.parametrize(
    "forged",
    [
        "x",
        "====",
        "A" * 63,
        "é",
        base64.urlsafe_b64encode(b"\xff" * 24).decode(),
        base64.urlsafe_b64encode(b"1" * 23).decode(),
    ],
)
def test_a_forged_cursor_is_refused(exchange: Flask, forged: str) -> None:
    with db.read() as session, pytest.raises(Invalid) as refusal:
        page(session, select(Row), Row.moment, Row.id, forged)
    assert refusal.value.code == "cursor.invalid"


def test_every_list_refuses_a_forged_cursor_by_the_same_code(exchange: Flask) -> None:
    client, operator = exchange.test_client(), people.bearer(people.operator())
    listing = ("listings", "assets", "contracts", "trades", "operations", "organisations", "tokens")
    for name in listing:
        answer = client.get(f"/api/v1/{name}?cursor=forged", headers=operator)
        assert (answer.status_code, answer.get_json()["code"]) == (422, "cursor.invalid"), name


def test_pages_of_a_list_stand_in_the_body(exchange: Flask) -> None:
    provider = assets.provider()
    made = [assets.drafted(provider, f"a,b\n1,{number}\n".encode()).id for number in range(22)]
    client, header = exchange.test_client(), people.bearer(provider)
    first = client.get("/api/v1/assets", headers=header).get_json()
    second = client.get("/api/v1/assets", query_string={"cursor": first["next"]}, headers=header).get_json()
    seen = [item["id"] for item in (*first["items"], *second["items"])]
    assert (len(first["items"]), second["next"]) == (20, None)
    assert sorted(seen) == sorted(map(str, made))
