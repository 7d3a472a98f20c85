"""Whether the application's role on PostgreSQL may do more than it must: then the triggers protect nothing."""

from collections.abc import Iterator

from sqlalchemy import Connection, text

from market.migrations import binding

OWNED = text(
    "SELECT tablename FROM pg_tables"
    " WHERE schemaname = current_schema() AND pg_has_role(current_user, tableowner, 'USAGE')"
)
SUPER = text("SELECT rolsuper FROM pg_roles WHERE rolname = current_user")
MAY = text("SELECT has_table_privilege(current_user, CAST(:table AS regclass), :right)")
THERE = text("SELECT tablename FROM pg_tables WHERE schemaname = current_schema()")


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
    owned = sorted(connection.scalars(OWNED))
    if owned:
        yield f"owns {', '.join(owned[:3])}{' …' if len(owned) > 3 else ''}"
        return
    there = set(connection.scalars(THERE))
    for table in sorted({*binding.STATEFUL, *binding.APPEND_ONLY} & there):
        wrong = {"DELETE", "TRUNCATE", *(("UPDATE",) if table in binding.APPEND_ONLY else ())}
        if table in binding.ERASABLE:
            wrong.remove("DELETE")
        for right in sorted(wrong):
            if connection.scalar(MAY, {"table": table, "right": right}):
                yield f"may {right} {table}"
