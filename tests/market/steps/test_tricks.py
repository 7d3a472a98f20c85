"""PostgreSQL: what the application's role could try against the triggers, were it granted more than it is."""

import uuid
from collections.abc import Iterator
from contextlib import contextmanager

import psycopg
import pytest
from flask import Flask
from sqlalchemy import make_url

from market import db
from market.db import transaction
from market.migrations import rights
from tests.conftest import postgres_server
from tests.market.steps.rows import add_person, add_trade
from tests.postgres import Urls

LANE = pytest.mark.parametrize("lane", [pytest.param("postgresql", marks=pytest.mark.postgresql)])
MINE = "00000000-0000-0000-0000-000000000001"
WRITER = "CAST(CAST(pg_current_xact_id() AS text) AS bigint)"
EMPTY_STEP = "TRUNCATE {schema}.step"

SHADOWS = {
    "a change": (EMPTY_STEP, "UPDATE settlement SET amount = amount + 1", "settlement: sealed"),
    "an image": (
        EMPTY_STEP,
        f"INSERT INTO step_image SELECT step_id, '{MINE}', 'trade', 'trade.9' FROM step_image LIMIT 1",
        "step_image: sealed",
    ),
    "an opening": (
        EMPTY_STEP,
        "INSERT INTO vault SELECT entry_id, 'trade.9', NULL, salt, value FROM vault LIMIT 1",
        "vault: sealed",
    ),
    "an entry": (
        f"UPDATE {{schema}}.step SET id = '{MINE}'",
        f"INSERT INTO public.ledger_entry (id, leaf, hash, writer) VALUES ('{MINE}', '', '', {WRITER})",
        "ledger_entry: an entry needs its step",
    ),
    "a place": (
        "INSERT INTO {schema}.ledger_leaf (idx) VALUES (6)",
        "INSERT INTO public.ledger_leaf (idx, entry_id, hash) SELECT 7, id, hash FROM public.ledger_entry",
        "ledger_leaf: the index",
    ),
    "an erasure": (
        "UPDATE {schema}.step SET kind = 'opening.erased';"
        "UPDATE {schema}.ledger_entry SET leaf = (SELECT convert_to(string_agg("
        """'["' || entry_id || '","' || field || '"]', ','), 'UTF8') FROM vault)""",
        "DELETE FROM vault WHERE subject IS NOT NULL",
        "vault: an opening goes only",
    ),
}
"""What is tried -> what its own tables of the same names would have to say, the statement, and who refuses it."""


@LANE
@pytest.mark.parametrize("schema", ["pg_temp", "mine"])
@pytest.mark.parametrize("trick", SHADOWS)
def test_tables_of_the_same_name_blind_no_trigger(
    bare: Flask, urls: Urls, lane: str, schema: str, trick: str
) -> None:
    with transaction() as session:
        add_trade(session)
        add_person(session)
    as_superuser(urls, 'GRANT TEMP, CREATE ON DATABASE "{database}" TO qilu_app')
    shadow, statement, refusal = SHADOWS[trick]
    with client(urls) as connection:
        if schema == "mine":
            connection.execute("CREATE SCHEMA mine")
            connection.execute("SET search_path = mine, public")
        for table in ("step", "ledger_entry", "ledger_leaf"):
            connection.execute(f"CREATE TABLE {schema}.{table} AS SELECT * FROM public.{table}")
        connection.execute(shadow.format(schema=schema))
        with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match=refusal):
            connection.execute(statement)


@LANE
@pytest.mark.parametrize("isolation", ["READ COMMITTED", "REPEATABLE READ"])
@pytest.mark.parametrize("table", ["settlement", "vault"])
def test_nobody_writes_under_a_step_that_is_not_seen_yet(
    bare: Flask, urls: Urls, lane: str, isolation: str, table: str
) -> None:
    with transaction() as session:
        _trade, settlement, _step = add_trade(session)

    def attack() -> None:
        if table == "vault":
            connection.execute("INSERT INTO vault VALUES (%s, 'trade.9', NULL, '', '')", [step.id])
        else:
            change = "UPDATE settlement SET amount = amount + 1, step_id = %s WHERE id = %s"
            listed = "INSERT INTO step_image VALUES (%s, %s, 'settlement', 'settlement.9')"
            for statement in (listed, change):
                connection.execute(statement, (step.id, settlement.id))

    with client(urls) as connection:
        connection.execute(f"SET TRANSACTION ISOLATION LEVEL {isolation}")
        connection.execute("SELECT 1 FROM step")
        with transaction() as session:
            _, _, step = add_trade(session)
            if isolation == "READ COMMITTED":  # the step is there, and not committed
                attack()
        if isolation == "REPEATABLE READ":  # it is committed after this snapshot
            attack()
        refusal = "another transaction" if isolation == "READ COMMITTED" else "bond_"
        with pytest.raises(psycopg.errors.IntegrityError, match=refusal):
            connection.commit()


@LANE
def test_an_entry_names_no_other_transaction_as_its_writer(bare: Flask, urls: Urls, lane: str) -> None:
    with transaction() as session:
        add_trade(session)
    as_superuser(urls, 'GRANT TEMP ON DATABASE "{database}" TO qilu_app')
    for writer in ("NULL", f"{WRITER} + 1"):
        with (
            client(urls) as connection,
            pytest.raises(
                psycopg.errors.IntegrityConstraintViolation, match="the transaction that writes it"
            ),
        ):
            connection.execute("CREATE TEMP TABLE copy AS SELECT * FROM step")
            connection.execute(f"UPDATE copy SET id = '{MINE}', seq = seq + 1")
            connection.execute("INSERT INTO step SELECT * FROM copy")
            connection.execute(
                f"INSERT INTO ledger_entry (id, leaf, hash, writer) VALUES ('{MINE}', '', '', {writer})"
            )


@LANE
@pytest.mark.parametrize(
    "statement",
    [
        "SET session_replication_role = replica",
        "SET LOCAL session_replication_role = 'local'",
        "ALTER TABLE settlement DISABLE TRIGGER ALL",
        "DROP TRIGGER settlement_no_delete ON settlement",
        "ALTER FUNCTION qilu_sealed_step() RESET search_path",
        "CREATE OR REPLACE FUNCTION qilu_frozen() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "CREATE FUNCTION public.equal(uuid, uuid) RETURNS bool LANGUAGE sql AS 'SELECT false'",
        "CREATE OPERATOR public.= (LEFTARG = uuid, RIGHTARG = uuid, FUNCTION = uuid_ne)",
        "CREATE FUNCTION pg_temp.mine() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN OLD; END'",
        "CREATE TRIGGER zz BEFORE UPDATE ON settlement FOR EACH ROW EXECUTE FUNCTION qilu_frozen()",
        "CREATE RULE mine AS ON DELETE TO settlement DO INSTEAD NOTHING",
        "CREATE TEMP TABLE step (id uuid)",
        "CREATE SCHEMA mine",
        "SET ROLE qilu_owner",
        "TRUNCATE settlement",
        "UPDATE alembic_version SET version_num = '0'",
    ],
)
def test_the_role_of_life_may_try_none_of_these(urls: Urls, lane: str, statement: str) -> None:
    with client(urls) as connection, pytest.raises(psycopg.errors.InsufficientPrivilege):
        connection.execute(statement)


@LANE
def test_constraints_asked_for_at_once_or_late_refuse_the_same(bare: Flask, urls: Urls, lane: str) -> None:
    with transaction() as session:
        add_trade(session)
    for when in ("IMMEDIATE", "DEFERRED"):
        with client(urls) as connection, pytest.raises(psycopg.errors.IntegrityError, match="settlement"):
            connection.execute(f"SET CONSTRAINTS ALL {when}")
            connection.execute(f"UPDATE settlement SET amount = amount + 1, step_id = '{MINE}'")
            connection.commit()


@LANE
@pytest.mark.parametrize(
    ("more", "said"),
    [
        ('GRANT TEMP ON DATABASE "{database}" TO qilu_app', "may TEMP in the database"),
        ('GRANT TEMP ON DATABASE "{database}" TO PUBLIC', "may TEMP in the database"),
        ('GRANT CREATE ON DATABASE "{database}" TO qilu_app', "may CREATE in the database"),
        ("GRANT CREATE ON SCHEMA public TO qilu_app", "may CREATE in the schema public"),
        ("CREATE SCHEMA other; GRANT CREATE ON SCHEMA other TO qilu_app", "may CREATE in the schema other"),
        ("GRANT TRIGGER ON settlement TO qilu_app", "may TRIGGER settlement"),
        ("GRANT DELETE ON settlement TO qilu_app", "may DELETE settlement"),
        ("GRANT TRUNCATE ON vault TO qilu_app", "may TRUNCATE vault"),
        ("GRANT UPDATE ON step TO PUBLIC", "may UPDATE step"),
        ("GRANT UPDATE (actor) ON step TO qilu_app", "may UPDATE step"),
        ("GRANT UPDATE ON alembic_version TO qilu_app", "may UPDATE alembic_version"),
        ("ALTER FUNCTION qilu_frozen() OWNER TO qilu_app", "owns qilu_frozen"),
        ("ALTER TABLE settlement OWNER TO qilu_app", "owns settlement"),
        ("ALTER SCHEMA public OWNER TO qilu_app", "owns public"),
        ('ALTER DATABASE "{database}" OWNER TO qilu_app', "owns t_"),
    ],
)
def test_every_right_too_many_is_named(urls: Urls, lane: str, more: str, said: str) -> None:
    assert excess(urls) == []
    as_superuser(urls, more)
    assert any(line.startswith(said) for line in excess(urls)), excess(urls)


@LANE
@pytest.mark.parametrize(
    ("more", "less", "said"),
    [
        ("ALTER ROLE {role} SUPERUSER", "", "is a superuser"),
        ("ALTER ROLE {role} CREATEROLE", "", "may make roles"),
        ("GRANT pg_write_all_data TO {role}", "", "is a member of pg_write_all_data"),
        ("GRANT qilu_owner TO {role}; ALTER ROLE {role} NOINHERIT", "", "is a member of qilu_owner"),
        (
            "GRANT SET ON PARAMETER session_replication_role TO {role}",
            "REVOKE SET ON PARAMETER session_replication_role FROM {role}",
            "may SET session_replication_role",
        ),
    ],
)
def test_every_power_of_the_role_itself_is_named(
    urls: Urls, lane: str, more: str, less: str, said: str
) -> None:
    role = f"role_{uuid.uuid4().hex}"  # roles belong to the server, which other tests share
    theirs = Urls(app=urls.app.replace("//qilu_app@", f"//{role}@"), owner=urls.owner)
    as_superuser(urls, f'CREATE ROLE {role} LOGIN; GRANT CONNECT ON DATABASE "{{database}}" TO {role}')
    try:
        assert excess(theirs) == []
        as_superuser(urls, more.format(role=role))
        assert said in excess(theirs)
    finally:
        as_superuser(urls, f"{less.format(role=role)}; DROP OWNED BY {role}; DROP ROLE {role}")


def excess(urls: Urls) -> list[str]:
    """Return what the application's role may do and must not."""
    engine = db.engine_for(urls.app)
    try:
        with engine.connect() as connection:
            return list(rights.excess(connection))
    finally:
        engine.dispose()


@contextmanager
def client(urls: Urls) -> Iterator[psycopg.Connection]:
    """Yield a raw connection as the application's role; what is not committed is rolled back."""
    url = make_url(urls.app)
    with psycopg.connect(f"host={url.query['host']} dbname={url.database} user={url.username}") as connection:
        yield connection
        connection.rollback()


def as_superuser(urls: Urls, statement: str) -> None:
    """Let the server's superuser run a statement; ``{database}`` in it is this test's."""
    with postgres_server().superuser(urls) as connection:
        connection.execute(statement.format(database=make_url(urls.app).database))
