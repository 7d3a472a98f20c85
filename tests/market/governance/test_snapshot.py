"""A snapshot of an older schema is restored by a newer version: put back as it was, then brought up to date."""

from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy import text

from market import db, migrations
from market.config import Settings
from market.governance import snapshot
from market.governance.archive import BackupError
from market.governance.backup import backup
from tests.conftest import postgres_server, settings_for
from tests.postgres import Urls

OLD = "0002"
ROW = (
    "INSERT INTO login_attempt (id, account, address, way, at)"
    " VALUES ('00000000000000000000000000000001', 'a', 'b', 'sign_in', '2026-11-22 11:00:00+00')"
)


@pytest.fixture
def old(empty_urls: Urls, tmp_path: Path) -> Settings:
    """Settings of a database at an older revision, with a row in it."""
    (tmp_path / "old").mkdir()
    settings = settings_for(empty_urls, tmp_path / "old")
    migrations.upgrade(settings, OLD)
    engine = db.engine_for(empty_urls.owner)
    with engine.begin() as connection:
        connection.execute(text(ROW))
    engine.dispose()
    return settings


def test_an_older_snapshot_comes_back_in_the_newest_schema(old: Settings, lane: str, tmp_path: Path) -> None:
    with pytest.raises(BackupError, match=f"stands at {OLD}"):
        backup(old, tmp_path / "backup.tar", keys=False)
    assert not (tmp_path / "backup.tar").exists()
    folder = tmp_path / "taken"
    (folder / snapshot.FOLDER).mkdir(parents=True)
    with snapshot.taken(old, tmp_path / "taken") as (_session, files):
        for name, path in files.items():
            path.rename(folder / name)
    if lane == "sqlite":
        url = f"sqlite:///{tmp_path / 'new.db'}"
        check(replace(old, database_url=url, database_owner_url=url), folder)
        return
    with postgres_server().database(migrated=False) as urls:
        check(replace(old, database_url=urls.app, database_owner_url=urls.owner), folder)


def check(settings: Settings, folder: Path) -> None:
    snapshot.require_empty(settings)
    snapshot.put(settings, folder, OLD)
    engine = db.engine_for(settings.database_owner_url or settings.database_url)
    with engine.connect() as connection:
        assert connection.scalar(text("SELECT version_num FROM alembic_version")) == migrations.head()
        assert connection.scalar(text("SELECT count(*) FROM login_attempt")) == 1
    engine.dispose()
    with pytest.raises(BackupError, match="holds something"):
        snapshot.require_empty(settings)
