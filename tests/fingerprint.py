"""Whether anything was changed: one digest over every row of every table."""

import hashlib
from collections.abc import Mapping
from typing import Final

from market import migrations
from market.db import read

MOVING: Final[Mapping[str, frozenset[str]]] = {
    "api_token": frozenset({"used_at"}),
    "sign_in": frozenset({"seen_at"}),
}
"""Columns that looking alone may change: when a token or session was last used."""

COUNTED: Final = frozenset({"login_attempt", "sealed_report"})
"""Tables that refusals themselves are written to: failed attempts to sign in; and looking: the first who asks for a
sealed report has it made (``tests/market/registry/test_sealed.py`` holds that a refused one does not)."""


def fingerprint() -> dict[str, str]:
    """Return a digest of each table's rows, so that a difference names the table."""
    found: dict[str, str] = {}
    with read() as session:
        for table in (table for source in migrations.metadata() for table in source.sorted_tables):
            if table.name in COUNTED:
                continue
            kept = [column.name for column in table.c if column.name not in MOVING.get(table.name, ())]
            # As the driver gives them: turning thousands of values into Python's own types takes seconds.
            words = ", ".join(f'"{name}"' for name in kept)
            answer = session.connection().exec_driver_sql(f'SELECT {words} FROM "{table.name}"')
            rows = sorted(repr(tuple(row)) for row in answer)
            found[table.name] = f"{len(rows)} {hashlib.sha256(chr(10).join(rows).encode()).hexdigest()}"
    return found


def changed(before: Mapping[str, str]) -> list[str]:
    """Return the tables that are not as they were."""
    return [name for name, digest in fingerprint().items() if before.get(name) != digest]
