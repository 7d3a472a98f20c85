"""Erasing a person: the operator's act that empties what is known of somebody, as a step of its own.

What was agreed, paid and delivered stays, since it names organisations and random ids only; the entries stay and prove
as before. Gone are name, address, telephone number and their salts, so that no commitment about the person can be
opened or guessed any more. The step's leaf lists the openings and by that shows, to everybody and for ever, which
entries concerned one and the same (nameless) person.
"""

import uuid
from collections import Counter
from dataclasses import dataclass
from enum import StrEnum

import structlog
from sqlalchemy.orm import Session

from market import jobs, permissions, steps
from market.actor import Actor
from market.contracting import reading as contracting
from market.errors import Conflict, Invalid, Unavailable
from market.i18n import gettext as _
from market.participants import erasing as people
from market.participants.erasing import Subject
from market.steps import Kind, Step
from market.trades import obligations

log = structlog.get_logger()

ACTION = "person.erase"
JOB = "person.erased"


class Ground(StrEnum):
    """Why personal data are erased (after article 47 of the Personal Information Protection Law); never free text."""

    ASKED = "asked"
    PURPOSE_ENDED = "purpose_ended"
    CONSENT_WITHDRAWN = "consent_withdrawn"
    UNLAWFUL = "unlawful"


@dataclass(frozen=True)
class Preview:
    """What an erasure would do, before anybody does it.

    Attributes:
        person: whom it is about.
        openings: commitments that nobody could open afterwards.
        rows: live rows that would be emptied, by table.
        sessions: browser sessions that would end.
        tokens: API tokens that would go.
        refusal: why it cannot be done now, or None.
    """

    person: Subject
    openings: int
    rows: dict[str, int]
    sessions: int
    tokens: int
    refusal: Conflict | None


def find(session: Session, actor: Actor, email: str) -> Preview:
    """Show what is kept about whoever signs in by an address or was invited at it.

    Raises:
        Forbidden: not an operator (R7.4), or a colleague of the operator's own (R1.5).
        NotFound: nobody has this address.
    """
    permissions.require(actor, ACTION, permissions.Relation.OTHER)
    person = people.subject(session, people.by_email(session, email))
    permissions.require(actor, ACTION, people.relation(actor, person))
    return preview(session, person)


def seen(session: Session, actor: Actor, user_id: uuid.UUID) -> Preview:
    """Show what is kept about a person by their id; else as :func:`find`."""
    permissions.require(actor, ACTION, permissions.Relation.OTHER)
    person = people.subject(session, user_id)
    permissions.require(actor, ACTION, people.relation(actor, person))
    return preview(session, person)


def preview(session: Session, person: Subject) -> Preview:
    """Return what erasing a person would do."""
    sessions, tokens = people.ways_in(session, person.id)
    refusal = None
    try:
        _require_free(session, person)
    except Conflict as error:
        refusal = error
    rows = Counter(row.__tablename__ for row in steps.rows_about(session, person.ids))
    openings = len(steps.openings_about(session, person.ids))
    return Preview(person, openings, dict(sorted(rows.items())), sessions, tokens, refusal)


def erase(session: Session, actor: Actor, user_id: uuid.UUID, confirm: str, ground: Ground) -> Step:
    """Erase a person; the same again gives the same answer.

    Args:
        session: the session of the transaction.
        actor: an operator, of another organisation.
        user_id: whom.
        confirm: the person's address, typed once more.
        ground: why.

    Raises:
        Forbidden: not an operator (R7.4), or a colleague of the operator's own (R1.5).
        NotFound: there is no such person.
        Invalid: ``confirm`` is not the person's address.
        Conflict: obligations are running, it is the last administrator, or the person was erased on another ground.
    """
    permissions.require(actor, ACTION, permissions.Relation.OTHER)
    person = people.subject(session, user_id, lock=True)
    permissions.require(actor, ACTION, people.relation(actor, person))
    given = {"user": person.id, "ground": ground.value}
    if not person.email:
        done = people.erased_by(session, person.id)
        if done is not None:
            return steps.repeat(session, actor, Kind.OPENING_ERASED, done.object, given)
    if confirm != person.email:
        sentence = _("This is not the person's address. Type it as it is shown.")
        raise Invalid("person.not_confirmed", sentence, fields={"confirm": [sentence]})
    _require_free(session, person)
    step = steps.begin(actor, Kind.OPENING_ERASED, steps.new_handle())
    people.leave(session, step, person)
    written, _count = steps.erase(session, step, person.ids, given=given, note={"ground": ground.value})
    jobs.queue(session, JOB, entry_id=written.entry_id)
    return written


def on_erased(entry_id: str) -> None:
    """Job: empty the database's journal, in which the erased values stand until it is written over.

    Args:
        entry_id: the entry of the erasure, for the log.

    Raises:
        Unavailable: somebody still reads from it; the job is tried again.
    """
    if not steps.truncate_journal():
        log.info("erasure.journal_in_use", entry=entry_id)
        raise Unavailable("database.busy", _("The database is still being read."))


def _require_free(session: Session, person: Subject) -> None:
    """Refuse while the person's organisations are bound to somebody."""
    organisations = {organisation.id for organisation in person.organisations}
    numbers = obligations.running(session, organisations) + contracting.half_signed(session, organisations)
    if numbers:
        raise Conflict(
            "person.obligations",
            _(
                "There are open obligations: %(numbers)s. Erase the person when they have ended.",
                numbers=", ".join(sorted(set(numbers))[:5]),
            ),
            numbers=sorted(set(numbers)),
        )
    people.require_dispensable(session, person)
