"""Words for states and steps: what each is called for the reader, and the tone a state is shown in."""

from collections.abc import Mapping
from typing import Any, Final

from market.i18n import lazy

STATES: Final[Mapping[str, tuple[str, Any]]] = {
    # organisation, member, invitation
    "APPLIED": ("wait", lazy("Applied")),
    "VERIFIED": ("good", lazy("Verified")),
    "REFUSED": ("bad", lazy("Refused")),
    "SUSPENDED": ("bad", lazy("Suspended")),
    "CLOSED": ("rest", lazy("Closed")),
    "ACTIVE": ("good", lazy("Active")),
    "REMOVED": ("rest", lazy("Removed")),
    "RETIRED": ("rest", lazy("Retired")),
    "REVOKED": ("bad", lazy("Revoked")),
    "OPEN": ("wait", lazy("Open")),
    "USED": ("rest", lazy("Used")),
    # registration
    "DRAFT": ("rest", lazy("Draft")),
    "SUBMITTED": ("wait", lazy("Submitted")),
    "REVIEWED": ("wait", lazy("Reviewed")),
    "NOTICE": ("wait", lazy("Public notice")),
    "REGISTERED": ("good", lazy("Registered")),
    "REJECTED": ("bad", lazy("Rejected")),
    "CANCELLED": ("rest", lazy("Cancelled")),
    "EXPIRED": ("rest", lazy("Expired")),
    # listing
    "LISTED": ("good", lazy("Listed")),
    "WITHDRAWN": ("rest", lazy("Withdrawn")),
    # standing offer
    "EXHAUSTED": ("rest", lazy("Accepted as often as it may be")),
    # negotiation (Dataspace Protocol)
    "REQUESTED": ("wait", lazy("Requested")),
    "OFFERED": ("wait", lazy("Offered")),
    "ACCEPTED": ("good", lazy("Accepted")),
    "AGREED": ("wait", lazy("Signed by the provider")),
    "FINALIZED": ("good", lazy("In force")),
    "TERMINATED": ("bad", lazy("Terminated")),
    # transfer
    "STARTED": ("wait", lazy("Ready to download")),
    "COMPLETED": ("good", lazy("Completed")),
    # settlement
    "DUE": ("wait", lazy("Due")),
    "FUNDED": ("good", lazy("Funded")),
    "RELEASED": ("good", lazy("Released")),
    "REFUNDED": ("rest", lazy("Refunded")),
    "PARTIAL": ("rest", lazy("Partly released")),
    # acceptance, dispute
    "PENDING": ("wait", lazy("Pending")),
    "DEEMED": ("good", lazy("Deemed accepted")),
    "EVIDENCE": ("wait", lazy("Taking evidence")),
    "RULED": ("wait", lazy("Ruled")),
    # notice, duty
    "GIVEN": ("wait", lazy("Given")),
    "RETRACTED": ("rest", lazy("Taken back")),
    "EFFECTIVE": ("bad", lazy("Effective")),
    "LAPSED": ("rest", lazy("Lapsed")),
    "OWED": ("wait", lazy("Owed")),
    "MISSED": ("bad", lazy("Not performed in time")),
    "PERFORMED": ("good", lazy("Performed")),
    # invoices
    "ISSUED": ("good", lazy("Issued")),
    "RED_OWED": ("wait", lazy("Red-letter invoice owed")),
    "RED_ISSUED": ("rest", lazy("Red-letter invoice issued")),
    # redress
    "ORDERED": ("wait", lazy("Ordered")),
    "REPAID": ("wait", lazy("Buyer has its money back")),
    # chargebacks
    "INQUIRY": ("wait", lazy("The bank asks")),
    "WON": ("good", lazy("Decided for the exchange")),
    "LOST": ("bad", lazy("Lost")),
    # payment operations
    "PLANNED": ("wait", lazy("Planned")),
    "SENT": ("wait", lazy("Sent")),
    "OK": ("good", lazy("Done")),
    "FAILED": ("bad", lazy("Failed")),
    "STRAY": ("bad", lazy("Sent back")),
    "UNKNOWN": ("bad", lazy("Outcome unknown")),
    # reports on books and platform
    "PROPOSED": ("wait", lazy("Waits for a second person")),
    "RECORDED": ("wait", lazy("Waits for a second person")),
    "CONFIRMED": ("good", lazy("Confirmed by two people")),
    "DISMISSED": ("rest", lazy("Set aside")),
    "MADE": ("wait", lazy("Waits for a sign-off")),
    "SIGNED": ("good", lazy("Signed off")),
}
"""Tone (``good``, ``wait``, ``bad`` or ``rest``) and word of each state in this house."""

OWN: Final[Mapping[tuple[str, str], Any]] = {
    ("registration", "CANCELLED"): lazy("Registration cancelled"),
    ("negotiation", "ACCEPTED"): lazy("Offer accepted"),
    ("negotiation", "VERIFIED"): lazy("Signed by both"),
    ("offer", "OPEN"): lazy("Open for acceptance"),
    ("offer", "WITHDRAWN"): lazy("Offer withdrawn"),
    ("update", "WITHDRAWN"): lazy("Taken back"),
    ("payment", "OPEN"): lazy("Waiting for payment"),
    ("account", "PLANNED"): lazy("Payment account requested"),
    ("account", "PENDING"): lazy("Waiting for the payment platform"),
    ("account", "OPEN"): lazy("Can be paid"),
    ("bank_account", "OPEN"): lazy("In use"),
    ("chargeback", "OPEN"): lazy("Money taken, the bank decides"),
    ("grant", "OPEN"): lazy("Open for download"),
    ("acceptance", "REJECTED"): lazy("Rejected by the buyer"),
    ("invoice", "REQUESTED"): lazy("Invoice asked for"),
    ("invoice", "REFUSED"): lazy("Invoice refused"),
}
"""Words of states that mean something else in one machine than in the others, by machine and state."""

KINDS: Final[Mapping[str, Any]] = {
    "exchange.founded": lazy("Exchange founded"),
    "organisation.applied": lazy("Organisation applied"),
    "organisation.verified": lazy("Organisation verified"),
    "organisation.refused": lazy("Organisation refused"),
    "organisation.suspended": lazy("Organisation suspended"),
    "organisation.restored": lazy("Organisation restored"),
    "accreditation.given": lazy("Organisation accredited to inspect"),
    "accreditation.withdrawn": lazy("Accreditation withdrawn"),
    "member.invited": lazy("Member invited"),
    "member.joined": lazy("Member joined"),
    "member.removed": lazy("Member removed"),
    "member.changed": lazy("Member's roles changed"),
    "key.published": lazy("Key published"),
    "key.retired": lazy("Key retired"),
    "account.planned": lazy("Payment account requested"),
    "account.opened": lazy("Payment account opened"),
    "account.restricted": lazy("Payment account waits for the payment platform"),
    "asset.drafted": lazy("File stored and registration drafted"),
    "asset.inspected": lazy("File measured"),
    "asset.submitted": lazy("Submitted for review"),
    "asset.reviewed": lazy("Approved by a reviewer"),
    "asset.noticed": lazy("Put up for public notice"),
    "asset.registered": lazy("Registered"),
    "asset.rejected": lazy("Registration rejected"),
    "finding.corrected": lazy("Finding corrected by a reviewer"),
    "asset.appealed": lazy("Operator asked to let it go on"),
    "asset.released": lazy("Released by the operator"),
    "asset.held": lazy("Held by the operator"),
    "asset.declared": lazy("Content declared by the provider"),
    "asset.revised": lazy("Newer file uploaded"),
    "update.submitted": lazy("Newer file submitted for review"),
    "update.approved": lazy("Newer file approved"),
    "update.rejected": lazy("Newer file rejected"),
    "update.withdrawn": lazy("Newer file withdrawn"),
    "trade.updated": lazy("Buyer told of a newer file"),
    "update.delivered": lazy("Newer file handed over in full"),
    "revision.cleaned": lazy("File cleaned by a recipe"),
    "inspection.attested": lazy("Inspection by a third party attached"),
    "reconciliation.planned": lazy("Report on books and platform asked for"),
    "reconciliation.made": lazy("Report on books and platform made"),
    "reconciliation.signed": lazy("Report on books and platform signed off"),
    "asset.suspended": lazy("Registration suspended"),
    "asset.restored": lazy("Registration restored"),
    "asset.cancelled": lazy("Registration cancelled"),
    "listing.drafted": lazy("Listing drafted"),
    "listing.changed": lazy("Listing changed"),
    "listing.listed": lazy("Listing published"),
    "listing.suspended": lazy("Listing suspended"),
    "listing.restored": lazy("Listing restored"),
    "listing.withdrawn": lazy("Listing withdrawn"),
    "contract.requested": lazy("Contract requested"),
    "offer.opened": lazy("Standing offer signed"),
    "offer.withdrawn": lazy("Standing offer withdrawn"),
    "offer.expired": lazy("Standing offer expired"),
    "contract.offered": lazy("Offer made by the provider"),
    "contract.countered": lazy("Counter-offer made by the buyer"),
    "contract.accepted": lazy("Offer accepted"),
    "contract.commented": lazy("Comment on a clause"),
    "contract.suggested": lazy("Change of a clause suggested"),
    "contract.adopted": lazy("Suggestion taken up"),
    "contract.approved": lazy("Signature approved inside the organisation"),
    "contract.disapproved": lazy("Approval refused inside the organisation"),
    "contract.signed": lazy("Contract signed"),
    "contract.finalized": lazy("Contract in force"),
    "contract.declined": lazy("Request declined"),
    "contract.withdrawn": lazy("Request withdrawn"),
    "contract.expired": lazy("Request expired"),
    "contract.lapsed": lazy("Request ended: sold to another"),
    "payment.planned": lazy("Payment started"),
    "payment.opened": lazy("Pay page opened, or bank transfer announced"),
    "payment.settled": lazy("Payment received"),
    "payment.failed": lazy("Payment failed"),
    "payment.expired": lazy("Pay page expired"),
    "payment.strayed": lazy("Payment received that is sent back"),
    "payment.returned": lazy("Payment sent back"),
    "settlement.funded": lazy("Price held until acceptance"),
    "settlement.released": lazy("Price released to the provider"),
    "settlement.refunded": lazy("Price refunded to the buyer"),
    "settlement.cancelled": lazy("Nothing left to pay"),
    "settlement.divided": lazy("Price divided between both"),
    "settlement.missed": lazy("Instalment not paid in time"),
    "redress.ordered": lazy("Repayment after the release ordered"),
    "redress.repaid": lazy("Buyer paid back after the release"),
    "redress.closed": lazy("Repayment after the release closed"),
    "reversal.planned": lazy("Taking back from the provider started"),
    "reversal.made": lazy("Taken back from the provider"),
    "reversal.failed": lazy("Taking back from the provider failed"),
    "payee.proposed": lazy("Bank account entered"),
    "payee.confirmed": lazy("Bank account taken into use"),
    "payee.closed": lazy("Bank account closed"),
    "payment.withdrawn": lazy("Bank transfer taken back"),
    "payment.evidenced": lazy("Proof of a bank transfer sent"),
    "statement.imported": lazy("Bank statement imported"),
    "line.recorded": lazy("Line of the bank statement recorded"),
    "line.dismissed": lazy("Line of the bank statement set aside"),
    "chargeback.opened": lazy("Payment questioned by the buyer's bank"),
    "chargeback.changed": lazy("Chargeback changed"),
    "chargeback.contested": lazy("Chargeback contested"),
    "chargeback.conceded": lazy("Chargeback accepted as lost"),
    "chargeback.answered": lazy("Bank has the answer"),
    "chargeback.won": lazy("Chargeback won"),
    "chargeback.lost": lazy("Chargeback lost"),
    "chargeback.closed": lazy("Chargeback closed without a decision"),
    "chargeback.borne": lazy("Loss borne by the exchange"),
    "delivery.suspended": lazy("Delivery suspended while the bank decides"),
    "delivery.resumed": lazy("Delivery goes on"),
    "settlement.reduced": lazy("Held price reduced by a chargeback"),
    "transfer.planned": lazy("Transfer started"),
    "transfer.made": lazy("Transfer made"),
    "transfer.failed": lazy("Transfer failed"),
    "refund.planned": lazy("Refund started"),
    "refund.made": lazy("Refund made"),
    "refund.failed": lazy("Refund failed"),
    "delivery.completed": lazy("Delivered in full"),
    "acceptance.accepted": lazy("Accepted"),
    "acceptance.rejected": lazy("Rejected; a dispute is open"),
    "acceptance.deemed": lazy("Accepted by silence"),
    "dispute.opened": lazy("Dispute opened"),
    "dispute.ruled": lazy("Dispute ruled"),
    "dispute.closed": lazy("Dispute closed"),
    "trade.cancelled": lazy("Trade cancelled"),
    "opening.erased": lazy("Personal data erased"),
    "exchange.restored": lazy("Exchange restored from a backup"),
    "exchange.recovered": lazy("Lost entries recovered without their values"),
    "drill.completed": lazy("Restore practised"),
    "certificate.issued": lazy("Signing certificate issued"),
    "certificate.registered": lazy("Signing certificate of the party's own entered"),
    "certificate.revoked": lazy("Signing certificate revoked"),
    "factor.reset": lazy("Second factor reset"),
    "agreement.suspended": lazy("Agreement suspended"),
    "agreement.restored": lazy("Agreement restored"),
    "agreement.expired": lazy("Agreement expired"),
    "agreement.terminated": lazy("Agreement terminated"),
    "notice.given": lazy("Notice given to end the agreement"),
    "notice.retracted": lazy("Notice taken back"),
    "duty.performed": lazy("Deletion stated"),
    "duty.missed": lazy("Deletion not stated in time"),
    "approval.ruled": lazy("Rule of approval set"),
    "profile.changed": lazy("Title and tax data set"),
    "invoice.requested": lazy("Invoice asked for"),
    "invoice.issued": lazy("Invoice issued"),
    "invoice.refused": lazy("Invoice refused"),
    "invoice.reduced": lazy("Red-letter invoice owed"),
    "invoice.reddened": lazy("Red-letter invoice issued"),
    "amendment.proposed": lazy("Amendment proposed"),
    "amendment.finalized": lazy("Amendment in force"),
}
"""The reader's word for each kind of step; a test holds the list complete."""

BACK: Final = frozenset(
    {"refused", "removed", "rejected", "suspended", "cancelled", "declined", "withdrawn", "expired", "failed"}
    | {"held", "terminated", "strayed", "revoked", "missed", "disapproved"}
)
"""Participles of steps that stopped something; timelines show them in red. A dispute's opening is one too."""

FIELDS: Final[Mapping[str, Any]] = {
    "title": lazy("Title"),
    "comment": lazy("Comment"),
    "code": lazy("One-time code"),
    "summary": lazy("Description"),
    "source": lazy("Source"),
    "rights": lazy("Rights claimed"),
    "file": lazy("File"),
    "sector": lazy("Sector"),
    "price": lazy("Price in yuan"),
    "benefit": lazy("Benefit"),
    "model": lazy("Model text of the contract"),
    "rows": lazy("Rows, at least"),
    "completeness": lazy("Share of filled cells, at least"),
    "quality": lazy("Promised quality"),
    "uniqueness": lazy("Share of rows that are not repeated, at least"),
    "purposes": lazy("Purposes"),
    "permitted": lazy("Permitted"),
    "prohibited": lazy("Expressly prohibited"),
    "term_days": lazy("Term of use in days"),
    "reason": lazy("Reason"),
    "decision": lazy("Decision"),
    "column": lazy("Column"),
    "class": lazy("What it holds"),
    "act": lazy("Decision"),
    "outcome": lazy("Ruling"),
    "amount": lazy("Amount"),
    "name_zh": lazy("Chinese name"),
    "name_en": lazy("English name"),
    "credit_code": lazy("Unified social credit code"),
    "established_on": lazy("Date of establishment"),
    "authority": lazy("Authority"),
    "authority_basis": lazy("Basis"),
    "cost": lazy("Cost in yuan"),
    "cost_basis": lazy("What the cost is made up of"),
    "person": lazy("Your name"),
    "name": lazy("Your name"),
    "phone": lazy("Telephone"),
    "email": lazy("Email address"),
    "password": lazy("Password"),
    "present": lazy("Current password"),
    "roles": lazy("Roles"),
    "label": lazy("What the token is for"),
    "device": lazy("Name of the device"),
    "csr": lazy("Certification request"),
    "scopes": lazy("What it may do"),
    "days": lazy("Days it is valid"),
    "confirm": lazy("The person's address, once more"),
    "ground": lazy("Ground"),
    "cause": lazy("Cause"),
    "deleted_on": lazy("Deleted on"),
    "copies": lazy("Copies deleted"),
    "method": lazy("How they were deleted"),
    "kept": lazy("What is kept by law, and for how long"),
    "q": lazy("Search"),
    "party": lazy("Organisation"),
    "kind": lazy("Kind"),
    "since": lazy("From"),
    "until": lazy("Until, inclusive"),
}
"""What a form's fields are called above it, where its faults are listed."""


SETTLED = frozenset({("account", "OPEN"), ("bank_account", "OPEN"), ("grant", "OPEN"), ("offer", "OPEN")})
"""States that wait for nobody where others of that name do."""


def kind_label(kind: str) -> str:
    """Return the reader's word for a kind of step; a kind without a word is shown as it is."""
    return str(KINDS.get(kind, kind))


def stopped(kind: str) -> bool:
    """Tell whether a step of this kind stopped something."""
    return kind.rpartition(".")[2] in BACK or kind == "dispute.opened"


def field_label(name: str) -> str:
    """Return what a form's field is called, or nothing where the form says it another way."""
    return str(FIELDS.get(name, ""))


def state_label(state: str, machine: str = "") -> str:
    """Return the reader's word for a state; a state without a word is shown as it is.

    Args:
        state: its name.
        machine: which machine it is a state of, for states that not every machine means alike.
    """
    if (machine, state) in OWN:
        return str(OWN[machine, state])
    return str(STATES[state][1]) if state in STATES else str(state)


def tone_of(state: str, machine: str = "") -> str:
    """Return the tone that a state is shown in.

    Args:
        state: its name.
        machine: which machine it is a state of, for states that not every machine means alike.
    """
    if (machine, state) in SETTLED:
        return "good"
    return STATES[state][0] if state in STATES else "rest"
