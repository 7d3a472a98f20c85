"""What the operator says to the buyer's bank when it questions a payment: the trade's own evidence, or nothing (R6.5).

The evidence is made of what stands in the record, so that the bank reads what anybody may check: the contract and
the digest that both signed, what was delivered when and its digest, and the buyer's word on it.
"""

import uuid
from datetime import datetime
from typing import Final

from sqlalchemy.orm import Session

from market import permissions
from market.actor import Actor
from market.contracting import reading as contracting
from market.delivery import service as delivery
from market.errors import NotFound
from market.i18n import gettext as _
from market.payments import service as payments
from market.payments.chargebacks.states import Answer
from market.steps import Kind, Step, steps_of
from market.trades import service
from market.trades.service import Life

ACTION: Final = "chargeback.answer"
_TOLD: Final = (
    Kind.CONTRACT_FINALIZED, Kind.PAYMENT_SETTLED, Kind.DELIVERY_COMPLETED, Kind.ACCEPTANCE_ACCEPTED,
    Kind.ACCEPTANCE_DEEMED, Kind.ACCEPTANCE_REJECTED, Kind.DISPUTE_RULED, Kind.SETTLEMENT_RELEASED,
)  # fmt: skip
"""Steps that the evidence names with their time."""


def answer(session: Session, actor: Actor, number: str, chargeback_id: uuid.UUID, said: Answer) -> Step:
    """Contest a chargeback with the trade's evidence, or accept it as lost; either is final.

    Args:
        session: the session of the transaction.
        actor: an operator.
        number: the trade's number.
        chargeback_id: which chargeback of it.
        said: which of both.

    Raises:
        NotFound: no such trade or chargeback, or not one the actor may see.
        Forbidden: the actor is not an operator, or its organisation is a party (R1.5).
        Conflict: it was answered otherwise, the bank has decided, or its time is over.
    """
    rows = service.seen(session, actor, number, lock=True)
    permissions.require(actor, ACTION, service.relation_of(actor, rows.trade))
    if payments.chargeback(session, chargeback_id).number != number:
        raise NotFound("chargeback.not_found", _("There is no such chargeback."))
    evidence = evidence_of(session, rows) if said is Answer.CONTEST else None
    return payments.plan_answer(session, actor, chargeback_id, said, evidence)


def evidence_of(session: Session, rows: Life) -> dict[str, str]:
    """Return what the record says of a trade, as texts by the platform's names."""
    trade = rows.trade
    contract = contracting.agreed(session, rows.agreement.contract_id).contract
    grant = delivery.grant_of(session, trade.id)
    receipt = delivery.receipt_of(session, grant.id)
    lines = [
        f"Contract {contract.number}, signed by both parties; SHA-256 of the signed terms {contract.terms_digest}.",
        *(
            f"{_at(step.time)} {step.kind} (ledger entry {step.entry_id})"
            for step in steps_of(session, trade.handle)
            if step.kind in _TOLD
        ),
        f"Acceptance: {rows.acceptance.state.value}.",
    ]
    found = {"product_description": f"Licensed data file, trade {trade.number}"}
    if receipt is not None:
        found |= {
            "service_date": f"{receipt.completed_at:%Y-%m-%d}",
            "access_activity_log": (
                f"File of {receipt.size} bytes, SHA-256 {receipt.digest}; first byte {_at(receipt.first_byte_at)}, "
                f"last byte {_at(receipt.completed_at)}."
            ),
        }
    return {**found, "uncategorized_text": "\n".join(lines)}


def _at(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"
