"""What migrations make of rows and references; that they lose no trigger is a rule of the house, tested there."""

from pathlib import Path

import pytest
from sqlalchemy import inspect

from market import db, migrations
from market.config import SettingsError
from market.migrations import binding
from tests.conftest import settings_for
from tests.postgres import Urls


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
