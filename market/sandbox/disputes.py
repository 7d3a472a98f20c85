"""Disputes: a bank takes money back, hears what is said against it, and decides.

Source: Stripe, "Disputes" and "Testing" (the evidence texts that win and lose).
"""

from market.sandbox.calls import Call, Json
from market.sandbox.methods import method_of
from market.sandbox.money import move
from market.sandbox.refusals import wrong

FEE = 1_500
"""What the platform asks for a dispute, minor units; given back when it is won."""

DAYS_TO_ANSWER = 20

WINNING, LOSING = "winning_evidence", "losing_evidence"
"""What ``evidence[uncategorized_text]`` decides a dispute with, as in Stripe's test mode."""

VERDICT_SECONDS = 0
"""How long a bank thinks about evidence, unless a test wants otherwise."""

OPEN = ("needs_response", "under_review", "warning_needs_response", "warning_under_review")
DECIDED = ("won", "lost", "warning_closed")

TEXTS = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation",
    "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt", "refund_policy",
    "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
    "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation",
    "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip
"""What evidence may be given; the last part of each name tells texts from ids of files."""


def open_dispute(
    call: Call, charge: Json, *, reason: str, amount: int | None = None, inquiry: bool = False
) -> Json:
    """Let the payer's bank question a charge; unless it only asks, the money is gone at once.

    Args:
        call: the request.
        charge: a charge that brought money.
        reason: the bank's word.
        amount: minor units; what is left of the charge when None.
        inquiry: whether the bank only asks.

    Raises:
        Refusal: nothing is left of the charge, or it is disputed already.
    """
    left = charge["amount"] - charge["amount_refunded"]
    asked = left if amount is None else amount
    if not charge["paid"] or charge.get("_charged_back") or not 0 < asked <= left:
        raise wrong(f"Charge {charge['id']} cannot be disputed for {asked}.", param="charge")
    dispute = call.made(
        "dispute",
        "du",
        amount=asked,
        balance_transactions=[],
        charge=charge["id"],
        currency=charge["currency"],
        enhanced_eligibility_types=[],
        evidence={**dict.fromkeys(TEXTS), "enhanced_evidence": {}},
        evidence_details={
            "due_by": call.now + DAYS_TO_ANSWER * 86_400,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        is_charge_refundable=inquiry,
        metadata={},
        payment_intent=charge["payment_intent"],
        payment_method_details={
            "type": "card",
            "card": {
                "brand": "visa",
                "case_type": "inquiry" if inquiry else "chargeback",
                "network_reason_code": "10" if inquiry else "10.4",
            },
        },
        reason=reason,
        status="warning_needs_response" if inquiry else "needs_response",
    )
    charge |= {"disputed": True, "_charged_back": not inquiry}
    call.store.save(charge)
    if not inquiry:
        _moved(call, dispute, -asked, FEE, "dispute")
    call.emit("charge.dispute.created", dispute)
    if not inquiry:
        call.emit("charge.dispute.funds_withdrawn", dispute)
    return dispute


def open_later(call: Call, id: str) -> None:
    """Open the dispute that a test card brings; not when the money is back already."""
    charge = call.get("charge", id)
    method = call.get("payment_method", charge["payment_method"])
    from_card = method_of(method)
    if charge["amount_refunded"] < charge["amount"]:
        open_dispute(call, charge, reason=from_card.dispute, inquiry=from_card.inquiry)


def update(call: Call) -> Json:
    """Take evidence in; submitted, it is final and the bank decides."""
    dispute = call.get("dispute", call.id, "dispute")
    if dispute["status"] not in ("needs_response", "warning_needs_response"):
        raise wrong("This dispute is already closed, or evidence was submitted for it.", param="evidence")
    given = call.params.get("evidence", {})
    dispute["evidence"] |= given
    dispute["metadata"] |= call.params.get("metadata", {})
    details = dispute["evidence_details"]
    details["has_evidence"] = any(dispute["evidence"].values())
    if given and call.params.get("submit", True):
        details["submission_count"] += 1
        dispute["status"] = dispute["status"].replace("needs_response", "under_review")
        if dispute["evidence"]["uncategorized_text"] in (WINNING, LOSING):
            call.later("verdict", dispute["id"], "dispute_after", VERDICT_SECONDS)
    call.store.save(dispute)
    call.emit("charge.dispute.updated", dispute)
    return dispute


def close(call: Call) -> Json:
    """Accept a dispute as lost."""
    dispute = call.get("dispute", call.id, "dispute")
    if dispute["status"] not in OPEN:
        raise wrong("This dispute is already closed", code="dispute_already_closed")
    return decide(call, dispute, "lost")


def verdict(call: Call, id: str) -> None:
    """Decide by the evidence that was given."""
    dispute = call.get("dispute", id)
    wins = dispute["evidence"]["uncategorized_text"] == WINNING
    if dispute["status"] == "under_review":
        decide(call, dispute, "won" if wins else "lost")
    elif dispute["status"] == "warning_under_review":
        decide(call, dispute, "warning_closed")


def decide(call: Call, dispute: Json, status: str) -> Json:
    """End a dispute; won, its money and its fee come back, and a lost inquiry takes none.

    Raises:
        Refusal: it has ended already, or only one of the other sort can end so.
    """
    inquiry = dispute["status"].startswith("warning_")
    possible = ("warning_closed", "lost") if inquiry else ("won", "lost")
    if dispute["status"] not in OPEN or status not in possible:
        raise wrong(f"A dispute that is {dispute['status']} cannot become {status}.", param="status")
    dispute["status"] = "warning_closed" if inquiry else status
    if status == "won":
        _moved(call, dispute, dispute["amount"], -FEE, "dispute_reversal")
    call.store.save(dispute)
    if status == "won" or inquiry:
        call.store.save(call.get("charge", dispute["charge"]) | {"_charged_back": False})
    call.emit("charge.dispute.closed", dispute)
    if status == "won":
        call.emit("charge.dispute.funds_reinstated", dispute)
    return dispute


def _moved(call: Call, dispute: Json, amount: int, fee: int, category: str) -> None:
    movement = move(call, "adjustment", dispute, amount, fee, category=category)
    dispute["balance_transactions"].append(call.get("balance_transaction", movement))
    call.store.save(dispute)
