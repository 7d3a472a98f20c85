"""Every guarded table refuses by its own trigger, whoever asks: on PostgreSQL the owner too, whom no right stops."""

import uuid
from collections.abc import Iterator
from contextlib import closing

import pytest
from sqlalchemy import Connection, Engine, Executable, insert, select, text, update
from sqlalchemy.exc import IntegrityError, ProgrammingError

from market import db
from market.migrations.binding import (
    APPEND_ONLY,
    MESSAGE_ERASED,
    MESSAGE_FROZEN,
    MESSAGE_SEALED,
    SEALED_BY,
    STATEFUL,
)
from tests.market.steps.filling import fill, guarded, sample
from tests.postgres import Urls

CHANGING = sorted({*STATEFUL} - {*APPEND_ONLY})
ON_POSTGRESQL = pytest.mark.parametrize("lane", [pytest.param("postgresql", marks=pytest.mark.postgresql)])


@pytest.fixture
def filled(urls: Urls) -> Urls:
    """A database with a row in every guarded table: a trigger that fires for rows has one to fire for."""
    fill(urls)
    return urls


@pytest.fixture
def owner(filled: Urls) -> Iterator[Connection]:
    """A connection of the role that may do everything but pass its own triggers."""
    yield from connected(filled.owner)


@pytest.fixture
def app(filled: Urls) -> Iterator[Connection]:
    """A connection of the application's role."""
    yield from connected(filled.app)


def connected(url: str) -> Iterator[Connection]:
    engine: Engine = db.engine_for(url)
    with closing(engine.connect()) as connection:
        yield connection
    engine.dispose()


def refused(connection: Connection, statement: Executable | str, message: str) -> None:
    """Demand that a trigger refuses a statement with these words, which name the table."""
    with pytest.raises(IntegrityError, match=message):
        connection.execute(text(statement) if isinstance(statement, str) else statement)
    connection.rollback()


def forbidden(connection: Connection, statement: str) -> None:
    """Demand that the role lacks the right to a statement, so that no trigger is even asked."""
    with pytest.raises(ProgrammingError, match="permission denied"):
        connection.execute(text(statement))
    connection.rollback()


def written_again(table: str) -> str:
    """Return an UPDATE that changes nothing and is one all the same."""
    column = list(guarded()[table].columns)[-1].name
    return f'UPDATE "{table}" SET "{column}" = "{column}"'


def test_every_guarded_table_has_a_row_to_try_it_on(owner: Connection) -> None:
    for name, table in guarded().items():
        assert len(owner.execute(select(table)).all()) == 1, name


def test_no_row_is_ever_removed(owner: Connection) -> None:
    for table in guarded():
        message = MESSAGE_ERASED if table == "vault" else MESSAGE_FROZEN
        refused(owner, f'DELETE FROM "{table}"', f"{table}: {message}")


@ON_POSTGRESQL
def test_no_table_is_ever_emptied(owner: Connection, lane: str) -> None:
    for table in guarded():
        refused(owner, f'TRUNCATE "{table}" CASCADE', f"{table}: {MESSAGE_FROZEN}")


def test_append_only_rows_never_change(owner: Connection) -> None:
    for table in APPEND_ONLY:
        refused(owner, written_again(table), f"{table}: {MESSAGE_FROZEN}")


def test_a_row_whose_step_is_written_never_changes(owner: Connection) -> None:
    for table in CHANGING:
        refused(owner, written_again(table), f"{table}: {MESSAGE_SEALED}")


def test_a_row_keeps_its_id_even_in_a_step_of_its_own(owner: Connection) -> None:
    for table in CHANGING:
        moved = update(guarded()[table]).values(id=uuid.uuid4(), step_id=uuid.uuid4())
        refused(owner, moved, f"{table}: ({MESSAGE_SEALED}|{MESSAGE_FROZEN})")


def test_nothing_is_added_to_a_written_step(owner: Connection) -> None:
    for table in sorted({*STATEFUL, *SEALED_BY}):
        own = {"id": uuid.uuid4()} if table in STATEFUL else {}
        more = insert(guarded()[table]).values(sample(guarded()[table], **own))
        refused(owner, more, f"{table}: {MESSAGE_SEALED}")


@ON_POSTGRESQL
def test_the_application_has_not_even_the_right(app: Connection, lane: str) -> None:
    for table in guarded():
        forbidden(app, f'TRUNCATE "{table}" CASCADE')
        if table != "vault":
            forbidden(app, f'DELETE FROM "{table}"')
        if table in APPEND_ONLY:
            forbidden(app, written_again(table))
