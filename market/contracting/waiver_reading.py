"""Looking up startup waivers: that of one trade, and for the operator and auditors all of them with their sums."""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from contracts.models import Contract
from contracts.negotiation import State
from market import permissions
from market.actor import Actor
from market.contracting.models import Waiver
from market.paging import Page, page
from market.permissions import Relation


@dataclass(frozen=True)
class Sum:
    """What was waived in one currency.

    Attributes:
        currency: ISO 4217.
        count: of contracts in force or over.
        amount: minor units of ``currency`` that are not paid by them.
    """

    currency: str
    count: int
    amount: int


def waiver_of(session: Session, handle: str) -> Waiver | None:
    """Return the startup waiver of a trade, from its request on, by its handle; None where there is none."""
    return session.scalars(select(Waiver).where(Waiver.handle == handle)).one_or_none()


def listed(session: Session, actor: Actor, cursor: str | None = None) -> Page[Waiver]:
    """Return the waivers, the newest first.

    Raises:
        Forbidden: neither an operator nor an auditor.
        Invalid: the cursor is not one of ours.
    """
    permissions.require(actor, "waiver.list", Relation.OTHER)
    return page(session, select(Waiver), Waiver.asked_at, Waiver.id, cursor)


def states(session: Session, rows: Sequence[Waiver]) -> dict[uuid.UUID, State]:
    """Return the state of each waiver's contract, by contract id."""
    ids = [row.contract_id for row in rows]
    found = session.execute(select(Contract.id, Contract.state).where(Contract.id.in_(ids)))
    return {row.id: row.state for row in found}


def every(session: Session, actor: Actor) -> list[tuple[Waiver, State]]:
    """Return all waivers with the state of their contract, oldest first.

    Raises:
        Forbidden: neither an operator nor an auditor.
    """
    permissions.require(actor, "waiver.list", Relation.OTHER)
    query = (
        select(Waiver, Contract.state)
        .join(Contract, Contract.id == Waiver.contract_id)
        .order_by(Waiver.asked_at, Waiver.id)
    )
    return [(row, state) for row, state in session.execute(query)]


def sums(session: Session, actor: Actor) -> list[Sum]:
    """Return what was waived by contracts that came into force, by currency.

    Raises:
        Forbidden: neither an operator nor an auditor.
    """
    permissions.require(actor, "waiver.list", Relation.OTHER)
    query = (
        select(Waiver.currency, func.count(), func.sum(Waiver.waived))
        .join(Contract, Contract.id == Waiver.contract_id)
        .where(Contract.state == State.FINALIZED)
        .group_by(Waiver.currency)
        .order_by(Waiver.currency)
    )
    return [Sum(currency, count, int(amount)) for currency, count, amount in session.execute(query)]
