"""Letters about a negotiation (R4.15): whose turn it is, a reminder before the time ends, and why it ended.

Each letter to each person is a job of its own, written in the transaction of the step that is its cause, so a
letter goes out if and only if the step stands, and the trouble of one mailbox delays nobody else. A letter can only
double where the mail server took it and the worker died before it could note that. Nothing is sent that is no longer
true: once the turn has passed, or the person has left, the job ends without a letter.
"""

import uuid
from datetime import datetime, timedelta
from typing import Any, Final

from sqlalchemy.orm import Session

from contracts.models import Contract
from contracts.negotiation import TURNS, State
from contracts.vocabulary import Role as Party
from market import clock, config, jobs, mail
from market.actor import Role
from market.contracting.models import Request
from market.contracting.reading import by_number
from market.contracting.waiver_reading import waiver_of
from market.db import read
from market.participants import members
from market.participants import service as participants
from market.rules import book
from market.steps import Pending

PATIENCE: Final = timedelta(days=1)
"""How long the letter about an end is tried for; those about a turn are tried while it lasts."""

_SIGNERS: Final = {Party.PROVIDER: Role.PROVIDER, Party.BUYER: Role.BUYER}
"""The role of those who act for a side."""


def turn(session: Session, step: Pending, request: Request, contract: Contract) -> None:
    """Tell those whose turn a step made it, and remind them before the time ends; nobody when it is nobody's.

    Args:
        session: the session of the step's transaction.
        step: what was done; its rule book says how long before the end the reminder goes out.
        request: the request that the contract answers.
        contract: as the step leaves it.
    """
    role = TURNS.get(contract.state)
    if role is None:
        return
    remind_at = request.expires_at - timedelta(days=book(step.rules).value("reminder.days"))
    about: dict[str, Any] = {
        "number": contract.number,
        "state": contract.state.value,
        "version": contract.version,
    }
    for user_id in members.acting(session, request.party_id(role), _SIGNERS[role]):
        jobs.queue(session, "contract.turn", user_id=user_id, **about)
        if remind_at > step.time:
            jobs.queue(session, "contract.reminder", due_at=remind_at, user_id=user_id, **about)


def ended(session: Session, step: Pending, request: Request, role: Party | None) -> None:
    """Tell everybody of both parties how a negotiation ended and why.

    Args:
        session: the session of the step's transaction.
        step: the step that ended it.
        request: the request that has ended.
        role: who ended it; None for the exchange.
    """
    about: dict[str, Any] = {"number": request.number, "role": role or "", "at": step.time.isoformat()}
    for organisation_id in (request.provider_id, request.buyer_id):
        for user_id in members.acting(session, organisation_id):
            jobs.queue(session, "contract.ended", user_id=user_id, **about)


def on_turn(number: str, state: str, version: int, user_id: str) -> None:
    """Job: tell somebody that it is their side's turn.

    Raises:
        Unavailable: the mail server does not take it; the job is tried again.
    """
    _send_turn("contract_turn", number, state, version, user_id)


def on_reminder(number: str, state: str, version: int, user_id: str) -> None:
    """Job: remind somebody that the time to answer ends.

    Raises:
        Unavailable: the mail server does not take it; the job is tried again.
    """
    _send_turn("contract_reminder", number, state, version, user_id)


def on_ended(number: str, role: str, at: str, user_id: str) -> None:
    """Job: tell somebody that a negotiation ended, and why.

    Raises:
        Unavailable: the mail server does not take it; the job is tried again.
    """
    if datetime.fromisoformat(at) + PATIENCE <= clock.now():
        return
    with read() as session:
        one = by_number(session, number)
        to = _address(session, one.request, user_id)
        names = participants.names(session, {one.request.provider_id, one.request.buyer_id})
    if to is None:
        return
    mail.send(
        to,
        "contract_ended",
        number=number,
        title=one.request.title,
        ending=one.contract.ending.value if one.contract.ending else "",
        reason=one.contract.reason,
        by=names[one.request.party_id(Party(role))] if role else None,
        link=_link(number),
    )


def _send_turn(message: str, number: str, state: str, version: int, user_id: str) -> None:
    """Send a letter about a turn unless that turn, or the time for it, has passed."""
    wanted = State(state)
    with read() as session:
        one = by_number(session, number)
        passed = (one.contract.state, one.contract.version) != (wanted, version)
        if passed or one.request.expires_at <= clock.now():
            return
        to = _address(session, one.request, user_id, TURNS[wanted])
        other = one.request.party_id(Party.BUYER if TURNS[wanted] is Party.PROVIDER else Party.PROVIDER)
        name = participants.names(session, {other})[other]
        waiver = waiver_of(session, one.request.handle)
    if to is None:
        return
    mail.send(
        to,
        message,
        number=number,
        title=one.request.title,
        state=state,
        version=version,
        other=name,
        until=one.request.expires_at,
        waiver=waiver,
        link=_link(number),
    )


def _address(session: Session, request: Request, user_id: str, role: Party | None = None) -> str | None:
    """Return where to write to a person who still is of the side (of either, without a role), or None."""
    sides = [request.provider_id, request.buyer_id] if role is None else [request.party_id(role)]
    return members.address(session, uuid.UUID(user_id), sides)


def _link(number: str) -> str:
    return f"{config.current().base_url.rstrip('/')}/contracts/{number}"
