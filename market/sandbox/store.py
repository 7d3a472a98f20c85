"""What the stand-in remembers: one SQLite file, one transaction a request, safe against ``kill -9``."""

import json
import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

_TABLES = """
create table if not exists object (
    place integer primary key, id text not null unique, kind text not null, body text not null);
create index if not exists object_kind on object (kind, place);
create table if not exists reply (
    key text primary key, fingerprint text not null, status integer not null, body text not null,
    request_id text not null);
create table if not exists delivery (
    place integer primary key, event text not null, body text not null, due real not null,
    attempts integer not null default 0, state text not null);
create table if not exists plan (
    place integer primary key, act text not null, id text not null, due real not null);
create table if not exists setting (name text primary key, value text not null);
"""

_BOUNDS = {"gt": ">", "gte": ">=", "lt": "<", "lte": "<="}


_ASKED_BY = ("payment_intent", "source", "source_transaction", "status", "transfer_group")
"""Fields that objects are often found by: each has an index of just the words that a query uses."""


class Store:
    """Objects by id, replies by idempotency key, webhook deliveries by due time.

    Args:
        path: the SQLite file; its folder exists.
    """

    def __init__(self, path: Path) -> None:
        self._lock = threading.RLock()
        # The rollback journal is kept on purpose: one writer, and no write-ahead log to lose.
        self._connection = sqlite3.connect(path, check_same_thread=False, isolation_level=None)
        self._connection.execute("pragma synchronous = full")
        self._connection.executescript(_TABLES)
        for name in _ASKED_BY:
            self._connection.execute(
                f"create index if not exists object_{name} on object (kind, json_extract(body, '$.{name}'), place)"
            )

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Do several changes or none; everything else waits."""
        with self._lock:
            self._connection.execute("begin immediate")
            try:
                yield
            except BaseException:
                self._connection.execute("rollback")
                raise
            self._connection.execute("commit")

    def close(self) -> None:
        """Close the file."""
        with self._lock:
            self._connection.close()

    def _all(self, sql: str, *values: Any) -> list[tuple[Any, ...]]:
        with self._lock:
            return self._connection.execute(sql, values).fetchall()

    # objects

    def save(self, data: Mapping[str, Any]) -> None:
        """Write an object under its ``id`` and ``object`` kind."""
        self._all(
            "insert into object (id, kind, body) values (?, ?, ?)"
            " on conflict (id) do update set body = excluded.body",
            data["id"], data["object"], json.dumps(data),
        )  # fmt: skip

    def find(self, kind: str, id: str) -> dict[str, Any] | None:
        """Return an object, or None."""
        rows = self._all("select body from object where id = ? and kind = ?", id, kind)
        return dict(json.loads(rows[0][0])) if rows else None

    def every(self, kind: str, **equal: Any) -> list[dict[str, Any]]:
        """Return the objects of a kind whose fields equal these, newest first."""
        test = "".join(f" and json_extract(body, '$.{name}') = ?" for name in equal)
        sql = f"select body from object where kind = ?{test} order by place desc"  # noqa: S608 - names are ours
        return [dict(json.loads(row[0])) for row in self._all(sql, kind, *equal.values())]

    def sums(self, kind: str, field: str, by: str, **equal: Any) -> dict[str, int]:
        """Add up a field of the objects of a kind whose fields equal these, by another field."""
        test = "".join(f" and json_extract(body, '$.{name}') = ?" for name in equal)
        sql = (
            f"select json_extract(body, '$.{by}'), sum(json_extract(body, '$.{field}'))"  # noqa: S608 - names are ours
            f" from object where kind = ?{test} group by 1"
        )
        return dict(self._all(sql, kind, *equal.values()))

    def page(
        self,
        kind: str,
        equal: Mapping[str, Any],
        created: Mapping[str, int],
        types: Sequence[str],
        after: str | None,
        limit: int,
    ) -> list[dict[str, Any]]:
        """Return a part of a list, newest first, without reading the rest of it.

        Args:
            kind: what is listed.
            equal: fields and what they must be.
            created: bounds of the time in seconds by ``gt``, ``gte``, ``lt``, ``lte``.
            types: what ``type`` may be; empty for anything.
            after: the object that the part follows; None for the beginning.
            limit: most objects.
        """
        tests, values = ["kind = ?"], [kind, *equal.values()]
        tests += [f"json_extract(body, '$.{name}') = ?" for name in equal]
        for word, bound in created.items():
            tests.append(f"json_extract(body, '$.created') {_BOUNDS[word]} ?")
            values.append(bound)
        if types:
            tests.append(f"json_extract(body, '$.type') in ({', '.join('?' * len(types))})")
            values += types
        if after is not None:
            tests.append("place < (select place from object where id = ?)")
            values.append(after)
        sql = f"select body from object where {' and '.join(tests)} order by place desc limit ?"  # noqa: S608 - names are ours
        return [dict(json.loads(row[0])) for row in self._all(sql, *values, limit)]

    def forget(self, id: str) -> None:
        """Lose an object, so that a test can see it missed."""
        self._all("delete from object where id = ?", id)

    # replies

    def reply(self, key: str) -> tuple[str, int, str, str] | None:
        """Return fingerprint, status, body and request id kept for an idempotency key."""
        rows = self._all("select fingerprint, status, body, request_id from reply where key = ?", key)
        return rows[0] if rows else None

    def keep_reply(self, key: str, fingerprint: str, status: int, body: str, request_id: str) -> None:
        """Keep the first result of a key for ever (the platform prunes after a day)."""
        self._all("insert into reply values (?, ?, ?, ?, ?)", key, fingerprint, status, body, request_id)

    # deliveries

    def post(self, event: Mapping[str, Any], due: float, state: str) -> None:
        """Queue an event for the webhook endpoint."""
        self._all(
            "insert into delivery (event, body, due, state) values (?, ?, ?, ?)",
            event["id"], json.dumps(event), due, state,
        )  # fmt: skip

    def due(self, now: float) -> list[tuple[int, str, int]]:
        """Return place, body and attempts of what is to be sent now, oldest first."""
        return self._all(
            "select place, body, attempts from delivery where state = 'waiting' and due <= ? order by due, place",
            now,
        )

    def delivered(self, place: int, state: str, due: float) -> None:
        """Write down an attempt and what comes next (done, waiting, failed)."""
        self._all(
            "update delivery set attempts = attempts + 1, state = ?, due = ? where place = ?",
            state,
            due,
            place,
        )

    def held(self) -> list[tuple[int, str]]:
        """Return place and event id of the deliveries that are held back, oldest first."""
        return self._all("select place, event from delivery where state = 'held' order by place")

    def release(self, place: int, due: float) -> None:
        """Let a held delivery go at a time."""
        self._all("update delivery set state = 'waiting', due = ? where place = ?", due, place)

    def deliveries(self) -> list[dict[str, Any]]:
        """Return every delivery with its state, oldest first."""
        names = ("event", "type", "state", "attempts")
        rows = self._all(
            "select event, json_extract(body, '$.type'), state, attempts from delivery order by place"
        )
        return [dict(zip(names, row, strict=True)) for row in rows]

    def drop(self, place: int) -> None:
        """Never send a delivery."""
        self._all("update delivery set state = 'dropped' where place = ?", place)

    # plans

    def plan(self, act: str, id: str, due: float) -> None:
        """Remember an act on an object that comes later."""
        self._all("insert into plan (act, id, due) values (?, ?, ?)", act, id, due)

    def planned(self, now: float) -> tuple[int, str, str] | None:
        """Return place, act and object id of the first plan that is due."""
        rows = self._all("select place, act, id from plan where due <= ? order by due, place limit 1", now)
        return rows[0] if rows else None

    def performed(self, place: int) -> None:
        """Forget a plan."""
        self._all("delete from plan where place = ?", place)

    # settings of the control surface

    def setting(self, name: str, default: str = "") -> str:
        """Return a setting of the control surface."""
        rows = self._all("select value from setting where name = ?", name)
        return str(rows[0][0]) if rows else default

    def set(self, name: str, value: str) -> None:
        """Change a setting of the control surface."""
        self._all("insert or replace into setting values (?, ?)", name, value)


def new_id(prefix: str) -> str:
    """Return a fresh id like ``pi_…``."""
    return f"{prefix}_{secrets.token_hex(12)}"
