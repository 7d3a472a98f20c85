"""The one gate in front of the bytes: a pure decision over a grant and its counters.

It is asked at each request and again before every MiB, with the facts as the database holds them at that
moment. It looks nothing else up: whatever changes the grounds of a grant changes the grant in the same
transaction. A refusal names the rule of the rule book, and the article of the contract where the policy
decides; what cannot be decided is refused.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from contracts import evaluator, odrl
from contracts.canonical import sha256
from contracts.errors import ContractError
from contracts.first import policy as first
from contracts.vocabulary import Action, DeliveryMode
from market.delivery.grant import GrantState
from market.errors import Forbidden
from market.i18n import _

_DAY = timedelta(days=1)


class Hold(StrEnum):
    """Why a grant is suspended; a grant opens again only when no hold is left."""

    ASSET = "asset"
    PROVIDER = "provider"
    BUYER = "buyer"
    DISPUTE = "dispute"
    BREACH = "breach"
    """The provider suspended the use, as the contract lets it while a breach or an incident lasts."""
    CHARGEBACK = "chargeback"
    """The buyer's bank has taken the price back and decides about it."""
    OVERDUE = "overdue"
    """An instalment of the price was not paid in time; it ends when the instalment is there."""
    RECOVERED = "recovered"
    """For good: what happened last was lost, so nobody knows whether the buyer may still fetch."""


@dataclass(frozen=True)
class Grounds:
    """What the gate looks at: the grant's row and its counter of bytes.

    Attributes:
        holds: reasons of a suspension; empty when there is none.
        fetch_until: end of the days to fetch; None until the grant is funded.
        size: size of the file in bytes.
        term_from: when days of the term begin to count. A renewal that is in force before lets the file be fetched
            at once, and no day has passed then.
        bytes_sent: bytes charged so far, over all requests.
        policy: the compiled policy that was signed.
        policy_digest: its SHA-256 as it was signed.
    """

    state: GrantState
    funded: bool
    holds: frozenset[Hold]
    term_from: datetime
    term_until: datetime
    fetch_until: datetime | None
    size: int
    bytes_sent: int
    policy: str
    policy_digest: str

    @property
    def downloads(self) -> int:
        """How many times the file's size has been sent in full, however many requests carried it."""
        return self.bytes_sent // max(self.size, 1)


@dataclass(frozen=True)
class Refusal:
    """Why no bytes leave.

    Attributes:
        code: stable word, ``delivery.<reason>``.
        rule: the rule of the rule book.
        article: the article of the contract, where the contract decides.
    """

    code: str
    rule: str
    article: int | None = None

    def error(self) -> Forbidden:
        """Return what the caller is told."""
        message = _MESSAGES[self.code]()
        if self.article is not None:
            message += " " + _("See article %(article)s of the contract.", article=self.article)
        return Forbidden(self.code, message, rule=self.rule, article=self.article)


def decide(grounds: Grounds, moment: datetime) -> Refusal | None:
    """Return why bytes may not leave at this moment, or None when they may.

    Rule book: R5.1 (paid first), R5.2 (term, number, use), R2.6 and R1.2 (suspensions), R6.1 (disputes).
    """
    if grounds.state is GrantState.CLOSED:
        return Refusal("delivery.agreement_ended", "R5.2")
    for hold, refusal in _HOLDS.items():
        if hold in grounds.holds:
            return refusal
    if grounds.state is not GrantState.OPEN:
        return Refusal("delivery.agreement_suspended", "R5.2")
    if not grounds.funded:
        return Refusal("delivery.not_paid", "R5.1")
    if moment >= grounds.term_until:
        return Refusal("delivery.term_over", "R5.2")
    if grounds.fetch_until is None or moment >= grounds.fetch_until:
        return Refusal("delivery.days_over", "R5.2")
    return _by_policy(grounds, moment)


_HOLDS = {
    Hold.ASSET: Refusal("delivery.asset_suspended", "R2.6"),
    Hold.PROVIDER: Refusal("delivery.provider_suspended", "R1.2"),
    Hold.BUYER: Refusal("delivery.buyer_suspended", "R1.2"),
    Hold.DISPUTE: Refusal("delivery.dispute_suspended", "R6.1"),
    Hold.CHARGEBACK: Refusal("delivery.charged_back", "R6.5"),
    Hold.OVERDUE: Refusal("delivery.overdue", "R5.6"),
    Hold.BREACH: Refusal("delivery.agreement_suspended", "R5.2"),
    Hold.RECOVERED: Refusal("delivery.frozen", "R5.2"),
}

_MESSAGES = {
    "delivery.agreement_ended": lambda: _("The agreement has ended; the data can no longer be fetched."),
    "delivery.asset_suspended": lambda: _("The registration of the asset is suspended or cancelled."),
    "delivery.provider_suspended": lambda: _("The provider is suspended."),
    "delivery.buyer_suspended": lambda: _("Your organisation is suspended."),
    "delivery.agreement_suspended": lambda: _("The agreement is suspended."),
    "delivery.dispute_suspended": lambda: _("The delivery was rejected; it is suspended until the ruling."),
    "delivery.charged_back": lambda: _(
        "Your bank has taken the price back; the delivery is suspended until it decides."
    ),
    "delivery.frozen": lambda: _("The last steps of this were lost; it is frozen. Ask the operator."),
    "delivery.overdue": lambda: _(
        "An instalment was not paid in time; pay it first, then the data can be fetched again."
    ),
    "delivery.not_paid": lambda: _("The price is not paid yet; pay first."),
    "delivery.term_over": lambda: _("Today is outside the term of the contract."),
    "delivery.days_over": lambda: _("The time to fetch the data is over."),
    "delivery.count": lambda: _("The data have been fetched as often as the contract allows."),
    "delivery.policy": lambda: _("The contract does not permit this."),
    "delivery.policy_unreadable": lambda: _(
        "The policy of the contract cannot be decided; ask the operator."
    ),
}


def _by_policy(grounds: Grounds, moment: datetime) -> Refusal | None:
    text = grounds.policy.encode()
    if sha256(text) != grounds.policy_digest:
        return Refusal("delivery.policy_unreadable", "R5.2")
    try:
        decision = _decision(text, grounds, moment)
    except ContractError:
        return Refusal("delivery.policy_unreadable", "R5.2")
    match decision.permitted, decision.reason:
        case True, _reason:
            return None
        case False, "term" | "date":
            return Refusal("delivery.term_over", "R5.2", decision.article)
        case False, "count":
            return Refusal("delivery.count", "R5.2", decision.article)
        case False, "payment":
            return Refusal("delivery.not_paid", "R5.1", decision.article)
    return Refusal("delivery.policy", "R5.2", decision.article)


def _decision(text: bytes, grounds: Grounds, moment: datetime) -> evaluator.Decision | first.Decision:
    """Return what the policy says; those of 0.1, which name no profile, are decided as they always were."""
    since = min(grounds.term_from, moment)
    if not odrl.is_profiled(text):
        elapsed = (moment - since) // _DAY
        return first.decide(text, Action.REPRODUCE, elapsed_days=elapsed, count=grounds.downloads)
    ask = evaluator.Ask(
        action=Action.REPRODUCE,
        at=moment,
        in_force_since=since,
        count=grounds.downloads,
        paid=grounds.funded,
        channel=DeliveryMode.DOWNLOAD,
    )
    return evaluator.decide(text, ask)
