"""Trades for programs: the list, one trade with its story, and what people decide."""

import uuid
from typing import Any

from sqlalchemy.orm import Session

from market.contracting import bargaining, reading
from market.contracting.schemas import ContractStepOut, OfferIn
from market.contracting.schemas import shown as contract_shown
from market.db import read, transaction
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, idempotency_key
from market.payments.chargebacks.states import Answer
from market.steps import Step, index_of
from market.trades import (
    amending,
    consolidated,
    contesting,
    decisions,
    ending,
    exits,
    money,
    money_schemas,
    opening,
    redressing,
    renewing,
    schemas,
    service,
    showing,
    suspension,
    updating,
)
from market.trades.dispute import Ruling
from market.trades.exits import Statement
from market.trades.grounds import Cause, Ground

blueprint = Blueprint("trades_api", __name__, url_prefix="/api/v1", description="Trades and suspensions")


@blueprint.get("/trades")
@blueprint.arguments(schemas.TradesQuery, location="query")
@blueprint.response(200, schemas.TradesOut)
def listed(query: dict[str, Any]) -> dict[str, Any]:
    """List your trades, newest first; operators and auditors see all."""
    actor = current_actor()
    with read() as session:
        page = service.listed(session, actor, query.get("cursor"))
        return {"items": [showing.summary(session, trade) for trade in page.items], "next": page.next}


@blueprint.get("/trades/<number>")
@blueprint.response(200, schemas.TradeOut)
def one(number: str) -> dict[str, Any]:
    """Return one trade: where each machine stands, what happened, who must act next and by when."""
    actor = current_actor()
    with read() as session:
        return showing.detail(showing.shown(session, actor, number))


@blueprint.get("/trades/<number>/money")
@blueprint.response(200, money_schemas.TradeMoneyOut)
def show_money(number: str) -> dict[str, Any]:
    """Return the money of a trade: each payment operation by its steps, the postings and the balances."""
    actor = current_actor()
    with read() as session:
        return money.plain(money.shown(session, actor, number))


@blueprint.get("/trades/<number>/updates")
@blueprint.response(200, schemas.TradeUpdatesOut)
def updates(number: str) -> dict[str, Any]:
    """List the newer files that the buyer was told of under this contract, the newest first."""
    actor = current_actor()
    with read() as session:
        rows = service.seen(session, actor, number)
        found = updating.given(session, rows.trade.id)
        return {"items": [updating.facts(session, one) for one in found]}


@blueprint.post("/trades/<number>/payment")
@blueprint.response(200, schemas.TradePaymentOut)
def pay(number: str) -> dict[str, Any]:
    """Begin to pay, or go on; send the buyer's browser to the address in the answer."""
    opened = opening.pay(current_actor(), number)
    return {
        "number": number,
        "kind": opened.kind,
        "checkout_url": opened.url,
        "entry_id": opened.entry_id,
        "index": opened.index,
    }


@blueprint.post("/trades/<number>/acceptance")
@blueprint.response(200, schemas.TradeStepOut)
def accept(number: str) -> dict[str, Any]:
    """Accept what was delivered; the price less the platform fee goes to the provider."""
    actor = current_actor()
    with transaction() as session:
        return taken(session, number, decisions.accept(session, actor, number))


@blueprint.post("/trades/<number>/rejection")
@blueprint.arguments(schemas.TradeReasonIn)
@blueprint.response(200, schemas.TradeStepOut)
def reject(given: dict[str, Any], number: str) -> dict[str, Any]:
    """Reject what was delivered; the money is held until the operator rules."""
    actor = current_actor()
    with transaction() as session:
        return taken(session, number, decisions.reject(session, actor, number, given["reason"]))


@blueprint.post("/trades/<number>/cancellation")
@blueprint.arguments(schemas.TradeReasonIn)
@blueprint.response(200, schemas.TradeStepOut)
def cancel(given: dict[str, Any], number: str) -> dict[str, Any]:
    """Cancel (void) a trade of which nothing was fetched; what was paid is refunded in full."""
    actor = current_actor()
    with transaction() as session:
        return taken(session, number, decisions.cancel(session, actor, number, given["reason"]))


@blueprint.post("/trades/<number>/ruling")
@blueprint.arguments(schemas.RulingIn)
@blueprint.response(200, schemas.TradeStepOut)
def rule(given: dict[str, Any], number: str) -> dict[str, Any]:
    """Rule on a dispute: the price is released, refunded, or divided between both (operators only)."""
    actor = current_actor()
    with transaction() as session:
        step = decisions.rule(
            session, actor, number, Ruling(given["outcome"]), given["reason"], given.get("amount")
        )
        return taken(session, number, step)


@blueprint.post("/trades/<number>/redress")
@blueprint.arguments(schemas.RedressIn)
@blueprint.response(201, schemas.TradeStepOut)
def order_redress(given: dict[str, Any], number: str) -> dict[str, Any]:
    """Have a released price paid back, in full or in part; the provider's part is then taken back (operators only)."""
    actor = current_actor()
    with transaction() as session:
        step = redressing.order(session, actor, number, given["amount"], given["reason"], idempotency_key())
        return taken(session, number, step)


@blueprint.post("/trades/<number>/chargebacks/<uuid:chargeback_id>/answer")
@blueprint.arguments(schemas.ChargebackAnswerIn)
@blueprint.response(200, schemas.TradeStepOut)
def answer_chargeback(given: dict[str, Any], number: str, chargeback_id: uuid.UUID) -> dict[str, Any]:
    """Contest a chargeback with the trade's evidence, or accept it as lost; either is final (operators only)."""
    actor = current_actor()
    with transaction() as session:
        step = contesting.answer(session, actor, number, chargeback_id, Answer(given["answer"]))
        return taken(session, number, step)


@blueprint.post("/trades/<number>/termination")
@blueprint.arguments(schemas.TerminationIn)
@blueprint.response(200, schemas.TradeStepOut)
def end_agreement(given: dict[str, Any], number: str) -> dict[str, Any]:
    """Give notice, or end the agreement at once where its text needs no days for the ground."""
    actor = current_actor()
    with transaction() as session:
        step = ending.end(session, actor, number, Ground(given["ground"]), given["reason"])
        return taken(session, number, step)


@blueprint.post("/trades/<number>/retraction")
@blueprint.response(200, schemas.TradeStepOut)
def retract_notice(number: str) -> dict[str, Any]:
    """Take your notice back while it runs; the agreement goes on."""
    actor = current_actor()
    with transaction() as session:
        return taken(session, number, ending.retract(session, actor, number))


@blueprint.post("/trades/<number>/suspension")
@blueprint.arguments(schemas.SuspensionIn)
@blueprint.response(200, schemas.TradeStepOut)
def suspend_agreement(given: dict[str, Any], number: str) -> dict[str, Any]:
    """Suspend the buyer's use while a cause lasts that the contract names (providers only)."""
    actor = current_actor()
    with transaction() as session:
        step = ending.suspend(session, actor, number, Cause(given["cause"]), given["reason"])
        return taken(session, number, step)


@blueprint.post("/trades/<number>/restoration")
@blueprint.response(200, schemas.TradeStepOut)
def restore_agreement(number: str) -> dict[str, Any]:
    """Let an agreement that you suspended go on."""
    actor = current_actor()
    with transaction() as session:
        return taken(session, number, ending.restore(session, actor, number))


@blueprint.post("/trades/<number>/deletion")
@blueprint.arguments(schemas.DeletionIn)
@blueprint.response(200, schemas.TradeStepOut)
def state_deletion(given: dict[str, Any], number: str) -> dict[str, Any]:
    """State that the data are deleted after the end; with the certificate where the contract asks for one."""
    actor = current_actor()
    with transaction() as session:
        return taken(session, number, exits.perform(session, actor, number, Statement(**given)))


@blueprint.post("/trades/<number>/amendments")
@blueprint.arguments(OfferIn)
@blueprint.response(201, ContractStepOut)
def propose_amendment(data: dict[str, Any], number: str) -> dict[str, Any]:
    """Propose to amend the contract in force; it is answered, accepted and signed as every contract is."""
    actor = current_actor()
    with read() as session:
        parent = reading.agreed(session, service.seen(session, actor, number).agreement.contract_id)
    values = bargaining.changed(parent, data["changes"])
    made = amending.propose(actor, number, data["base"], values, data["comment"], idempotency_key())
    with read() as session:
        body = contract_shown(reading.detail(session, actor, made.number))
        return {**body, "entry_id": made.step_id, "index": index_of(session, made.step_id)}


@blueprint.post("/trades/<number>/renewal")
@blueprint.response(201, ContractStepOut)
def renew_contract(number: str) -> dict[str, Any]:
    """Ask for a new contract with the terms in force, whose term begins when the present one ends (buyers only)."""
    actor = current_actor()
    made = renewing.renew(actor, number, idempotency_key())
    with read() as session:
        body = contract_shown(reading.detail(session, actor, made.number))
        return {**body, "entry_id": made.step_id, "index": index_of(session, made.step_id)}


@blueprint.get("/contracts/<number>/at/<moment>")
@blueprint.response(200, schemas.ConsolidatedOut)
def show_contract_at(number: str, moment: str) -> dict[str, Any]:
    """Return which text was in force on a day (in China) or at a moment, and where the agreement stood then."""
    actor, then = current_actor(), consolidated.moment_of(moment)
    with read() as session:
        return consolidated.plain(consolidated.at(session, actor, number, then))


@blueprint.post("/assets/<uuid:asset_id>/<any(suspension, restoration, cancellation):act>")
@blueprint.arguments(schemas.TradeReasonIn)
@blueprint.response(200, schemas.AssetActOut)
def decide_asset(given: dict[str, Any], asset_id: uuid.UUID, act: str) -> dict[str, Any]:
    """Suspend, restore or cancel a registration; its listings and its deliveries follow in the same step."""
    actor = current_actor()
    with transaction() as session:
        step = suspension.decide_asset(session, actor, asset_id, suspension.ACTS[act], given["reason"])
        return {
            "asset_id": asset_id,
            "kind": step.kind,
            "entry_id": step.id,
            "index": index_of(session, step.id),
        }


def taken(session: Session, number: str, step: Step) -> dict[str, Any]:
    """Return what a program is told of a step."""
    return {"number": number, "kind": step.kind, "entry_id": step.id, "index": index_of(session, step.id)}
