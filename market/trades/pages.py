"""Trades for people: the list and one trade on one page, with the buttons of what may be done now."""

import uuid

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from sqlalchemy.orm import Session

from contracts.errors import ContractError
from contracts.money import Money
from market import forms, permissions
from market.actor import Actor
from market.db import read, transaction
from market.errors import Invalid, NotFound
from market.i18n import _, lazy
from market.participants import service as participants
from market.participants.web import current_actor, idempotency_key
from market.payments import naming
from market.payments.chargebacks.states import Answer
from market.registry import reading as registry
from market.trades import (
    contesting,
    decisions,
    grounds,
    instalments,
    money,
    opening,
    redressing,
    schemas,
    service,
    showing,
    suspension,
    timeline,
    transferring,
)
from market.trades.dispute import Ruling

pages = Blueprint("trades", __name__)

ACT_LABELS = {
    "suspension": lazy("Suspend the registration"),
    "restoration": lazy("Restore the registration"),
    "cancellation": lazy("Cancel the registration for good"),
}


@pages.get("/trades")
def listed() -> ResponseReturnValue:
    """Show one's trades, newest first."""
    actor = current_actor()
    with read() as session:
        page = service.listed(session, actor, request.args.get("cursor"))
        rows = [showing.summary(session, trade) for trade in page.items]
        names = participants.names(
            session, {row[side] for row in rows for side in ("provider_id", "buyer_id")}
        )
        return render_template(
            "pages/trades/list.html",
            trades=rows,
            names=names,
            next=page.next,
            statements=permissions.allowed(actor, "statement.read"),
        )


@pages.get("/trades/<number>")
def one(number: str) -> ResponseReturnValue:
    """Show one trade; a party to a contract that is not in force is led to the contract."""
    try:
        return _page(number)
    except NotFound as error:
        if error.code != "trade.not_in_force":
            raise
        return redirect(url_for("contracting.show", number=number), 303)


@pages.get("/trades/<number>/money")
def show_money(number: str) -> ResponseReturnValue:
    """Show every operation of a trade's money by its steps, and its books."""
    actor = current_actor()
    with read() as session:
        found = money.shown(session, actor, number)
        trade = found.rows.trade
        names = participants.names(session, {trade.provider_id, trade.buyer_id})
        return render_template(
            "pages/trades/money.html",
            found=found,
            trade=trade,
            who=lambda side: showing.called(side, trade, names),
            label=money.label,
            account=naming.account_label,
            place={one.id: one for one in found.operations},
            indexes={turn.entry_id: turn.index for turn in found.turns},
        )


@pages.post("/trades/<number>/payment")
def pay(number: str) -> ResponseReturnValue:
    """Send the buyer to the pay page."""
    return redirect(opening.pay(current_actor(), number).url, 303)


@pages.post("/trades/<number>/acceptance")
def accept(number: str) -> ResponseReturnValue:
    """Accept the delivery."""
    actor = current_actor()
    with transaction() as session:
        decisions.accept(session, actor, number)
    return _done(number, _("You accepted the delivery."))


@pages.post("/trades/<number>/rejection")
def reject(number: str) -> ResponseReturnValue:
    """Reject the delivery with a reason."""
    actor = current_actor()
    try:
        given = forms.load(schemas.TradeReasonIn())
    except ValidationError as error:
        return _page(number, error)
    with transaction() as session:
        decisions.reject(session, actor, number, given["reason"])
    return _done(number, _("You rejected the delivery; the operator will rule."))


@pages.post("/trades/<number>/cancellation")
def cancel(number: str) -> ResponseReturnValue:
    """Cancel the trade with a reason."""
    actor = current_actor()
    try:
        given = forms.load(schemas.TradeReasonIn())
    except ValidationError as error:
        return _page(number, error)
    with transaction() as session:
        decisions.cancel(session, actor, number, given["reason"])
    return _done(number, _("The trade is cancelled."))


@pages.post("/trades/<number>/ruling")
def rule(number: str) -> ResponseReturnValue:
    """Rule on a dispute with a reason."""
    actor = current_actor()
    try:
        given = forms.load(schemas.RulingForm())
        with transaction() as session:
            refund = _amount(session, actor, number, given.get("amount"))
            decisions.rule(session, actor, number, Ruling(given["outcome"]), given["reason"], refund)
    except (ValidationError, Invalid) as error:
        return _page(number, error)
    return _done(number, _("The ruling is recorded."))


@pages.post("/trades/<number>/redress")
def order_redress(number: str) -> ResponseReturnValue:
    """Have a released price paid back, in full or in part, with a reason."""
    actor = current_actor()
    try:
        given = forms.load(schemas.RedressForm())
        with transaction() as session:
            amount = _amount(session, actor, number, given["amount"]) or 0
            redressing.order(session, actor, number, amount, given["reason"], idempotency_key())
    except (ValidationError, Invalid) as error:
        return _page(number, error)
    return _done(number, _("The redress is ordered: the buyer gets its money back first."))


@pages.post("/trades/<number>/chargebacks/<uuid:chargeback_id>/answer")
def answer_chargeback(number: str, chargeback_id: uuid.UUID) -> ResponseReturnValue:
    """Contest a chargeback with the trade's evidence, or accept it as lost."""
    actor = current_actor()
    try:
        given = forms.load(schemas.ChargebackAnswerIn())
    except ValidationError as error:
        return _page(number, error)
    with transaction() as session:
        contesting.answer(session, actor, number, chargeback_id, Answer(given["answer"]))
    return _done(number, _("The answer is recorded and is sent to the bank."))


@pages.get("/assets/<uuid:asset_id>/standing")
def standing(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Show the form by which a registration is suspended, restored or cancelled."""
    return _standing(asset_id)


@pages.post("/assets/<uuid:asset_id>/standing")
def decide_asset(asset_id: uuid.UUID) -> ResponseReturnValue:
    """Suspend, restore or cancel a registration with a reason; its listings and deliveries follow."""
    actor = current_actor()
    try:
        given = forms.load(schemas.StandingIn())
    except ValidationError as error:
        return _standing(asset_id, error)
    with transaction() as session:
        suspension.decide_asset(session, actor, asset_id, suspension.ACTS[given["act"]], given["reason"])
    flash(_("The decision is recorded."), "done")
    return redirect(url_for("registry.asset", asset_id=asset_id), 303)


def _amount(session: Session, actor: Actor, number: str, typed: str | None) -> int | None:
    """Return an amount typed in major units of a trade's currency, as minor units; None when none was typed.

    Raises:
        ValidationError: it is no amount of this currency.
    """
    if typed is None:
        return None
    try:
        return Money.parse(typed, service.seen(session, actor, number).trade.currency).amount
    except ContractError as error:
        raise ValidationError({"amount": [_("Write an amount such as 1280.50.")]}) from error


def _page(number: str, faults: ValidationError | Invalid | None = None) -> ResponseReturnValue:
    actor = current_actor()
    with read() as session:
        found = showing.shown(session, actor, number)
        trade = found.rows.trade
        names = participants.names(session, {trade.provider_id, trade.buyer_id})
        page = render_template(
            "pages/trades/trade.html",
            found=found,
            trade=trade,
            states=showing.states(found.rows, found.grant),
            due=instalments.payable(found.rows.settlements),
            names=names,
            possible={act.value for act in found.possible},
            answers=permissions.allowed(actor, contesting.ACTION, service.relation_of(actor, trade)),
            downloads=permissions.allowed(actor, "delivery.download", service.relation_of(actor, trade)),
            opens=permissions.allowed(actor, "bundle.export", service.relation_of(actor, trade)),
            money=permissions.allowed(actor, "trade.money", service.relation_of(actor, trade)),
            transfer=transferring.chosen(session, found.rows),
            by_bank=transferring.is_offered(session, found.rows),
            head=showing.head(found, actor, names),
            story=showing.story(session, found, names),
            sides={side.value: timeline.SIDES[side] for side in timeline.Side},
            ending_grounds=grounds.LABELS,
            faults=forms.faults(faults) if faults else {},
            values=forms.sent(),
        )
    return page, 422 if faults else 200


def _standing(asset_id: uuid.UUID, faults: ValidationError | None = None) -> ResponseReturnValue:
    actor = current_actor()
    with read() as session:
        asset = registry.asset_of(session, actor, asset_id)
    page = render_template(
        "pages/trades/standing.html",
        asset=asset,
        acts=[(act, ACT_LABELS[act]) for act in suspension.offered(actor, asset)],
        faults=forms.faults(faults) if faults else {},
        values=forms.sent(),
    )
    return page, 422 if faults else 200


def _done(number: str, sentence: str) -> ResponseReturnValue:
    flash(sentence, "done")
    return redirect(url_for("trades.one", number=number), 303)
