"""What may be invoiced for a trade: read from the payment operations, so that no amount is typed by anybody."""

from dataclasses import dataclass

from sqlalchemy.orm import Session

from market.errors import Conflict
from market.i18n import gettext as _
from market.invoicing.states import Matter
from market.payments import service as payments
from market.payments.chargebacks.states import ChargebackState
from market.payments.states import OperationKind, OperationState
from market.trades.models import Settlement
from market.trades.service import Life, redresses
from market.trades.settlement import SettlementState

UNDECIDED = frozenset({SettlementState.DUE, SettlementState.FUNDED, SettlementState.CANCELLED})
"""States of a settlement in which nobody was paid yet."""

CURRENCY = "CNY"
"""The currency of invoices; the exchange converts no amount."""


@dataclass(frozen=True)
class Paid:
    """What was paid for an instalment and is not on its way back.

    Attributes:
        data: minor units that the buyer paid and did not get back.
        fee: minor units of it that the exchange kept.
    """

    data: int = 0
    fee: int = 0

    def of(self, matter: Matter) -> int:
        """Return the minor units for a matter."""
        return self.data if matter is Matter.DATA else self.fee


def billable(session: Session, rows: Life, due: Settlement | None) -> Paid:
    """Return what of an instalment may be invoiced now; nothing before its money is released.

    A refund that was begun counts as made, so that nothing is invoiced that is about to go back.
    """
    if due is None or due.state in UNDECIDED:
        return Paid()
    begun = frozenset({OperationState.PLANNED, OperationState.OPEN, OperationState.OK})
    return _reckoned(session, rows, due, begun)


def kept(session: Session, rows: Life, due: Settlement | None) -> Paid:
    """Return what of an instalment was paid and did not go back: an invoice over more must be reddened."""
    return _reckoned(session, rows, due, frozenset({OperationState.OK})) if due else Paid()


def instalment(rows: Life, ordinal: int) -> Settlement | None:
    """Return an instalment by its place; None where the trade has none there."""
    return next((one for one in rows.settlements if one.ordinal == ordinal), None)


def demand(session: Session, rows: Life, due: Settlement | None, matter: Matter) -> int:
    """Return the minor units of an instalment that may be invoiced for a matter.

    Raises:
        Conflict: ``invoice.not_released``: the money is due or held; ``invoice.nothing_paid``: nothing was paid or all
            of it went back; ``invoice.other_currency``: it was not paid in yuan.
    """
    if due is not None and due.state in {SettlementState.DUE, SettlementState.FUNDED}:
        raise Conflict("invoice.not_released", _("Ask for the invoice once the price is released (R8.1)."))
    amount = billable(session, rows, due).of(matter)
    if due is None or not amount:
        raise Conflict(
            "invoice.nothing_paid",
            _("Nothing was paid for this, or all of it went back; there is no invoice."),
        )
    if due.currency != CURRENCY:
        raise Conflict(
            "invoice.other_currency",
            _("Invoices here are in yuan, and this was paid in another currency. Settle it with the seller."),
        )
    return amount


def _reckoned(session: Session, rows: Life, due: Settlement, counting: frozenset[OperationState]) -> Paid:
    own = [one for one in payments.operations_of(session, rows.trade.number) if one.settlement_id == due.id]
    made = {
        one.id: one.amount
        for one in own
        if one.kind is OperationKind.CHECKOUT and one.state is OperationState.OK
    }
    back = [
        one
        for one in own
        if one.kind is OperationKind.REFUND and one.source_id in made and one.state in counting
    ]
    fee = sum(
        one.fee
        for one in own
        if one.kind is OperationKind.TRANSFER and one.source_id in made and one.state is OperationState.OK
    )
    # What the buyer's bank kept went back as well, and is no operation of ours. A refund after the release may give a
    # part of the fee back, which then stands at the refund; after a lost chargeback it stands at the redress.
    lost = [
        one.withdrawn
        for one in payments.chargebacks_of(session, rows.trade.number)
        if one.operation_id in made and one.state is ChargebackState.LOST
    ]
    given = [
        one.fee
        for one in redresses(session, rows.trade.id)
        if one.settlement_id == due.id and one.chargeback_id is not None
    ]
    data = sum(made.values()) - sum(one.amount for one in back) - sum(lost)
    return Paid(max(data, 0), max(fee - sum(one.fee for one in back) - sum(given), 0))
