"""Mostly the same data a second time: refused by name where the earlier asset is public, else the reviewer's to see."""

import io
import random
import uuid
from collections.abc import Callable
from functools import partial

import polars as pl
import pytest
from flask import Flask
from sqlalchemy import func, select

from market import jobs
from market.actor import Actor, Role
from market.db import read, transaction
from market.errors import Conflict
from market.inspection.formats import CSV, PARQUET
from market.registry import likeness, service
from market.registry.models import Asset, Fingerprint, FingerprintMark
from market.steps import Step, StepImage, Vault
from tests import assets, browsing, people, samples, trades
from tests.samples import Table

ROWS = 2500


def csv(table: Table) -> bytes:
    return pl.DataFrame(dict(table)).write_csv().encode()


def parquet(table: Table) -> bytes:
    written = io.BytesIO()
    pl.DataFrame(dict(table)).write_parquet(written)
    return written.getvalue()


WHOLE = samples.made(ROWS, seed=1)
_ORDER = random.Random(2).sample(range(ROWS), ROWS)
ANEW: dict[str, Callable[[], bytes]] = {
    "one row more": lambda: csv(samples.joined(WHOLE, samples.made(1, seed=3))),
    "some columns": lambda: csv({name: WHOLE[name] for name in ("paid", "device", "mark", "city", "remark")}),
    "a twentieth": lambda: csv(samples.taken(WHOLE, _ORDER[: ROWS // 20])),
}
"""What is mostly the same as :data:`WHOLE`, though not the same table."""


def submit(provider: Actor, content: bytes, media_type: str = CSV) -> Asset:
    asset = assets.drafted(provider, content, media_type=media_type)
    jobs.drain()
    with transaction() as session:
        service.submit(session, provider, asset.id)
    return asset


@pytest.fixture
def earlier(exchange: Flask) -> Asset:
    return assets.registered(assets.provider(), csv(WHOLE))


def test_the_same_table_shuffled_renamed_and_in_another_format_is_refused(earlier: Asset) -> None:
    moved = {f"c{name}": cells for name, cells in reversed(samples.taken(WHOLE, _ORDER).items())}
    with pytest.raises(Conflict) as refused:
        submit(assets.provider(), parquet(moved), PARQUET)
    assert refused.value.extra == {"rule": "R2.5", "earlier": earlier.number}


@pytest.mark.parametrize("made", ANEW)
def test_mostly_the_same_data_are_refused_with_what_was_measured(earlier: Asset, made: str) -> None:
    with pytest.raises(Conflict) as refused:
        submit(assets.provider(), ANEW[made]())
    assert (refused.value.code, refused.value.extra["rule"]) == ("asset.duplicate", "R2.5")
    assert refused.value.extra["earlier"] == earlier.number
    assert any(int(str(refused.value.extra[way])) >= 95 for way in ("contained", "contains"))


def test_of_half_new_rows_the_reviewer_is_shown_how_much(exchange: Flask, earlier: Asset) -> None:
    provider, chief = assets.provider(), people.operator()
    half = samples.joined(samples.taken(WHOLE, range(ROWS // 2)), samples.made(ROWS // 2, seed=4))
    asset = submit(provider, csv(half))
    for viewer in (chief, provider):
        (seen,) = assets.detail(viewer, asset.id).alike
        assert seen.asset.id == earlier.id
        assert 40 <= seen.contained <= 60
    client, headers = exchange.test_client(), people.bearer(chief)
    told = client.get(f"/api/v1/assets/{asset.id}/inspection", headers=headers).json
    assert told is not None
    (other,) = told["alike"]
    assert (other["id"], other["number"]) == (str(earlier.id), earlier.number)
    assert (other["contained"], other["contains"]) == (seen.contained, seen.contains)


def test_unrelated_data_of_the_same_schema_are_like_nothing(earlier: Asset) -> None:
    asset = submit(assets.provider(), csv(samples.made(ROWS, seed=5)))
    assert assets.detail(people.operator(), asset.id).alike == []


def test_what_is_like_an_unpublished_asset_goes_to_the_reviewer_unnamed(exchange: Flask) -> None:
    first = submit(assets.provider(), csv(WHOLE))
    other = assets.provider()
    second = submit(other, ANEW["one row more"]())
    chief = people.operator()
    (seen,) = assets.detail(chief, second.id).alike
    assert seen.asset.id == first.id
    assert seen.contained >= 95
    for blind in (other, people.colleague(chief, Role.AUDITOR)):
        assert assets.detail(blind, second.id).alike == []
    address = f"/api/v1/assets/{second.id}/inspection"
    told = exchange.test_client().get(address, headers=people.bearer(other)).json
    assert told is not None
    assert told["alike"] == []
    assert f"/assets/{first.id}" in page(exchange, chief, second.id)
    assert str(first.id) not in page(exchange, other, second.id)


def approve(chief: Actor, asset: Asset) -> Step:
    with transaction() as session:
        return service.review(session, chief, asset.id, approve=True, reason="plausible")


@pytest.mark.parametrize("late", [0, 1])
def test_of_two_that_waited_with_mostly_the_same_data_one_is_approved(exchange: Flask, late: int) -> None:
    pair = [submit(assets.provider(), content) for content in (csv(WHOLE), ANEW["a twentieth"]())]
    chief = people.operator()
    for place in range(likeness.CANDIDATES):  # those that wait as well hide the approved one from nobody
        submit(assets.provider(), csv(samples.joined(WHOLE, samples.made(1, seed=10 + place))))
    approve(chief, pair[1 - late])
    with pytest.raises(Conflict) as refused:
        approve(chief, pair[late])
    assert (refused.value.code, refused.value.extra["rule"]) == ("asset.duplicate", "R2.5")
    assert refused.value.extra["earlier"] == str(pair[1 - late].id)
    assert int(str(refused.value.extra["contains" if late == 0 else "contained"])) >= 95
    with transaction() as session:
        service.review(session, chief, pair[late].id, approve=False, reason="mostly registered already")


def test_of_half_new_rows_both_are_approved(exchange: Flask) -> None:
    half = samples.joined(samples.taken(WHOLE, range(ROWS // 2)), samples.made(ROWS // 2, seed=4))
    chief = people.operator()
    for asset in [submit(assets.provider(), csv(table)) for table in (WHOLE, half)]:
        approve(chief, asset)


def test_two_reviewers_at_once_approve_one_of_two(exchange: Flask) -> None:
    pair = [submit(assets.provider(), content) for content in (csv(WHOLE), ANEW["one row more"]())]
    chief = people.operator()
    desk = [chief, people.colleague(chief, Role.REVIEWER)]
    results = trades.together(exchange, *(partial(approve, desk[n], pair[n]) for n in (0, 1)))
    assert sorted(results) == ["asset.duplicate", "done"]


def test_ones_own_unpublished_asset_is_named(exchange: Flask) -> None:
    provider = assets.provider()
    first = submit(provider, csv(WHOLE))
    with pytest.raises(Conflict) as refused:
        submit(provider, ANEW["one row more"]())
    assert refused.value.extra["earlier"] == str(first.id)


def test_after_a_rejection_the_data_are_like_nothing(exchange: Flask) -> None:
    first, chief = submit(assets.provider(), csv(WHOLE)), people.operator()
    with transaction() as session:
        service.review(session, chief, first.id, approve=False, reason="the source is not stated")
    second = submit(assets.provider(), ANEW["one row more"]())
    assert assets.detail(chief, second.id).alike == []


def test_a_fingerprint_stands_in_no_step(earlier: Asset) -> None:
    with read() as session:
        marks = session.scalars(select(FingerprintMark.value)).all()
        assert 100 < len(marks) < 300
        assert session.scalar(select(func.count()).select_from(Fingerprint)) == 1
        stored = " ".join(row.value for row in session.scalars(select(Vault)))
        tables = set(session.scalars(select(StepImage.table)))
    assert not any(str(value) in stored for value in marks)
    assert "revision" in tables
    assert not {name for name in tables if name.startswith("fingerprint")}


def page(exchange: Flask, actor: Actor, asset_id: uuid.UUID) -> str:
    return browsing.signed_in(exchange, actor).get(f"/assets/{asset_id}").text
