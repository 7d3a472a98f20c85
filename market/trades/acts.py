"""What may be done with a trade as it stands, and what the exchange owes: pure, and in one place.

Services ask :func:`demand` before they change a row, the page shows the buttons :func:`possible` allows,
and the tests walk the same table to prove that held money always has a way out.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from market.errors import Conflict, Frozen
from market.i18n import lazy
from market.trades.acceptance import AcceptanceState
from market.trades.agreement import AgreementState
from market.trades.dispute import DisputeState, Ruling
from market.trades.duty import DutyState
from market.trades.redress import RedressState
from market.trades.settlement import PAID, SettlementState


class Act(StrEnum):
    """What a person can do with a trade."""

    PAY = "pay"
    FETCH = "fetch"
    ACCEPT = "accept"
    REJECT = "reject"
    CANCEL = "cancel"
    RULE = "rule"
    END = "end"
    RETRACT = "retract"
    SUSPEND = "suspend"
    RESTORE = "restore"
    DELETE = "delete"
    AMEND = "amend"
    RENEW = "renew"
    REDRESS = "redress"


class Debt(StrEnum):
    """What the exchange must do with money that is held."""

    RELEASE = "release"
    REFUND = "refund"
    DIVIDE = "divide"


@dataclass(frozen=True)
class Standing:
    """Where a trade stands.

    Attributes:
        settlement: of the money as a whole; None when the signed price is 0.
        dispute: None while there is none.
        begun: whether any byte was handed over.
        delivered: whether the whole file was, with its receipt written.
        notice: whether a notice runs that ends the agreement.
        duty: None while the buyer owes no deletion.
        amendment: whether a proposal to amend the contract is open.
        renewal: whether a renewal of the contract is open, or in force and not ended.
        redress: how far a redress is that runs; None while none does.
        questioned: whether the buyer's bank questions a payment.
        taken_back: whether it has taken one back while it decides; in an inquiry it only asks.
        stopped: whether it questions every payment that is held, so that nothing of them leaves.
        term_over: whether the term of the agreement has run out.
        instalments: the state of each instalment; left out where ``settlement`` is all there is.
        payable: whether what is due can be paid already; a period of a subscription can from its first day on.
        overdue: whether an instalment was not paid in time.
        frozen: whether its last step was recovered without its values, so that none may follow.
    """

    agreement: AgreementState
    settlement: SettlementState | None
    acceptance: AcceptanceState
    dispute: DisputeState | None = None
    ruling: Ruling | None = None
    begun: bool = False
    delivered: bool = False
    notice: bool = False
    duty: DutyState | None = None
    amendment: bool = False
    renewal: bool = False
    redress: RedressState | None = None
    questioned: bool = False
    taken_back: bool = False
    stopped: bool = False
    term_over: bool = False
    instalments: tuple[SettlementState, ...] = ()
    payable: bool = True
    overdue: bool = False
    frozen: bool = False

    @property
    def money(self) -> frozenset[SettlementState]:
        """The states in which instalments are; none when the signed price is 0."""
        return frozenset(self.instalments) or frozenset({self.settlement} if self.settlement else ())

    @property
    def held(self) -> bool:
        """Whether money of the buyer's is held."""
        return SettlementState.FUNDED in self.money

    @property
    def unpaid(self) -> bool:
        """Whether an instalment is due."""
        return SettlementState.DUE in self.money

    @property
    def in_dispute(self) -> bool:
        """Whether a dispute waits for a ruling."""
        return self.dispute in {DisputeState.OPEN, DisputeState.EVIDENCE}

    @property
    def owes_deletion(self) -> bool:
        """Whether the buyer must still delete the data, in time or late."""
        return self.duty in {DutyState.OWED, DutyState.MISSED}


_RULED = {Ruling.RELEASE: Debt.RELEASE, Ruling.REFUND: Debt.REFUND, Ruling.DIVIDE: Debt.DIVIDE}

ENDED = frozenset({AgreementState.EXPIRED, AgreementState.TERMINATED})


def possible(standing: Standing) -> frozenset[Act]:
    """Return what people can do now, whoever they are."""
    return frozenset(act for act in Act if _refusal(standing, act) is None)


def demand(standing: Standing, act: Act) -> None:
    """Refuse an act that the trade does not allow as it stands.

    Raises:
        Conflict: says what stands in the way and what to do instead.
    """
    refusal = _refusal(standing, act)
    if refusal is not None:
        raise (Frozen if standing.frozen else Conflict)(refusal, str(REFUSALS[refusal]))


def owed(standing: Standing) -> Debt | None:
    """Return where held money must go now, or None while that is undecided, or while the buyer's bank questions it.

    Rule book R5.4 (accepted), R5.5 (cancelled before delivery), R6.2 and R6.3 (ruled), R6.5 (questioned). The loss of
    one instalment to the buyer's bank ends the agreement; what is held for the others goes back then, unless the
    delivery was accepted, or a dispute about it waits for its ruling.
    """
    if not standing.held or standing.stopped:
        return None
    if standing.ruling is not None:
        return _RULED[standing.ruling]
    if standing.acceptance in {AcceptanceState.ACCEPTED, AcceptanceState.DEEMED}:
        return Debt.RELEASE
    if standing.in_dispute:
        return None
    if standing.agreement is AgreementState.TERMINATED:
        return Debt.REFUND
    return None


REFUSALS: Mapping[str, object] = {
    "object.frozen": lazy("The last steps of this were lost; it is frozen. Ask the operator."),
    "agreement.ended": lazy("The agreement has ended; nothing more can be done with this trade."),
    "settlement.nothing_due": lazy("Nothing is due: the trade is free of charge, paid, or was cancelled."),
    "settlement.not_yet": lazy("The next instalment cannot be paid yet: its period has not begun."),
    "delivery.overdue": lazy(
        "An instalment was not paid in time; pay it first, then the data can be fetched again."
    ),
    "delivery.not_paid": lazy("The price is not paid yet; pay first."),
    "acceptance.spoken": lazy("The delivery is already accepted or rejected; that cannot be changed."),
    "acceptance.not_delivered": lazy("Nothing was delivered in full yet; fetch the whole file first."),
    "rejection.not_begun": lazy("Nothing was fetched yet; cancel the trade instead."),
    "cancellation.begun": lazy("The delivery has begun; accept it, or reject it with a reason."),
    "dispute.open": lazy("A dispute waits for the operator's ruling."),
    "dispute.none": lazy("There is no dispute to rule on."),
    "agreement.suspended": lazy("The agreement is suspended; wait until the provider lets it go on."),
    "agreement.not_suspended": lazy("The agreement is not suspended."),
    "termination.money_open": lazy(
        "The price is due or held. Pay or cancel, accept or reject first; then the agreement can be ended."
    ),
    "notice.running": lazy("A notice runs already; take it back before you give another."),
    "notice.none": lazy("No notice runs that could be taken back."),
    "amendment.open": lazy("A proposal to amend the contract is open already; answer or withdraw it first."),
    "renewal.already": lazy("The contract is being renewed, or was renewed already; go on with the renewal."),
    "renewal.deleted": lazy("The data are stated to be deleted; ask for a new contract over the listing."),
    "redress.nothing_released": lazy("Nothing of the price was released that could be paid back."),
    "redress.too_late": lazy(
        "The term of the agreement is over; after it nothing is paid back through the exchange."
    ),
    "chargeback.open": lazy(
        "The buyer's bank questions this payment; nothing of it is released or refunded until it decides."
    ),
    "redress.running": lazy("A redress runs already; wait until it is closed."),
    "duty.none": lazy("Nothing is to be deleted under this trade, or it was stated already."),
}


def _refusal(standing: Standing, act: Act) -> str | None:
    """Return the code of what stands in the way of an act, or None."""
    if standing.frozen:
        return "object.frozen"
    match act:
        case Act.PAY:
            return _no_payment(standing)
        case Act.RULE:
            return None if standing.in_dispute else "dispute.none"
        case Act.FETCH:
            return _no_fetch(standing)
        case Act.DELETE:
            return None if standing.owes_deletion else "duty.none"
        case Act.AMEND:
            return _no_amendment(standing)
        case Act.RENEW:
            return _no_renewal(standing)
        case Act.REDRESS:
            return _no_redress(standing)
        case Act.END | Act.RETRACT | Act.SUSPEND | Act.RESTORE:
            return _no_end(standing, act)
        case Act.ACCEPT | Act.REJECT | Act.CANCEL:
            return _no_word(standing, act)


def _no_payment(standing: Standing) -> str | None:
    if not standing.unpaid:
        return "settlement.nothing_due"
    return None if standing.payable else "settlement.not_yet"


def _no_fetch(standing: Standing) -> str | None:
    if standing.agreement is AgreementState.SUSPENDED:
        return "agreement.suspended"
    if standing.agreement is not AgreementState.ACTIVE:
        return "agreement.ended"
    if standing.unpaid and not standing.money & PAID:
        return "delivery.not_paid"
    if standing.taken_back:
        return "chargeback.open"
    if standing.unpaid and standing.overdue:
        return "delivery.overdue"
    return "dispute.open" if standing.in_dispute else None


def _no_amendment(standing: Standing) -> str | None:
    if standing.agreement in ENDED:
        return "agreement.ended"
    if standing.agreement is AgreementState.SUSPENDED:
        return "agreement.suspended"
    if standing.in_dispute:
        return "dispute.open"
    return "amendment.open" if standing.amendment else None


def _no_renewal(standing: Standing) -> str | None:
    if standing.agreement is AgreementState.TERMINATED:
        return "agreement.ended"
    if standing.agreement is AgreementState.SUSPENDED:
        return "agreement.suspended"
    if standing.in_dispute:
        return "dispute.open"
    if standing.duty is DutyState.PERFORMED:
        return "renewal.deleted"
    return "renewal.already" if standing.renewal else None


def _no_redress(standing: Standing) -> str | None:
    if not standing.money & {SettlementState.RELEASED, SettlementState.PARTIAL}:
        return "redress.nothing_released"
    if standing.redress is not None:
        return "redress.running"
    if standing.questioned:
        return "chargeback.open"
    return "redress.too_late" if standing.term_over else None


def _no_end(standing: Standing, act: Act) -> str | None:
    if standing.agreement in ENDED:
        return "agreement.ended"
    if act is Act.RETRACT:
        return None if standing.notice else "notice.none"
    suspended = standing.agreement is AgreementState.SUSPENDED
    if act is Act.RESTORE:
        return None if suspended else "agreement.not_suspended"
    if act is Act.SUSPEND:
        return "agreement.suspended" if suspended else None
    if standing.notice:
        return "notice.running"
    # What an instalment owes stays owed after the end, so only a first payment that may still be cancelled stands here.
    if standing.held or (standing.unpaid and not standing.money & PAID):
        return "termination.money_open"
    return "dispute.open" if standing.in_dispute else None


def _no_word(standing: Standing, act: Act) -> str | None:
    if standing.agreement is AgreementState.TERMINATED:
        return "agreement.ended"
    if standing.dispute is not None:
        return "dispute.open" if standing.in_dispute else "acceptance.spoken"
    if standing.acceptance is not AcceptanceState.PENDING:
        return "acceptance.spoken"
    if act is Act.ACCEPT:
        return None if standing.delivered else "acceptance.not_delivered"
    if act is Act.REJECT:
        return None if standing.begun else "rejection.not_begun"
    return "cancellation.begun" if standing.begun else None
