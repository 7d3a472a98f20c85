"""The schema goes up and down on both databases, and the database holds every listed rule after it."""

from pathlib import Path

import pytest
from sqlalchemy import Engine, inspect

from market import db, migrations
from market.config import SettingsError
from market.migrations import binding
from tests.conftest import settings_for
from tests.postgres import Urls


def test_up_down_and_up_again(empty_urls: Urls, tmp_path: Path) -> None:
    settings = settings_for(empty_urls, tmp_path)
    engine = db.engine_for(empty_urls.owner)
    for _ in range(2):
        migrations.upgrade(settings)
        assert migrations.current(engine) == migrations.head()
        assert _triggers(engine) == binding.expected(engine.dialect.name)
        migrations.downgrade(settings, "base")
        assert set(inspect(engine).get_table_names()) <= {"alembic_version"}
        assert _triggers(engine) == []
    engine.dispose()


def test_models_and_database_match(urls: Urls) -> None:
    engine = db.engine_for(urls.owner)
    with engine.connect() as connection:
        assert migrations.differences(connection) == []
    engine.dispose()


def test_every_table_with_a_step_is_stateful(urls: Urls) -> None:
    engine = db.engine_for(urls.owner)
    inspector = inspect(engine)
    carrying = {
        table
        for table in inspector.get_table_names()
        if any(column["name"] == "step_id" for column in inspector.get_columns(table))
    }
    assert carrying - {"step_image"} == set(binding.STATEFUL)
    engine.dispose()


def test_every_stateful_row_is_bound_to_its_image(urls: Urls) -> None:
    engine = db.engine_for(urls.owner)
    for table in binding.STATEFUL:
        found = [
            key
            for key in inspect(engine).get_foreign_keys(table)
            if key["constrained_columns"] == ["step_id", "id"] and key["referred_table"] == "step_image"
        ]
        assert found, table
        assert found[0]["options"].get("initially") == "DEFERRED"
    engine.dispose()


def test_postgresql_migrates_as_the_owner_only(tmp_path: Path) -> None:
    settings = settings_for(Urls(app="postgresql://qilu_app@localhost/x", owner=""), tmp_path)
    with pytest.raises(SettingsError, match="DATABASE_OWNER_URL"):
        migrations.upgrade(settings)


def _triggers(engine: Engine) -> list[tuple[str, str]]:
    with engine.connect() as connection:
        return binding.existing(connection)
