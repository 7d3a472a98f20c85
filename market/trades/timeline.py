"""The story of one trade: what happened, who did it, which ledger entry; and who must act next, by when.

The entries carry the trade's one handle, so the contract's and the payment's steps stand in the same line.
"""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from market import steps
from market.delivery import service as delivery
from market.i18n import lazy
from market.steps import Kind, Step
from market.trades import acts, instalments
from market.trades.acceptance import AcceptanceState
from market.trades.acts import Standing
from market.trades.agreement import AgreementState
from market.trades.duty import DutyState
from market.trades.models import Trade
from market.trades.redress import RedressState
from market.trades.service import Life


class Side(StrEnum):
    """Who acts in a trade."""

    PROVIDER = "provider"
    BUYER = "buyer"
    OPERATOR = "operator"
    EXCHANGE = "exchange"


@dataclass(frozen=True)
class Happened:
    """One entry of the ledger about this trade.

    Attributes:
        kind: the step's name.
        side: who took it; the exchange itself for jobs.
        time: aware UTC, the writer's claim; the order is the ledger's.
        entry_id: the ledger entry.
        index: its place in the log, None until integrated.
    """

    kind: Kind
    side: Side
    time: datetime
    entry_id: uuid.UUID
    index: int | None


@dataclass(frozen=True)
class Next:
    """Who must act now.

    Attributes:
        side: whom the trade waits for.
        what: a stable word: pay, instalment, fetch, accept, rule, receipt, release, refund, divide, close, repay,
            recover, bank, delete.
        by: the deadline; None where there is none.
    """

    side: Side
    what: str
    by: datetime | None


def happened(session: Session, trade: Trade) -> list[Happened]:
    """Return the entries of a trade in their order."""
    return [
        Happened(Kind(step.kind), side_of(step, trade), step.time, step.entry_id, index)
        for step, index in steps.story(session, trade.handle)
    ]


def awaited(session: Session, rows: Life, standing: Standing) -> Next | None:
    """Return whom the trade waits for, or None when everything is done or nothing may follow."""
    if standing.frozen:
        return None
    debt = acts.owed(standing)
    if debt is not None:
        return Next(Side.EXCHANGE, debt.value, None)
    if standing.in_dispute:
        return Next(Side.OPERATOR, "rule", None)
    if standing.dispute is not None and standing.dispute.value == "RULED":
        return Next(Side.EXCHANGE, "bank" if standing.questioned else "close", None)
    if standing.redress is not None:
        return Next(Side.EXCHANGE, "repay" if standing.redress is RedressState.ORDERED else "recover", None)
    bank = Next(Side.EXCHANGE, "bank", None) if standing.questioned else None
    return _of_buyer(session, rows, standing) or bank or _deletion(rows)


def _of_buyer(session: Session, rows: Life, standing: Standing) -> Next | None:
    """Return what the buyer does next: pay an instalment, or what the delivery asks for; the nearer deadline first."""
    due, word = instalments.payable(rows.settlements), _word(session, rows, standing)
    if due is None:
        return word
    if not instalments.began(rows.settlements):
        return Next(Side.BUYER, "pay", due.due_at)
    first = word is None or word.by is None or due.due_at <= word.by
    return Next(Side.BUYER, "instalment", due.due_at) if first else word


def _word(session: Session, rows: Life, standing: Standing) -> Next | None:
    spoken = standing.acceptance is not AcceptanceState.PENDING or standing.dispute is not None
    if spoken or standing.agreement is AgreementState.TERMINATED:
        return None
    if standing.delivered:
        return Next(Side.BUYER, "accept", rows.acceptance.due_at)
    return _fetching(session, rows)


def _deletion(rows: Life) -> Next | None:
    owed = rows.duty is not None and rows.duty.state is not DutyState.PERFORMED
    return Next(Side.BUYER, "delete", rows.duty.due_at) if owed and rows.duty else None


def otherwise(awaits: Next, priced: bool) -> str | None:
    """Return what happens by itself when nobody acts in time; None where nothing does.

    Args:
        awaits: whom the trade waits for.
        priced: whether money is to be paid.
    """
    if awaits.by is None:
        return None
    sentence = OTHERWISE.get((awaits.what, priced))
    return str(sentence) if sentence else None


def ahead(awaits: Next | None, priced: bool) -> list[dict[str, Any]]:
    """Return the steps still to come as the page's timeline shows them, the one that is due now first."""
    if awaits is None:
        return []
    course = COURSES.get(awaits.what, (awaits.what,))
    return [
        {"label": STEPS[what], "state": "next" if place else "now", "by": None if place else awaits.by}
        for place, what in enumerate(course)
        if priced or what != "release"
    ]


def _fetching(session: Session, rows: Life) -> Next | None:
    grant = delivery.grant_of(session, rows.trade.id)
    if delivery.awaits_receipt(session, grant):
        return Next(Side.EXCHANGE, "receipt", None)
    if rows.agreement.state is AgreementState.EXPIRED:
        return None
    return Next(Side.BUYER, "fetch", grant.fetch_until)


def side_of(step: Step, trade: Trade) -> Side:
    """Return who took a step of a trade."""
    if step.organisation_id == trade.provider_id:
        return Side.PROVIDER
    if step.organisation_id == trade.buyer_id:
        return Side.BUYER
    return Side.OPERATOR if step.organisation_id else Side.EXCHANGE


SIDES: Mapping[Side, Any] = {
    Side.PROVIDER: lazy("Provider"),
    Side.BUYER: lazy("Buyer"),
    Side.OPERATOR: lazy("Operator"),
    Side.EXCHANGE: lazy("The exchange"),
}

WAITS: Mapping[str, Any] = {
    "pay": lazy("The buyer pays the price."),
    "instalment": lazy("The buyer pays the next instalment."),
    "fetch": lazy("The buyer fetches the data."),
    "receipt": lazy("The exchange writes the receipt."),
    "accept": lazy("The buyer accepts or rejects what was delivered; silence is acceptance."),
    "rule": lazy("The operator rules on the dispute."),
    "release": lazy("The exchange transfers the price less the platform fee to the provider."),
    "refund": lazy("The exchange refunds the price to the buyer."),
    "divide": lazy("The exchange sends both their part of the price, as ruled."),
    "repay": lazy("The exchange pays the buyer back, as the operator ordered."),
    "recover": lazy("The exchange takes the provider's part of it back."),
    "close": lazy("The exchange closes the dispute."),
    "bank": lazy("The buyer's bank decides about the payment that it questions."),
    "delete": lazy("The agreement has ended: the buyer deletes the data with all copies and states it here."),
}

OTHERWISE: Mapping[tuple[str, bool], Any] = {
    ("pay", True): lazy("If it is not paid by then, the trade is cancelled by itself."),
    ("instalment", True): lazy("If it is not paid by then, the data cannot be fetched until it is."),
    ("fetch", True): lazy(
        "If nothing is fetched by then, the price is refunded; if only a part was, the operator rules."
    ),
    ("fetch", False): lazy("After that the data can no longer be fetched under this contract."),
    ("accept", True): lazy(
        "Silence until then is acceptance: the price less the platform fee goes to the provider."
    ),
    ("accept", False): lazy("Silence until then is acceptance."),
    ("delete", True): lazy("If it is not stated by then, the record says so, and it can still be made good."),
    ("delete", False): lazy(
        "If it is not stated by then, the record says so, and it can still be made good."
    ),
}
"""What the exchange does by itself when a deadline passes (R5.3, R5.5), with and without a price."""

STEPS: Mapping[str, Any] = {
    "pay": lazy("Pay the price"),
    "instalment": lazy("Pay the next instalment"),
    "fetch": lazy("Fetch the data"),
    "receipt": lazy("Receipt of the delivery"),
    "accept": lazy("Accept or reject"),
    "release": lazy("Price to the provider"),
    "bank": lazy("Decision of the buyer's bank"),
    "refund": lazy("Price back to the buyer"),
    "divide": lazy("Price divided between both"),
    "repay": lazy("Money back to the buyer"),
    "recover": lazy("Money back from the provider"),
    "rule": lazy("Ruling of the operator"),
    "close": lazy("Close the dispute"),
    "delete": lazy("Delete the data"),
}
"""The reader's word for each step that can still come."""

COURSES: Mapping[str, tuple[str, ...]] = {
    "pay": ("pay", "fetch", "accept", "release"),
    "fetch": ("fetch", "accept", "release"),
    "receipt": ("receipt", "accept", "release"),
    "accept": ("accept", "release"),
    "rule": ("rule", "close"),
    "repay": ("repay", "recover"),
}
"""What is still to come from each point on, when nobody objects."""
