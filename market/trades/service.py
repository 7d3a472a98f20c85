"""Finding trades: who may see one, its rows together, and the list of one's own."""

import uuid
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy import ColumnElement, Select, or_, select
from sqlalchemy.orm import Session

from contracts.terms import AnyTerms
from market import clock, db
from market.actor import Actor, Role
from market.contracting import proposals, renewals
from market.contracting import reading as contracting
from market.delivery import service as delivery
from market.errors import NotFound
from market.i18n import _
from market.paging import Page, page
from market.payments import service as payments
from market.permissions import Relation
from market.rules import book
from market.steps import Kind, Pending, begin, is_frozen
from market.trades import instalments
from market.trades.acts import ENDED, Standing
from market.trades.models import Acceptance, Agreement, Dispute, Duty, Notice, Redress, Settlement, Trade
from market.trades.notice import NoticeState
from market.trades.redress import RedressState
from market.trades.settlement import whole

Row = TypeVar("Row", Agreement, Acceptance, Dispute, Notice, Duty, Redress)


@dataclass
class Life:
    """The rows of one trade together.

    Attributes:
        settlements: the instalments of the price in their order; none when the signed price is 0. Which of them
            something is about is asked of :mod:`market.trades.instalments`.
        dispute: None while the delivery was not rejected.
        notice: the one that runs; None when none does.
        duty: None while the buyer owes no deletion.
        redress: the one that runs; None when none does.
    """

    trade: Trade
    agreement: Agreement
    settlements: list[Settlement]
    acceptance: Acceptance
    dispute: Dispute | None
    notice: Notice | None
    duty: Duty | None
    redress: Redress | None


def life(session: Session, number: str, *, lock: bool = False) -> Life:
    """Return the rows of a trade; for a step, locked in the one order (trade first) and its delivery frozen.

    Raises:
        NotFound: there is no such trade.
    """
    found = session.scalars(select(Trade).where(Trade.number == number)).one_or_none()
    if found is None:
        raise _not_found()
    trade = db.locked(session, Trade, found.id) if lock else found
    if lock:
        delivery.freeze(session, trade.id)
    return Life(
        trade=trade,
        agreement=_one(session, Agreement, trade.id, lock),
        settlements=_settlements(session, trade.id, lock),
        acceptance=_one(session, Acceptance, trade.id, lock),
        dispute=_maybe(session, Dispute, trade.id, lock),
        notice=_maybe(session, Notice, trade.id, lock, Notice.state == NoticeState.GIVEN),
        duty=_maybe(session, Duty, trade.id, lock),
        redress=_maybe(session, Redress, trade.id, lock, Redress.state != RedressState.CLOSED),
    )


def seen(session: Session, actor: Actor, number: str, *, lock: bool = False) -> Life:
    """Return a trade that the actor may see: as a party, as the operator or as an auditor.

    Raises:
        NotFound: there is none, or the actor may not know of it; the answer is the same. A party to a contract
            that is not in force is told so (``trade.not_in_force``).
    """
    found = session.scalars(_visible(actor).where(Trade.number == number)).one_or_none()
    if found is None:
        raise _not_yet(session, actor, number) or _not_found()
    return life(session, number, lock=lock)


def listed(session: Session, actor: Actor, cursor: str | None) -> Page[Trade]:
    """Return one page of the trades the actor may see, newest first.

    Raises:
        Invalid: the cursor is not one of this list.
    """
    return page(session, _visible(actor), Trade.began_at, Trade.id, cursor)


def standing(session: Session, rows: Life) -> Standing:
    """Return where a trade stands."""
    begun, delivered = delivery.progress(session, rows.trade.id)
    questioned = {one.id for one in rows.settlements if payments.is_questioned(session, one.id)}
    return Standing(
        agreement=rows.agreement.state,
        settlement=whole([one.state for one in rows.settlements]),
        instalments=tuple(one.state for one in rows.settlements),
        payable=instalments.payable(rows.settlements) is not None,
        overdue=instalments.overdue(rows.settlements),
        acceptance=rows.acceptance.state,
        dispute=rows.dispute.state if rows.dispute else None,
        ruling=rows.dispute.ruling if rows.dispute else None,
        begun=begun,
        delivered=delivered,
        notice=rows.notice is not None,
        duty=rows.duty.state if rows.duty else None,
        amendment=proposals.open_of(session, rows.trade.handle) is not None,
        renewal=renewed(session, rows.trade.handle),
        redress=rows.redress.state if rows.redress else None,
        questioned=bool(questioned),
        taken_back=any(payments.is_taken_back(session, id) for id in questioned),
        stopped={one.id for one in instalments.held(rows.settlements)} <= questioned,
        term_over=rows.agreement.term_until <= clock.now(),
        frozen=is_frozen(session, rows.trade.handle),
    )


def renewed(session: Session, handle: str) -> bool:
    """Tell whether a renewal of a trade's contract is open, or in force and not ended."""
    found = {one.handle for one in renewals.of(session, handle)}
    over = (
        select(Trade.handle)
        .join(Agreement, Agreement.trade_id == Trade.id)
        .where(Trade.handle.in_(found), Agreement.state.in_(ENDED))
    )
    return bool(found) and bool(found - set(session.scalars(over)))


def terms_of(session: Session, rows: Life) -> AnyTerms:
    """Return the terms in force of a trade: those of its first contract, or of the newest amendment."""
    return contracting.agreed(session, rows.agreement.contract_id).terms


def notices(trade_id: uuid.UUID) -> Select[Notice]:
    """Return the query for every notice of a trade, the first one first."""
    return select(Notice).where(Notice.trade_id == trade_id).order_by(Notice.given_at)


def redresses(session: Session, trade_id: uuid.UUID) -> list[Redress]:
    """Return what was paid back of a trade after its release, the first one first."""
    query = select(Redress).where(Redress.trade_id == trade_id)
    return list(session.scalars(query.order_by(Redress.ordered_at, Redress.id)))


def step_of(actor: Actor, kind: Kind, trade: Trade) -> Pending:
    """Begin a step of a running trade, under the rule book the trade began with."""
    return begin(actor, kind, trade.handle, version=trade.rules)


def has_rule(trade: Trade, rule_id: str) -> bool:
    """Tell whether the rule book that a trade began with, and keeps, has a rule."""
    try:
        book(trade.rules).rule(rule_id)
    except KeyError:
        return False
    return True


def relation_of(actor: Actor, trade: Trade) -> Relation:
    """Return how the actor's organisation stands to a trade."""
    if actor.organisation_id == trade.buyer_id:
        return Relation.BUYER
    return Relation.PROVIDER if actor.organisation_id == trade.provider_id else Relation.OTHER


def _visible(actor: Actor) -> Select[Trade]:
    wanted = select(Trade)
    if actor.has(Role.OPERATOR, Role.AUDITOR):
        return wanted
    return wanted.where(
        or_(Trade.provider_id == actor.organisation_id, Trade.buyer_id == actor.organisation_id)
    )


def _not_yet(session: Session, actor: Actor, number: str) -> NotFound | None:
    """Tell who may see the contract of this number that it is no trade yet, and where the contract is."""
    if not contracting.visible(session, actor, number):
        return None
    message = _("The contract is not in force yet, so there is no trade; look at the contract.")
    return NotFound("trade.not_in_force", message, contract=f"/api/v1/contracts/{number}")


def _not_found() -> NotFound:
    return NotFound("trade.not_found", _("There is no such trade."))


def _maybe(
    session: Session, model: type[Row], trade_id: uuid.UUID, lock: bool, *which: ColumnElement[bool]
) -> Row | None:
    wanted = select(model).where(model.trade_id == trade_id, *which)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return session.scalars(wanted).one_or_none()


def _settlements(session: Session, trade_id: uuid.UUID, lock: bool) -> list[Settlement]:
    wanted = select(Settlement).where(Settlement.trade_id == trade_id).order_by(Settlement.ordinal)
    if lock:
        wanted = wanted.with_for_update().execution_options(populate_existing=True)
    return list(session.scalars(wanted))


def _one(session: Session, model: type[Row], trade_id: uuid.UUID, lock: bool) -> Row:
    row = _maybe(session, model, trade_id, lock)
    if row is None:
        raise _not_found()
    return row
