"""Repeating: the same act again gives the same answer and no new entry; another input is refused."""

import hashlib
import uuid
from collections.abc import Collection
from typing import Any

from sqlalchemy import delete, or_, select, text
from sqlalchemy.orm import Session

from market import clock
from market.actor import Actor
from market.errors import Conflict
from market.i18n import gettext as _
from market.steps.kinds import Kind
from market.steps.models import Creation, Step
from market.steps.record import digest


def repeat(
    session: Session, actor: Actor, kind: Kind, handle: str, given: dict[str, Any] | None = None
) -> Step:
    """Return the step that brought the object where the actor wants it, if this is that act again.

    Call it when the object already is in the target state; the arguments are those of :func:`taken`.

    Raises:
        Conflict: somebody else took the step, or with other input; the answer names no one.
    """
    made = taken(session, actor, kind, handle, given)
    if made is None:
        raise Conflict(
            "step.already_taken", _("This step was already taken, by someone else or with other input.")
        )
    return made


def taken(
    session: Session, actor: Actor, kind: Kind, handle: str, given: dict[str, Any] | None = None
) -> Step | None:
    """Return the actor's last step of a kind if this is that act again, else None.

    An act that an object lets happen once may ask this in any state: however far the object has gone since, a
    late repetition gets the first answer. An act that can be undone asks it in its target state alone.

    Args:
        session: the session of the transaction.
        actor: who asks.
        kind: the kind of the step that would be taken.
        handle: the object's handle.
        given: the input, as it would be recorded.
    """
    made = session.scalars(
        select(Step)
        .where(
            Step.object == handle,
            Step.kind == kind.value,
            Step.user_id == actor.user_id,
            Step.organisation_id == actor.organisation_id,
        )
        .order_by(Step.seq.desc())
        .limit(1)
    ).one_or_none()
    return made if made is not None and made.given_digest == digest(given) else None


def once(
    session: Session, actor: Actor, key: str | None, kind: Kind, given: dict[str, Any]
) -> uuid.UUID | None:
    """Return what an ``Idempotency-Key`` made the first time, or None when it is new.

    Args:
        session: the session of the transaction.
        actor: who asks; keys of different people never meet, but all strangers share one drawer: that
            somebody knows a stranger's key proves nothing about who they are.
        key: the caller's key; None asks for no protection.
        kind: the kind of the creation.
        given: the input.

    Raises:
        Conflict: the key was used with other input or for another act.
    """
    if key is None:
        return None
    scope, key_digest = _scope(actor), _digest(key)
    if session.get_bind().dialect.name == "postgresql":
        session.execute(
            text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 1))"), {"key": f"{scope} {key_digest}"}
        )
    found = session.get(Creation, (scope, key_digest))
    if found is None:
        return None
    if found.kind != kind.value or found.given_digest != digest(given):
        raise Conflict(
            "idempotency.key_reused", _("This Idempotency-Key was used with other input; take a new one.")
        )
    return found.made_id


def remember(
    session: Session, actor: Actor, key: str | None, kind: Kind, given: dict[str, Any], made_id: uuid.UUID
) -> None:
    """Keep what a key made, in the transaction that makes it."""
    if key is not None:
        session.add(
            Creation(
                scope=_scope(actor),
                key_digest=_digest(key),
                kind=kind.value,
                given_digest=digest(given),
                made_id=made_id,
                made_at=clock.now(),
            )
        )


def forget(session: Session, user_ids: Collection[uuid.UUID], made: Collection[uuid.UUID]) -> None:
    """Forget the keys that some people used and those that made some objects: their digests are of personal input."""
    scopes = [str(user_id) for user_id in user_ids]
    session.execute(delete(Creation).where(or_(Creation.scope.in_(scopes), Creation.made_id.in_(made))))


def _scope(actor: Actor) -> str:
    return str(actor.user_id or actor.name)[:36]


def _digest(key: str) -> str:
    """Return what is stored of a key: whoever reads the table cannot repeat with it."""
    return hashlib.sha256(key.encode()).hexdigest()
