"""The schema's history: one line of revisions for all three rooms, run by ``qilu db`` alone.

Migrations run on a connection of their own: foreign keys off, the triggers of
:mod:`market.migrations.binding` dropped, the change, the triggers made anew, every foreign key
checked, one commit. On PostgreSQL the owner's role runs them and the application's role is granted
what each table needs and nothing more: SELECT and INSERT where rows never change.
"""

from pathlib import Path

from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, Engine, MetaData, inspect, make_url, text

import contracts.models
import ledger.models
from market import db
from market.config import Settings, SettingsError
from market.migrations import binding, rights, tables

HEAD = "head"


def upgrade(settings: Settings, revision: str = HEAD) -> None:
    """Bring the schema up to a revision.

    Args:
        settings: names the database; on PostgreSQL the owner's URL is needed too.
        revision: "head" or a revision id.

    Raises:
        SettingsError: ``DATABASE_OWNER_URL`` is missing on PostgreSQL.
    """
    _run(settings, "upgrade", revision)


def downgrade(settings: Settings, revision: str) -> None:
    """Take the schema back to a revision ("base" empties the database).

    Raises:
        SettingsError: ``DATABASE_OWNER_URL`` is missing on PostgreSQL.
    """
    _run(settings, "downgrade", revision)


def current(engine: Engine) -> str | None:
    """Return the revision that a database stands at; None when it is empty."""
    with engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision()


def head() -> str:
    """Return the newest revision of the source."""
    found = ScriptDirectory.from_config(_config()).get_current_head()
    if found is None:
        raise RuntimeError("there are no migrations")
    return found


def differences(connection: Connection) -> list[object]:
    """Return what the models and a database disagree about; empty when they match."""
    context = MigrationContext.configure(
        connection, opts={"compare_type": True, "include_object": tables.belongs_to_models}
    )
    return list(compare_metadata(context, tables.bound(metadata())))


def metadata() -> list[MetaData]:
    """Return the tables of all three rooms, as the models declare them."""
    tables.load_models()
    return [ledger.models.Base.metadata, contracts.models.Base.metadata, db.Base.metadata]


def _run(settings: Settings, direction: str, revision: str) -> None:
    url = settings.database_url
    if not settings.is_sqlite:
        url = settings.database_owner_url
        if not url:
            raise SettingsError(
                "missing setting: DATABASE_OWNER_URL; migrations run as the owner of the tables"
            )
    else:
        settings.home.mkdir(parents=True, exist_ok=True)
    engine = db.engine_for(url)
    try:
        with engine.connect() as connection:
            _foreign_keys(connection, on=False)
            with connection.begin():
                binding.drop(connection) if _has_tables(connection) else None
                _alembic(connection, direction, revision)
                if _has_tables(connection):
                    binding.create(connection)
                    _check_foreign_keys(connection)
                    _grant(connection, settings)
            _foreign_keys(connection, on=True)
    finally:
        engine.dispose()


def _alembic(connection: Connection, direction: str, revision: str) -> None:
    config = _config()
    config.attributes["connection"] = connection
    getattr(command, direction)(config, revision)


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent))
    return config


def _has_tables(connection: Connection) -> bool:
    return connection.dialect.has_table(connection, "step")


def _foreign_keys(connection: Connection, *, on: bool) -> None:
    """Switch SQLite's foreign keys, which it allows between transactions only."""
    if connection.dialect.name == "sqlite":
        cursor = connection.connection.cursor()
        cursor.execute(f"PRAGMA foreign_keys = {'ON' if on else 'OFF'}")
        cursor.close()


def _check_foreign_keys(connection: Connection) -> None:
    if connection.dialect.name != "sqlite":
        return
    broken = connection.execute(text("PRAGMA foreign_key_check")).all()
    if broken:
        raise RuntimeError(f"the migration left broken references: {broken[:5]}")


def _grant(connection: Connection, settings: Settings) -> None:
    """Give the application's role what each table needs; it owns nothing."""
    if connection.dialect.name != "postgresql":
        return
    role = make_url(settings.database_url).username
    quoted = connection.dialect.identifier_preparer.quote_identifier(role or "")
    for table in inspect(connection).get_table_names():
        granted = ", ".join(sorted(rights.needed(table)))
        connection.execute(text(f'REVOKE ALL ON "{table}" FROM {quoted}'))
        connection.execute(text(f'GRANT {granted} ON "{table}" TO {quoted}'))
    connection.execute(text(f"GRANT USAGE ON ALL SEQUENCES IN SCHEMA {binding.SCHEMA} TO {quoted}"))
