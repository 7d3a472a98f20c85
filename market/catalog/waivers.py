"""Whether the startup waiver (R4.18) would apply to a listing, for a buyer who looks at it today."""

from datetime import date

from sqlalchemy.orm import Session

from contracts import library
from market import clock, permissions
from market.actor import Actor
from market.catalog.reading import Facts
from market.participants import service as participants
from market.permissions import Relation
from market.rules import book, waiver
from market.rules.waiver import Verdict, judge


def verdict(session: Session, actor: Actor, facts: Facts, today: date) -> Verdict:
    """Return whether the price of a listing is waived for the actor's organisation on a day.

    Raises:
        Forbidden: the organisation is not verified (R1.1).
    """
    buyer = participants.verified(session, actor)
    return judge(
        established_on=date.fromisoformat(buyer.established_on),
        authority=facts.asset.authority,
        price=facts.price.amount,
        has_clause=waiver.BLANK in library.load(facts.model).blanks,
        today=today,
        years=book().value(waiver.YEARS),
    )


def for_reader(session: Session, actor: Actor, facts: Facts) -> Verdict | None:
    """Return the verdict for somebody who may ask for a contract over the listing now; None for everybody else."""
    own = facts.provider_id == actor.organisation_id
    if own or not permissions.allowed(actor, "contract.request", Relation.OTHER):
        return None
    return verdict(session, actor, facts, waiver.day_of(clock.now()))
