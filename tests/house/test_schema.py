"""Migrations and models say the same, and what the database enforces survives every migration."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import Engine, text

from market import db, migrations
from market.config import Settings
from market.migrations import binding
from tests.conftest import settings_for
from tests.postgres import Urls


@pytest.fixture
def fresh(empty_urls: Urls, tmp_path: Path) -> Settings:
    return settings_for(empty_urls, tmp_path)


@pytest.fixture
def engine(empty_urls: Urls) -> Iterator[Engine]:
    made = db.engine_for(empty_urls.owner)
    yield made
    made.dispose()


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
    assert set(binding.expected(engine.dialect.name)) <= first
    migrations.downgrade(fresh, "base")
    assert tables(engine) <= {"alembic_version"}
    assert triggers(engine) == set()
    migrations.upgrade(fresh)
    assert triggers(engine) == first


def test_every_table_with_a_step_is_bound_to_it() -> None:
    declared = {
        table.name
        for metadata in migrations.metadata()
        for table in metadata.sorted_tables
        if "step_id" in table.c and table.name != "step_image"
    }
    assert declared == set(binding.STATEFUL)


def test_the_application_owns_nothing_and_cannot_truncate(urls: Urls) -> None:
    engine = db.engine_for(urls.app)
    try:
        if engine.dialect.name == "sqlite":
            return  # a file has no owner; the triggers stand alone there
        with engine.connect() as connection:
            owned = text("SELECT count(*) FROM pg_tables WHERE tableowner = current_user")
            assert connection.scalar(owned) == 0
            may = text(
                "SELECT has_table_privilege('step', 'TRUNCATE') OR has_table_privilege('step', 'DELETE')"
            )
            assert connection.scalar(may) is False
    finally:
        engine.dispose()
