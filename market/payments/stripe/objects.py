"""The few fields we use of each Stripe object, as values; unknown fields are ignored, nulls tolerated."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, TypeAlias

Json: TypeAlias = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Answer:
    """What every answer carries: the platform's ``Request-Id``, to quote to its support."""

    request_id: str = ""


@dataclass(frozen=True)
class Account(Answer):
    """A provider's connected account; ``transfers`` is ``active`` when money can be sent to it.

    ``wanted`` names what the platform must still be told, in its own words; ``details_submitted`` tells whether the
    owner has been through its questions once.
    """

    id: str
    transfers: str
    metadata: Mapping[str, str]
    wanted: tuple[str, ...] = ()
    details_submitted: bool = False

    @classmethod
    def read(cls, data: Json) -> "Account":
        """Read the API object."""
        capabilities = data.get("capabilities") or {}
        asked = data.get("requirements") or {}
        wanted = {str(one) for name in ("currently_due", "past_due") for one in asked.get(name) or []}
        return cls(
            id=data["id"],
            transfers=str(capabilities.get("transfers") or ""),
            metadata=_metadata(data),
            wanted=tuple(sorted(wanted)),
            details_submitted=bool(data.get("details_submitted")),
        )


@dataclass(frozen=True)
class AccountLink(Answer):
    """An address for onboarding that works once, until ``expires_at`` (seconds since the epoch)."""

    url: str
    expires_at: int

    @classmethod
    def read(cls, data: Json) -> "AccountLink":
        """Read the API object."""
        return cls(str(data["url"]), int(data.get("expires_at") or 0))


@dataclass(frozen=True)
class CheckoutSession(Answer):
    """A hosted pay page: ``status`` open, complete or expired; ``payment_status`` paid when money came in."""

    id: str
    status: str
    payment_status: str
    url: str
    payment_intent: str
    amount_total: int
    currency: str
    livemode: bool
    metadata: Mapping[str, str]

    @classmethod
    def read(cls, data: Json) -> "CheckoutSession":
        """Read the API object."""
        return cls(
            id=data["id"],
            status=str(data.get("status") or ""),
            payment_status=str(data.get("payment_status") or ""),
            url=str(data.get("url") or ""),
            payment_intent=_id(data.get("payment_intent")),
            amount_total=int(data.get("amount_total") or 0),
            currency=str(data.get("currency") or ""),
            livemode=bool(data.get("livemode")),
            metadata=_metadata(data),
        )


@dataclass(frozen=True)
class PaymentIntent(Answer):
    """What was to be paid and what came in; ``fee`` is the platform's own, known when expanded.

    ``fee_currency`` is the currency the money settled in: a fee in another currency than the
    payment's cannot be booked against it. ``action_url`` is where the payer must go next, at their bank or
    wallet, empty when nowhere; ``failure`` is the code of the last refusal.
    """

    id: str
    status: str
    amount: int
    amount_received: int
    currency: str
    transfer_group: str
    livemode: bool
    latest_charge: str
    metadata: Mapping[str, str]
    fee: int = 0
    fee_currency: str = ""
    action_url: str = ""
    failure: str = ""

    @classmethod
    def read(cls, data: Json) -> "PaymentIntent":
        """Read the API object."""
        charge = data.get("latest_charge")
        movement = charge.get("balance_transaction") if isinstance(charge, Mapping) else None
        settled = movement if isinstance(movement, Mapping) else {}
        action = (data.get("next_action") or {}).get("redirect_to_url") or {}
        refusal = data.get("last_payment_error") or {}
        return cls(
            id=data["id"],
            status=str(data.get("status") or ""),
            amount=int(data.get("amount") or 0),
            amount_received=int(data.get("amount_received") or 0),
            currency=str(data.get("currency") or ""),
            transfer_group=str(data.get("transfer_group") or ""),
            livemode=bool(data.get("livemode")),
            latest_charge=_id(charge),
            metadata=_metadata(data),
            fee=int(settled.get("fee") or 0),
            fee_currency=str(settled.get("currency") or ""),
            action_url=str(action.get("url") or ""),
            failure=str(refusal.get("decline_code") or refusal.get("code") or ""),
        )


@dataclass(frozen=True)
class Charge(Answer):
    """One attempt to take money: ``status`` succeeded, pending or failed; ``disputed`` once a bank questioned it."""

    id: str
    status: str
    amount: int
    amount_refunded: int
    currency: str
    payment_intent: str
    transfer_group: str
    disputed: bool
    metadata: Mapping[str, str]

    @classmethod
    def read(cls, data: Json) -> "Charge":
        """Read the API object."""
        return cls(
            id=data["id"],
            status=str(data.get("status") or ""),
            amount=int(data.get("amount") or 0),
            amount_refunded=int(data.get("amount_refunded") or 0),
            currency=str(data.get("currency") or ""),
            payment_intent=_id(data.get("payment_intent")),
            transfer_group=str(data.get("transfer_group") or ""),
            disputed=bool(data.get("disputed")),
            metadata=_metadata(data),
        )


@dataclass(frozen=True)
class Dispute(Answer):
    """A payment that the payer's bank questions.

    ``status`` needs_response, under_review, won, lost or prevented; for an inquiry, which has taken no money,
    warning_needs_response, warning_under_review or warning_closed. ``taken`` is what is gone from the platform's
    account because of it now, minor units of ``taken_currency``: ``withdrawn`` of the payment, and the dispute's
    ``fee``; both come down again when a dispute is won. ``due_by`` (seconds since the epoch) ends the time to answer,
    0 unknown.
    """

    id: str
    status: str
    reason: str
    amount: int
    currency: str
    charge: str
    payment_intent: str
    taken: int
    withdrawn: int
    fee: int
    taken_currency: str
    due_by: int
    submissions: int
    livemode: bool

    @classmethod
    def read(cls, data: Json) -> "Dispute":
        """Read the API object."""
        movements = [one for one in data.get("balance_transactions") or [] if isinstance(one, Mapping)]
        details = data.get("evidence_details") or {}
        return cls(
            id=data["id"],
            status=str(data.get("status") or ""),
            reason=str(data.get("reason") or ""),
            amount=int(data.get("amount") or 0),
            currency=str(data.get("currency") or ""),
            charge=_id(data.get("charge")),
            payment_intent=_id(data.get("payment_intent")),
            taken=-sum(int(one.get("net") or 0) for one in movements),
            withdrawn=-sum(int(one.get("amount") or 0) for one in movements),
            fee=sum(int(one.get("fee") or 0) for one in movements),
            taken_currency=str(movements[0].get("currency") or "") if movements else "",
            due_by=int(details.get("due_by") or 0),
            submissions=int(details.get("submission_count") or 0),
            livemode=bool(data.get("livemode")),
        )


@dataclass(frozen=True)
class Transfer(Answer):
    """Money moved to a connected account; it has no status: if it exists, it is done."""

    id: str
    amount: int
    currency: str
    destination: str
    transfer_group: str
    livemode: bool
    metadata: Mapping[str, str]

    @classmethod
    def read(cls, data: Json) -> "Transfer":
        """Read the API object."""
        return cls(
            id=data["id"],
            amount=int(data.get("amount") or 0),
            currency=str(data.get("currency") or ""),
            destination=_id(data.get("destination")),
            transfer_group=str(data.get("transfer_group") or ""),
            livemode=bool(data.get("livemode")),
            metadata=_metadata(data),
        )


@dataclass(frozen=True)
class Refund(Answer):
    """Money given back: ``status`` pending, requires_action, succeeded, failed or canceled."""

    id: str
    status: str
    amount: int
    currency: str
    payment_intent: str
    metadata: Mapping[str, str]

    @classmethod
    def read(cls, data: Json) -> "Refund":
        """Read the API object."""
        return cls(
            id=data["id"],
            status=str(data.get("status") or ""),
            amount=int(data.get("amount") or 0),
            currency=str(data.get("currency") or ""),
            payment_intent=_id(data.get("payment_intent")),
            metadata=_metadata(data),
        )


@dataclass(frozen=True)
class BalanceTransaction(Answer):
    """A movement of the exchange's balance at the platform.

    ``amount`` is signed, before ``fee``; ``source`` is the charge, transfer, refund or payout that moved it.
    """

    id: str
    type: str
    source: str
    amount: int
    fee: int
    currency: str
    created: int

    @classmethod
    def read(cls, data: Json) -> "BalanceTransaction":
        """Read the API object; what of it is missing is not guessed, since money is compared with it."""
        return cls(
            id=data["id"],
            type=str(data.get("type") or ""),
            source=_id(data.get("source")),
            amount=int(data["amount"]),
            fee=int(data["fee"]),
            currency=str(data["currency"]),
            created=int(data["created"]),
        )


@dataclass(frozen=True)
class Reversal(Answer):
    """Money taken back from a connected account; it has no status: if it exists, it is done."""

    id: str
    amount: int
    currency: str
    transfer: str
    metadata: Mapping[str, str]

    @classmethod
    def read(cls, data: Json) -> "Reversal":
        """Read the API object."""
        return cls(
            id=data["id"],
            amount=int(data.get("amount") or 0),
            currency=str(data.get("currency") or ""),
            transfer=_id(data.get("transfer")),
            metadata=_metadata(data),
        )


@dataclass(frozen=True)
class Event(Answer):
    """A notice that something happened to ``object_id``; never a fact to book by."""

    id: str
    type: str
    created: int
    livemode: bool
    object: str
    object_id: str

    @classmethod
    def read(cls, data: Json) -> "Event":
        """Read the API object, or the body of a webhook."""
        content = data["data"]["object"]
        return cls(
            id=data["id"],
            type=str(data.get("type") or ""),
            created=int(data.get("created") or 0),
            livemode=bool(data.get("livemode")),
            object=str(content.get("object") or ""),
            object_id=str(content.get("id") or ""),
        )


@dataclass(frozen=True)
class Balance(Answer):
    """What an account holds, available and pending together, minor units by currency.

    ``available`` is the part that can be moved now.
    """

    amounts: Mapping[str, int] = field(default_factory=dict)
    available: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def read(cls, data: Json) -> "Balance":
        """Read the API object."""
        amounts: dict[str, int] = {}
        available: dict[str, int] = {}
        for place in ("available", "pending"):
            for part in data.get(place) or []:
                for sums in (amounts, available) if place == "available" else (amounts,):
                    sums[part["currency"]] = sums.get(part["currency"], 0) + int(part["amount"])
        return cls(amounts, available)


@dataclass(frozen=True)
class Page(Answer):
    """One page of a list, its objects still unread."""

    data: tuple[Json, ...]
    has_more: bool

    @classmethod
    def read(cls, data: Json) -> "Page":
        """Read the API object."""
        return cls(tuple(data["data"]), bool(data.get("has_more")))


def _id(value: Any) -> str:
    """Return the id of a reference that may be expanded, or an empty text."""
    return str((value.get("id") if isinstance(value, Mapping) else value) or "")


def _metadata(data: Json) -> Mapping[str, str]:
    return {str(name): str(value) for name, value in (data.get("metadata") or {}).items()}
