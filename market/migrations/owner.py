"""What the owner of the tables does beside migrating: fill an empty database, make databases and drop them.

Neither is a step, and neither can be: a backup brings its entries along, and a database is made outside every
transaction. So neither goes through the doors of :mod:`market.db`, which the application's role opens.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Connection

from market import db
from market.config import Settings
from market.migrations import binding


@contextmanager
def filling(settings: Settings) -> Iterator[Connection]:
    """Lend a connection that fills an empty PostgreSQL database; it commits when the block ends well.

    The triggers are aside meanwhile, as in a migration; foreign keys stay.

    Args:
        settings: name the owner's address.
    """
    engine = db.engine_for(settings.database_owner_url)
    try:
        with engine.connect() as connection, connection.begin():
            binding.drop(connection)
            yield connection
            binding.create(connection)
    finally:
        engine.dispose()


@contextmanager
def outside_transactions(settings: Settings) -> Iterator[Connection]:
    """Lend a connection whose statements are each done at once, as making a database must be.

    Args:
        settings: name the owner's address.
    """
    engine = db.engine_for(settings.database_owner_url).execution_options(isolation_level="AUTOCOMMIT")
    try:
        with engine.connect() as connection:
            yield connection
    finally:
        engine.dispose()
