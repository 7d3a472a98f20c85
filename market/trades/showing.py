"""A trade as its parties, the operator and the auditor see it: states, story, what may be done."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from contracts.models import Contract
from contracts.terms import Terms
from market import permissions
from market.actor import Actor
from market.contracting import proposals, renewals
from market.contracting import service as contracting
from market.contracting.models import Waiver
from market.contracting.waiver_reading import waiver_of
from market.delivery import service as delivery
from market.delivery.models import AccessGrant, Receipt
from market.i18n import in_language
from market.payments import service as payments
from market.payments.service import Chargeback
from market.permissions import Relation
from market.steps import Step
from market.steps.telling import told
from market.trades import acts, grounds, redressing, service, timeline, updating, waiting
from market.trades.acts import Act
from market.trades.models import Redress, Trade
from market.trades.service import Life
from market.trades.settlement import whole
from market.trades.timeline import Happened, Next, Side
from market.trades.updating import Given

Names = Mapping[uuid.UUID, Mapping[str, str]]

ACTIONS = {
    Act.PAY: "payment.begin",
    Act.FETCH: "delivery.download",
    Act.ACCEPT: "acceptance.accept",
    Act.REJECT: "acceptance.reject",
    Act.CANCEL: "trade.cancel",
    Act.RULE: "dispute.rule",
    Act.END: "agreement.end",
    Act.RETRACT: "agreement.end",
    Act.SUSPEND: "agreement.suspend",
    Act.RESTORE: "agreement.suspend",
    Act.DELETE: "duty.perform",
    Act.AMEND: "contract.offer",
    Act.RENEW: "contract.renew",
    Act.REDRESS: "redress.order",
}
"""The permission behind each act."""


@dataclass(frozen=True)
class Shown:
    """Everything one reader sees of a trade.

    Attributes:
        rows: the trade and its machines.
        grant: its delivery.
        receipt: None until the whole file was handed over.
        updates: newer files that the buyer was told of, the newest first.
        entries: what happened, in order.
        next: whom the trade waits for; None when it is done.
        contracts: the first contract and every proposal to amend it, oldest first.
        terms_digest: SHA-256 of the terms in force.
        renews: number of the trade that this one goes on from.
        renewed_by: number of the contract that goes on from this trade's, open or in force.
        redresses: what was paid back after the release, the first one first.
        chargebacks: payments of the trade that the buyer's bank questioned, the first one first.
        waiver: the startup waiver it is under; None for none.
        left: minor units of the price that can still be paid back.
        possible: what this reader may do now.
        frozen: whether the last step was recovered without its values, so that none may follow.
    """

    rows: Life
    grant: AccessGrant
    receipt: Receipt | None
    updates: list[Given]
    entries: list[Happened]
    next: Next | None
    contracts: list[Contract]
    terms_digest: str
    renews: str | None
    renewed_by: str | None
    redresses: list[Redress]
    chargebacks: list[Chargeback]
    waiver: Waiver | None
    left: int
    possible: list[Act]
    frozen: bool


def shown(session: Session, actor: Actor, number: str) -> Shown:
    """Return a trade with its story.

    Raises:
        NotFound: there is none, or the actor may not know of it.
    """
    rows = service.seen(session, actor, number)
    standing = service.standing(session, rows)
    relation = service.relation_of(actor, rows.trade)
    grant = delivery.grant_of(session, rows.trade.id)
    allowed = acts.possible(standing)
    return Shown(
        rows=rows,
        grant=grant,
        receipt=delivery.receipt_of(session, grant.id),
        updates=updating.given(session, rows.trade.id),
        entries=timeline.happened(session, rows.trade),
        next=timeline.awaited(session, rows, standing),
        contracts=[contract for _request, contract in proposals.line(session, rows.trade.handle)],
        terms_digest=contracting.agreed(session, rows.agreement.contract_id).contract.terms_digest,
        renews=renewals.renews(session, rows.trade.handle),
        renewed_by=renewals.renewed_by(session, rows.trade.handle),
        redresses=service.redresses(session, rows.trade.id),
        chargebacks=payments.chargebacks_of(session, rows.trade.number),
        waiver=waiver_of(session, rows.trade.handle),
        left=redressing.left(session, rows),
        possible=[
            act
            for act in Act
            if act in allowed
            and permissions.allowed(actor, ACTIONS[act], relation)
            and _agreed(session, rows, act, relation)
        ],
        frozen=standing.frozen,
    )


def head(found: Shown, actor: Actor, names: Names) -> dict[str, Any] | None:
    """Return who must act next, what, by when and what happens otherwise, as the page's head shows it."""
    awaits = found.next
    if awaits is None:
        return None
    return {
        "who": called(awaits.side, found.rows.trade, names),
        "mine": awaits.side in waiting.sides_of(actor, found.rows.trade),
        "what": timeline.WAITS[awaits.what],
        "by": awaits.by,
        "otherwise": timeline.otherwise(awaits, bool(found.rows.settlements)),
    }


def story(session: Session, found: Shown, names: Names) -> list[dict[str, Any]]:
    """Return the one line of a trade: what happened, each with its entry, and what is still to come."""
    trade = found.rows.trade

    def who(step: Step) -> str:
        return called(timeline.side_of(step, trade), trade, names)

    return told(session, trade.handle, who) + timeline.ahead(found.next, bool(found.rows.settlements))


def detail(found: Shown) -> dict[str, Any]:
    """Return a trade for a program."""
    return {
        **_facts(found.rows.trade),
        "states": states(found.rows, found.grant),
        "fee": sum(one.fee for one in found.rows.settlements) if found.rows.settlements else None,
        "refund": sum(one.refund for one in found.rows.settlements) if found.rows.settlements else None,
        "instalments": found.rows.settlements,
        "redresses": found.redresses,
        "chargebacks": found.chargebacks,
        "rules": found.rows.trade.rules,
        "frozen": found.frozen,
        "possible": [act.value for act in found.possible],
        "next": found.next,
        "notice": found.rows.notice,
        "duty": found.rows.duty,
        "contracts": [
            {"number": one.number, "state": one.state.value, "amends": place > 0}
            for place, one in enumerate(found.contracts)
        ],
        "terms_digest": found.terms_digest,
        "renews": found.renews,
        "renewed_by": found.renewed_by,
        "waiver": found.waiver,
        "timeline": found.entries,
    }


def summary(session: Session, trade: Trade) -> dict[str, Any]:
    """Return a trade for a list."""
    rows = service.life(session, trade.number)
    return {**_facts(trade), "states": states(rows, delivery.grant_of(session, trade.id))}


def states(rows: Life, grant: AccessGrant) -> dict[str, str | None]:
    """Return where each machine of a trade stands; of the settlements as a whole."""
    money = whole([one.state for one in rows.settlements])
    return {
        "contract": "FINALIZED",
        "agreement": rows.agreement.state.value,
        "settlement": money.value if money else None,
        "transfer": grant.transfer.value,
        "grant": grant.state.value,
        "acceptance": rows.acceptance.state.value,
        "dispute": rows.dispute.state.value if rows.dispute else None,
    }


def called(side: Side, trade: Trade, names: Names) -> str:
    """Name a side of a trade: its role, and for a party the organisation."""
    parties = {Side.PROVIDER: trade.provider_id, Side.BUYER: trade.buyer_id}
    role = str(timeline.SIDES[side])
    return f"{role} · {in_language(names[parties[side]])}" if side in parties else role


def _agreed(session: Session, rows: Life, act: Act, relation: Relation) -> bool:
    """Tell whether the signed text, or the trade's rule book, gives what the table of acts leaves open to any."""
    match act:
        case Act.RETRACT:
            return rows.notice is not None and rows.notice.side is relation
        case Act.REDRESS:
            return redressing.left(session, rows) > 0 and service.has_rule(rows.trade, redressing.RULE)
        case Act.AMEND | Act.RENEW:
            return isinstance(service.terms_of(session, rows), Terms)
        case Act.END | Act.SUSPEND:
            terms = service.terms_of(session, rows)
            return bool(grounds.ends(terms, relation)) if act is Act.END else grounds.suspends(terms)
        case _:
            return True


def _facts(trade: Trade) -> dict[str, Any]:
    return {
        "number": trade.number,
        "title": trade.title,
        "provider_id": trade.provider_id,
        "buyer_id": trade.buyer_id,
        "amount": trade.amount,
        "currency": trade.currency,
        "began_at": trade.began_at,
    }
