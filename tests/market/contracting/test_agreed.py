"""What was agreed stays: the database itself refuses to change it, by its own trigger, whoever asks.

That versions and comments never change at all stands in tests/market/steps/test_triggers.py.
"""

import uuid
from collections.abc import Iterator

import pytest
from flask import Flask
from sqlalchemy import Engine, text
from sqlalchemy.exc import IntegrityError

from contracts.negotiation import State
from market import db
from market.migrations.binding import AGREED, MESSAGE_AGREED
from market.trades import opening
from tests import deals
from tests.deals import Deal
from tests.postgres import Urls

OTHER = {
    "version": "9",
    "document_size": "9",
    **dict.fromkeys(("provider_id", "buyer_id", "asset_id"), "step_id"),
}
"""Another value for columns that hold no text, as SQL."""


@pytest.fixture(params=["owner", "app"])
def engine(request: pytest.FixtureRequest, exchange: Flask, urls: Urls) -> Iterator[Engine]:
    made = db.engine_for(getattr(urls, request.param))
    yield made
    made.dispose()


def changed(engine: Engine, deal: Deal, column: str, value: str) -> None:
    """Change a contract as within a step that is not written yet, and take it back; a trigger may refuse before."""
    setting = f"UPDATE contract SET {column} = {value}, step_id = :step WHERE number = :number"
    step = uuid.uuid4()
    values = {"step": step.hex if engine.dialect.name == "sqlite" else step, "number": deal.number}
    with engine.connect() as connection:
        try:
            assert connection.execute(text(setting), values).rowcount == 1
        finally:
            connection.rollback()


def refused(engine: Engine, deal: Deal) -> None:
    for column in AGREED:
        with pytest.raises(IntegrityError, match=f"contract: {MESSAGE_AGREED}"):
            changed(engine, deal, column, OTHER.get(column, "'other'"))


def test_what_a_contract_says_changes_only_while_it_is_on_the_table(engine: Engine) -> None:
    deal = deals.requested()
    changed(engine, deal, "terms", "'other'")
    deals.offer(deal.provider, deal.number, {"term.days": 90})
    changed(engine, deal, "terms", "'other'")
    deals.accept(deal.buyer, deal.number)
    refused(engine, deal)
    deals.sign(deal.provider, deal.number)
    refused(engine, deal)
    changed(engine, deal, "reason", "'other'")
    deals.sign(deal.buyer, deal.number)
    opening.on_verified(str(deals.of(deal.number).id))
    assert deals.of(deal.number).state is State.FINALIZED
    refused(engine, deal)
    with pytest.raises(IntegrityError, match=f"contract: {MESSAGE_AGREED}"):
        changed(engine, deal, "final_digest", "NULL")
