"""What was handed over is the union of all stretches, whatever their order, at a cost that does not grow."""

import itertools
import random
import uuid
from typing import Any

import pytest
from flask import Flask
from sqlalchemy import event, insert, select

from market import jobs
from market.db import engine, read, transaction
from market.delivery import covering
from market.delivery.models import Coverage
from market.delivery.ranges import Span
from market.errors import Conflict
from tests import assets, people, trades
from tests.deals import Deal

SIZE = len(assets.CONTENT)


def stretches(grant_id: uuid.UUID) -> list[Span]:
    with read() as session:
        query = select(Coverage.start, Coverage.stop).where(Coverage.grant_id == grant_id)
        return [Span(start, stop) for start, stop in session.execute(query.order_by(Coverage.start))]


def join(grant_id: uuid.UUID, start: int, stop: int) -> Span:
    with transaction() as session:
        return covering.join(session, grant_id, Span(start, stop))


@pytest.fixture
def deal(exchange: Flask) -> Deal:
    """Free data that may be fetched at once."""
    return trades.in_force(0)


def test_what_is_joined_is_the_union_in_the_fewest_stretches(deal: Deal) -> None:
    chance, grant_id, bytes_ = random.Random(7), trades.grant(deal).id, set[int]()
    for _turn in range(150):
        start = chance.randrange(200)
        stop = start + chance.randint(1, 12)
        whole = join(grant_id, start, stop)
        bytes_ |= set(range(start, stop))
        assert set(range(whole.start, whole.stop)) <= bytes_
        assert not bytes_ & {whole.start - 1, whole.stop}
        found = stretches(grant_id)
        assert {byte for span in found for byte in range(span.start, span.stop)} == bytes_
        assert all(one.stop < other.start for one, other in itertools.pairwise(found))


def test_a_stretch_touches_its_neighbours_alone(deal: Deal) -> None:
    grant_id = trades.grant(deal).id
    with transaction() as session:
        session.execute(
            insert(Coverage),
            [{"grant_id": grant_id, "start": place, "stop": place + 1} for place in range(0, 20_000, 2)],
        )
    deleted: list[int] = []

    def after(_connection: Any, cursor: Any, statement: str, _values: Any, _context: Any, many: bool) -> None:
        assert not many
        if statement.startswith("DELETE"):
            deleted.append(cursor.rowcount)

    event.listen(engine(), "after_cursor_execute", after)
    assert join(grant_id, 10_001, 10_002) == Span(10_000, 10_003)
    assert join(grant_id, 30_000, 30_001) == Span(30_000, 30_001)
    event.remove(engine(), "after_cursor_execute", after)
    assert deleted == [2, 0]


def test_a_file_is_not_picked_apart_without_end(
    exchange: Flask, deal: Deal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(covering, "MOST_PIECES", 3)
    client, mine = exchange.test_client(), people.bearer(deal.buyer)

    def get(**headers: str) -> Any:
        return client.get(
            f"/api/v1/trades/{deal.number}/delivery", headers={**mine, **headers}, buffered=True
        )

    for place in (2, 5, 8):
        assert get(Range=f"bytes={place}-{place}").status_code == 206
    refused = get(Range="bytes=11-11")
    assert (refused.status_code, refused.json["code"]) == (409, "delivery.too_many_pieces")
    assert get(Range="bytes=3-4").status_code == 206
    assert stretches(trades.grant(deal).id) == [Span(2, 6), Span(8, 9)]
    assert get(Range="bytes=11-11").status_code == 206
    assert get(Range="bytes=13-").status_code == 409
    assert get(Range="bytes=0-").data == assets.CONTENT
    jobs.drain()
    assert trades.kinds(deal).count("delivery.completed") == 1
    assert stretches(trades.grant(deal).id) == [Span(0, SIZE)]
    assert get().status_code == 200
    jobs.drain()
    assert trades.kinds(deal).count("delivery.completed") == 1


def test_the_refusal_reads_no_more_than_it_must(deal: Deal) -> None:
    grant_id = trades.grant(deal).id
    with transaction() as session:
        session.execute(
            insert(Coverage),
            [{"grant_id": grant_id, "start": place, "stop": place + 1} for place in range(0, 2_000, 2)],
        )
    with read() as session:
        covering.refuse_another_piece(session, grant_id, Span(1, 2))
        covering.refuse_another_piece(session, grant_id, Span(0, 9_000))
        with pytest.raises(Conflict):
            covering.refuse_another_piece(session, grant_id, Span(9_000, 9_001))
