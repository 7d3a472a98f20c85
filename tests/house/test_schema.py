"""Migrations and models say the same, and what the database enforces survives every migration."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from contracts import negotiation
from contracts.models import Contract
from market import db, migrations
from market.config import Settings
from market.migrations import binding
from tests.conftest import settings_for
from tests.postgres import Urls

CHANGING = """
    acceptance access_grant account agreement appeal approval_rule asset asset_update certificate cleaning contract
    declaration
    chargeback dispute duty redress
    invoice tax_profile
    inspection
    invitation key listing member notice operation organisation request settlement standing_offer trade user
    reconciliation bank_account bank_line
""".split()
OF_ONE_STEP = """
    approval attestation bank_statement correction invoice_document posting receipt remark revision signature step_image
    version waiver
""".split()
OF_THE_LOG = """
    ledger_checkpoint ledger_contradiction ledger_cosignature ledger_entry ledger_leaf ledger_mark ledger_tile
    ledger_witnessed log_timestamp contract_timestamp step
""".split()
EVERY = [*CHANGING, *OF_ONE_STEP, *OF_THE_LOG]

ON_BOTH = {
    "no_delete": EVERY,
    "no_update": [*OF_ONE_STEP, *OF_THE_LOG, "vault"],
    "sealed_insert": [*CHANGING, *OF_ONE_STEP, "vault"],
    "sealed_update": CHANGING,
    "erased_only": ["vault"],
    "agreed": ["contract"],
    "needs_step": ["ledger_entry"],
    "next": ["ledger_leaf"],
}
ON_POSTGRESQL = {
    "no_truncate": [*EVERY, "vault"],
    "same_id": CHANGING,
    "own_step": [*CHANGING, *OF_ONE_STEP],
    "own_entry": ["vault"],
    "writer": ["ledger_entry"],
}
"""Every trigger as <table>_<what it refuses>, written out here again: a list held against itself proves nothing."""


@pytest.fixture
def fresh(empty_urls: Urls, tmp_path: Path) -> Settings:
    return settings_for(empty_urls, tmp_path)


@pytest.fixture
def engine(empty_urls: Urls) -> Iterator[Engine]:
    made = db.engine_for(empty_urls.owner)
    yield made
    made.dispose()


def frozen(dialect: str) -> set[tuple[str, str]]:
    """Return (trigger, table) of the triggers that there must be, and no other."""
    listed = ON_BOTH if dialect == "sqlite" else {**ON_BOTH, **ON_POSTGRESQL}
    return {(f"{table}_{suffix}", table) for suffix, tables in listed.items() for table in tables}


def triggers(engine: Engine) -> set[tuple[str, str]]:
    """Return (trigger, table) of everything the database enforces."""
    with engine.connect() as connection:
        return set(binding.existing(connection))


def tables(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(engine.dialect.get_table_names(connection))


def test_migrations_make_what_the_models_say(fresh: Settings, engine: Engine) -> None:
    migrations.upgrade(fresh)
    with engine.connect() as connection:
        assert migrations.differences(connection) == []
    assert migrations.current(engine) == migrations.head()


def test_down_and_up_again_leaves_every_trigger(fresh: Settings, engine: Engine) -> None:
    migrations.upgrade(fresh)
    first = triggers(engine)
    assert first == frozen(engine.dialect.name)
    migrations.downgrade(fresh, "base")
    assert tables(engine) <= {"alembic_version"}
    assert triggers(engine) == set()
    migrations.upgrade(fresh)
    assert triggers(engine) == first


def test_every_column_of_a_contract_is_agreed_or_goes_on() -> None:
    goes_on = {"id", "step_id", "state", "final_digest", "ending", "reason"}
    assert {column.name for column in Contract.__table__.columns} == {*binding.AGREED} | goes_on
    assert {state.value for state in negotiation.ON_THE_TABLE} == {*binding.ON_THE_TABLE}


def test_every_table_with_a_step_is_bound_to_it() -> None:
    declared = {
        table.name
        for metadata in migrations.metadata()
        for table in metadata.sorted_tables
        if "step_id" in table.c and table.name != "step_image"
    }
    assert declared == set(binding.STATEFUL)


@pytest.mark.parametrize("lane", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_every_function_of_a_trigger_says_where_it_looks(urls: Urls, lane: str) -> None:
    engine = db.engine_for(urls.owner)
    with engine.connect() as connection:
        settings = connection.scalars(text("SELECT proconfig FROM pg_proc WHERE prorettype = 'trigger'::regtype"
                                           " AND pronamespace = 'public'::regnamespace")).all()  # fmt: skip
        assert len(settings) == 11
        assert all(setting == ["search_path=public, pg_temp"] for setting in settings)
    engine.dispose()


@pytest.mark.parametrize("lane", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
def test_the_application_owns_nothing_and_cannot_truncate(urls: Urls, lane: str) -> None:
    engine = db.engine_for(urls.app)
    with engine.connect() as connection:
        owned = text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
        assert connection.scalar(owned) == 0
        may = text("SELECT has_table_privilege('step', 'TRUNCATE') OR has_table_privilege('step', 'DELETE')")
        assert connection.scalar(may) is False
    engine.dispose()
