"""Begin and record a step: the one way anything stateful changes."""

import base64
import hashlib
import secrets
import uuid
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, cast

from sqlalchemy import Table, bindparam, event, insert, inspect, literal_column, select, text
from sqlalchemy.orm import Session, UOWTransaction

from ledger import canonical, store
from ledger.entry import SALT_SIZE, Entry, committed
from ledger.prepared import Prepared
from market import clock, rules
from market.actor import Actor
from market.db import Base
from market.errors import Frozen
from market.i18n import gettext as _
from market.jobs import Job
from market.steps import images
from market.steps.kinds import Kind
from market.steps.models import Step, StepImage, Vault

_WRITTEN = "market.steps.written"
_QUEUED = "market.steps.queued"
_RECORDED = "market.steps.recorded"

RECOVERY: Final = "recovery"
"""How a step came in that was brought back from a copy of the log: its leaf is known, its values are gone."""

_LAST = Prepared(
    select(Step.seq, Step.via)
    .where(Step.object == bindparam("handle"))
    .order_by(Step.seq.desc())
    .limit(literal_column("1"))
    .offset(literal_column("0"))  # SQLite's would be a value without a name
)
_ONE_AT_A_TIME = text("SELECT pg_advisory_xact_lock(hashtextextended(:handle, 0))")


def _insert(model: type[Base]) -> Prepared:
    table = cast("Table", model.__table__)
    return Prepared(insert(table), table.c.keys())


_INSERT_STEP, _INSERT_IMAGE, _INSERT_OPENING = _insert(Step), _insert(StepImage), _insert(Vault)


@dataclass(frozen=True)
class Pending:
    """A step that has begun: its id is known, nothing is written yet.

    Attributes:
        id: id of the step and of its ledger entry; put it on every stateful row you write.
        kind: what happens.
        handle: the object's random public handle.
        actor: who acts.
        time: aware UTC, milliseconds; the writer's claim.
        rules: version of the rule book the step runs under.
    """

    id: uuid.UUID
    kind: Kind
    handle: str
    actor: Actor
    time: datetime
    rules: int


def new_handle() -> str:
    """Return a random public handle: 26 lower-case base32 characters (128 bits), saying nothing."""
    return base64.b32encode(secrets.token_bytes(16)).decode().rstrip("=").lower()


def begin(actor: Actor, kind: Kind, handle: str, *, version: int | None = None) -> Pending:
    """Begin a step.

    Args:
        actor: who acts.
        kind: what happens.
        handle: the handle shared by all steps of this object.
        version: rule-book version of a running trade; the current one when None.
    """
    return Pending(uuid.uuid4(), kind, handle, actor, clock.now(), version or rules.CURRENT)


def record(
    session: Session,
    step: Pending,
    *,
    given: dict[str, Any] | None = None,
    note: dict[str, Any] | None = None,
    erased: Sequence[tuple[uuid.UUID, str]] = (),
    public: Mapping[str, canonical.Json] | None = None,
) -> Step:
    """Write the step and its ledger entry; the last statement of a service.

    Args:
        session: the session of the one transaction, with every stateful row of the step in it.
        step: what :func:`begin` returned.
        given: the actor's input; its digest decides whether a later repeat is the same.
        note: further facts to commit to, such as a reason.
        erased: openings (entry, field) that the leaf says are destroyed; for :mod:`market.steps.erasing` alone.
        public: further commitments under names that say something, since the leaf shows them to everybody; for
            :mod:`market.steps.recovering` alone.

    Returns:
        The written step; its ``entry_id`` is known at once, its index when integrated.

    Raises:
        Frozen: ``object.frozen``: the last step of the object was recovered without its values.
        IntegrityError: a rule of the database was broken, for example a row changed under an old step.
    """
    _name_jobs(session, step.id)
    session.flush()
    seq = _next_seq(session, step.handle)
    given_digest = digest(given)
    values = _step_values(step, seq, given_digest)
    fields = _Fields(step.id)
    fields.add("step", None, _about(step, given_digest, note))
    for name, value in (public or {}).items():
        fields.add(name, None, value)
    written = _written(session, step.id)
    for table, row_id in written:
        fields.add_row(session, table, row_id)
    _write_openings(session, fields)
    write_step(session, values)
    entry = Entry(
        id=step.id,
        kind=step.kind.value,
        handle=step.handle,
        seq=seq,
        rules=step.rules,
        time=step.time,
        commitments={opening["field"]: digest for opening, digest in fields.open},
        erased=tuple(erased),
    )
    store.append(session, entry)
    return Step(**values)


def write_step(session: Session, values: Mapping[str, Any]) -> None:
    """Write the row of a step; its entry must follow in the same transaction."""
    _INSERT_STEP.execute(session.connection(), values)


def digest(given: dict[str, Any] | None) -> str:
    """Return the SHA-256 of an input's canonical form, 64 hex digits."""
    return hashlib.sha256(canonical.encode(images.plain(given or {}))).hexdigest()


def is_frozen(session: Session, handle: str) -> bool:
    """Tell whether the last step of an object was recovered without its values: no other may follow it."""
    last = _LAST.row(session.connection(), {"handle": handle})
    return last is not None and last[1] == RECOVERY


def demand_unfrozen(session: Session, handle: str) -> None:
    """Refuse what must not even begin for an object that is frozen, such as a call to a payment platform.

    Raises:
        Frozen: ``object.frozen``.
    """
    if is_frozen(session, handle):
        raise frozen()


def frozen() -> Frozen:
    """Return the refusal of a step that would follow one whose values are gone."""
    return Frozen("object.frozen", _("The last steps of this were lost; it is frozen. Ask the operator."))


class _Fields:
    """The committed fields of one entry, named without any id: ``trade``, ``posting.2``, ``user.email``."""

    def __init__(self, step_id: uuid.UUID) -> None:
        self._step_id = step_id
        self.open: list[tuple[dict[str, Any], str]] = []
        self.rows: list[dict[str, Any]] = []
        self._seen: Counter[str] = Counter()

    def add(self, name: str, subject: uuid.UUID | None, value: canonical.Json) -> None:
        """Commit to a value under a fresh salt."""
        salt = secrets.token_bytes(SALT_SIZE)
        digest, text = committed(salt, name, value)
        opening = {
            "entry_id": self._step_id, "field": name, "subject": subject, "salt": salt, "value": text.decode()
        }  # fmt: skip
        self.open.append((opening, digest))

    def add_row(self, session: Session, table: Table, row_id: uuid.UUID) -> None:
        """Commit to a row's image and to each of its personal columns."""
        self._seen[table.name] += 1
        count = self._seen[table.name]
        base = table.name if count == 1 else f"{table.name}.{count}"
        self.rows.append({"step_id": self._step_id, "row_id": row_id, "table": table.name, "field": base})
        for part in images.parts(session, table, row_id):
            self.add(f"{base}.{part.suffix}" if part.suffix else base, part.subject, part.value)


def _write_openings(session: Session, fields: _Fields) -> None:
    connection = session.connection()  # plain rows need none of the ORM's bookkeeping
    if fields.rows:
        _INSERT_IMAGE.execute_all(connection, fields.rows)
    _INSERT_OPENING.execute_all(connection, [opening for opening, _digest in fields.open])


def _step_values(step: Pending, seq: int, given_digest: str) -> dict[str, Any]:
    return {
        "id": step.id,
        "kind": step.kind.value,
        "object": step.handle,
        "seq": seq,
        "rules": step.rules,
        "time": step.time,
        "user_id": step.actor.user_id,
        "organisation_id": step.actor.organisation_id,
        "actor": step.actor.name,
        "via": step.actor.via,
        "given_digest": given_digest,
    }


def _about(step: Pending, given_digest: str, note: dict[str, Any] | None) -> canonical.Json:
    """Return what the entry says of the step itself: who, on whose behalf, with what input."""
    actor = step.actor
    return {
        "actor": {
            "user": images.plain(actor.user_id),
            "organisation": images.plain(actor.organisation_id),
            "roles": sorted(role.value for role in actor.roles),
            "name": actor.name,
            "via": actor.via,
        },
        "given": given_digest,
        "note": images.plain(note or {}),
    }


def _next_seq(session: Session, handle: str) -> int:
    """Return the next place on this handle; on PostgreSQL two steps of one object wait for each other."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        connection.execute(_ONE_AT_A_TIME, {"handle": handle})
    last = _LAST.row(connection, {"handle": handle})
    if last is None:
        return 0
    seq, via = last
    if via == RECOVERY:
        raise frozen()
    return int(seq) + 1


def _written(session: Session, step_id: uuid.UUID) -> list[tuple[Table, uuid.UUID]]:
    """Return the stateful rows written under this step, in the order of their first flush."""
    rows: dict[uuid.UUID, Table] = {}
    for thing in session.info.get(_WRITTEN, []):
        if thing.step_id == step_id:
            rows.setdefault(thing.id, inspect(thing).mapper.local_table)
    return [(table, row_id) for row_id, table in rows.items()]


@event.listens_for(Session, "before_flush")
def _keep_written(session: Session, _context: UOWTransaction, _instances: object) -> None:
    """Hold every stateful row that a flush writes, so that none escapes its step's commitments; and every fresh job."""
    kept: list[Any] = session.info.setdefault(_WRITTEN, [])
    kept.extend(thing for thing in [*session.new, *session.dirty] if hasattr(thing, "step_id"))
    session.info.setdefault(_QUEUED, []).extend(_nameless(session))


@event.listens_for(Session, "before_commit")
def _name_last(session: Session) -> None:
    """Give what was queued after the last step of a transaction to that step."""
    if _RECORDED in session.info:
        _name_jobs(session, session.info[_RECORDED])


def _name_jobs(session: Session, step_id: uuid.UUID) -> None:
    """Write on the jobs that this transaction queued so far which step they follow from."""
    session.info[_RECORDED] = step_id
    for job in [*session.info.pop(_QUEUED, []), *_nameless(session)]:
        job.cause_id = step_id


def _nameless(session: Session) -> list[Job]:
    return [thing for thing in session.new if isinstance(thing, Job) and thing.cause_id is None]
