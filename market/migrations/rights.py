"""What the application's role on PostgreSQL may do, and whether it may do more: then the triggers protect nothing."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from market.migrations import binding

SUPER = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
POWERS = text(
    "SELECT 'may make roles' FROM pg_roles WHERE rolname = current_user AND rolcreaterole"
    " UNION ALL SELECT 'is a member of ' || rolname FROM pg_roles"
    " WHERE rolname <> current_user AND pg_has_role(current_user, oid, 'MEMBER')"
    " UNION ALL SELECT 'may ' || wanted || ' in the database' FROM unnest(ARRAY['CREATE', 'TEMP']) AS wanted"
    " WHERE has_database_privilege(current_user, current_database(), wanted)"
    " UNION ALL SELECT 'may CREATE in the schema ' || nspname FROM pg_namespace"
    " WHERE has_schema_privilege(current_user, oid, 'CREATE')"
)
SILENCING = text(
    "SELECT 'may SET session_replication_role'"
    " WHERE has_parameter_privilege(current_user, 'session_replication_role', 'SET')"
)
"""With that parameter no trigger fires; PostgreSQL 15 and later let others than superusers have it."""
PARAMETERS_HAVE_RIGHTS = (15,)

OWNED = text(
    "SELECT name FROM ("
    " SELECT datname, datdba FROM pg_database WHERE datname = current_database()"
    " UNION ALL SELECT nspname, nspowner FROM pg_namespace"
    " UNION ALL SELECT relname, relowner FROM pg_class WHERE relnamespace = CAST(:schema AS regnamespace)"
    " AND relkind IN ('r', 'p', 'v', 'm', 'f', 'S')"
    " UNION ALL SELECT proname, proowner FROM pg_proc WHERE pronamespace = CAST(:schema AS regnamespace)"
    ") AS thing (name, owner) WHERE owner = CAST(CAST(current_user AS regrole) AS oid) ORDER BY name"
)
HELD = text(
    "SELECT relname, held FROM pg_class CROSS JOIN unnest(ARRAY["
    "'SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE', 'REFERENCES', 'TRIGGER']) AS held"
    " WHERE relnamespace = CAST(:schema AS regnamespace) AND relkind IN ('r', 'p') AND CASE"
    " WHEN held IN ('SELECT', 'INSERT', 'UPDATE', 'REFERENCES') THEN has_any_column_privilege(oid, held)"
    " ELSE has_table_privilege(oid, held) END ORDER BY relname, held"
)


def needed(table: str) -> set[str]:
    """Return the rights that the application needs on a table of the schema."""
    if table in binding.ERASABLE:
        return {"SELECT", "INSERT", "DELETE"}
    if table in binding.APPEND_ONLY:
        return {"SELECT", "INSERT"}
    if table in binding.STATEFUL:
        return {"SELECT", "INSERT", "UPDATE"}
    return {"SELECT"} if table == "alembic_version" else {"SELECT", "INSERT", "UPDATE", "DELETE"}


def excess(connection: Connection) -> Iterator[str]:
    """Yield what the role of a connection may do and must not, one line each.

    Args:
        connection: as the application's role; on SQLite there are no roles and nothing is yielded.
    """
    if connection.dialect.name != "postgresql":
        return
    if connection.scalar(SUPER):
        yield "is a superuser"
        return
    schema = {"schema": binding.SCHEMA}
    owned = connection.scalars(OWNED, schema).all()
    if owned:
        yield f"owns {', '.join(owned[:3])}{' …' if len(owned) > 3 else ''}"
        return
    yield from connection.scalars(POWERS)
    if (connection.dialect.server_version_info or ()) >= PARAMETERS_HAVE_RIGHTS:
        yield from connection.scalars(SILENCING)
    for table, right in connection.execute(HELD, schema):
        if right not in needed(table):
            yield f"may {right} {table}"
