"""What a raw client does behind the product's back is named by table, row and column."""

from collections.abc import Callable

import pytest
from flask import Flask
from sqlalchemy import Connection, text

from market import db, migrations, rules
from market.db import transaction
from market.migrations import binding
from market.steps import fsck
from tests.market.steps.rows import add_trade
from tests.postgres import Urls

RAW = {
    "UPDATE trade SET amount = 1": "column amount: the ledger has 19900, the row 1",
    "UPDATE settlement SET state = 'funded'": "column state",
    "DELETE FROM settlement": "is in the ledger and no longer in the database",
    "UPDATE step SET rules = 9": f"rules: is 9, the ledger has {rules.CURRENT}",
    "UPDATE vault SET value = replace(value, '19900', '1')": "opens to something else",
    "DELETE FROM vault WHERE field = 'trade'": "trade cannot be opened and was not erased",
}


def test_an_honest_database_is_clean(bare: Flask) -> None:
    with transaction() as session:
        add_trade(session)
    assert _findings() == []


@pytest.mark.parametrize(("statement", "named"), RAW.items())
def test_a_raw_change_is_named(bare: Flask, urls: Urls, statement: str, named: str) -> None:
    with transaction() as session:
        add_trade(session)
    _behind_the_back(urls, lambda connection: connection.execute(text(statement)))
    assert any(named in finding.what for finding in _findings()), _findings()


def _findings() -> list[fsck.Finding]:
    with db.read() as session:
        return list(fsck.check(session, migrations.metadata()))


def _behind_the_back(urls: Urls, act: Callable[[Connection], object]) -> None:
    """Do what no connection of the product can: drop the triggers first, as the owner."""
    engine = db.engine_for(urls.owner)
    with engine.connect() as connection:
        if connection.dialect.name == "sqlite":
            connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
        with connection.begin():
            binding.drop(connection)
            if connection.dialect.name == "postgresql":
                connection.execute(text("ALTER TABLE vault DROP CONSTRAINT bond_vault"))
            act(connection)
    engine.dispose()
