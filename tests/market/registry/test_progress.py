"""How far measuring is, told and forgotten."""

import pytest
from flask import Flask
from sqlalchemy import func, select

from market import jobs
from market.actor import Role
from market.db import read
from market.registry import progress
from market.registry.models import Measuring, Revision
from tests import assets, people


def told(exchange: Flask, asset_id: object) -> int:
    with read() as session:
        revision = session.scalars(select(Revision).where(Revision.asset_id == asset_id)).one()
        return progress.done(session, revision.id)


def test_it_is_told_while_it_goes_and_gone_when_it_is_over(
    exchange: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(progress, "_EVERY", 0.0)
    provider = people.verified(Role.PROVIDER)
    asset = assets.drafted(provider)
    with read() as session:
        revision = session.scalars(select(Revision).where(Revision.asset_id == asset.id)).one()
    tell = progress.teller(revision.id)
    assert told(exchange, asset.id) == 0
    tell(120)
    tell(450)
    assert told(exchange, asset.id) == 450
    client = exchange.test_client()
    answer = client.get(f"/api/v1/assets/{asset.id}/inspection", headers=people.bearer(provider))
    assert (answer.json["state"], answer.json["done"]) == ("pending", 450)
    jobs.drain()
    with read() as session:
        assert session.scalar(select(func.count()).select_from(Measuring)) == 0


def test_what_comes_too_soon_is_left_out(exchange: Flask) -> None:
    asset = assets.drafted(people.verified(Role.PROVIDER))
    with read() as session:
        revision = session.scalars(select(Revision).where(Revision.asset_id == asset.id)).one()
    tell = progress.teller(revision.id)
    tell(10)
    assert told(exchange, asset.id) == 0
