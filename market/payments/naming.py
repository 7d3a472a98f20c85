"""What the books and the calls at the payment platform are called for readers.

A book account is named ``<class>`` or ``<class>:<whose>``; readers see its class in their language, since on a
page of one trade or one organisation it is clear whose it is.
"""

from collections.abc import Mapping
from typing import Any, Final

from market.i18n import lazy

ACCOUNTS: Final[Mapping[str, Any]] = {
    "psp_clearing": lazy("At the payment platform"),
    "order_hold": lazy("Held until acceptance"),
    "suspense": lazy("Came in without a purpose, to be sent back"),
    "dispute_suspense": lazy("Taken by the buyer's bank while it decides"),
    "provider_payable": lazy("Owed to the provider"),
    "provider_receivable": lazy("Owed by the provider"),
    "recovery": lazy("Being taken back from the provider"),
    "bank": lazy("On the receiving account at the bank"),
    "fee_revenue": lazy("Platform fee earned"),
    "psp_fee_expense": lazy("Kept by the payment platform"),
    "dispute_loss": lazy("Lost to chargebacks, borne by the exchange"),
}
"""The reader's word for each class of book account; a test holds it against what is really booked."""

OPERATIONS: Final[Mapping[str, Any]] = {
    "checkout": lazy("Payment"),
    "transfer": lazy("Transfer"),
    "refund": lazy("Refund"),
    "reversal": lazy("Reversal"),
}
"""The reader's word for each kind of operation; a test holds it complete."""


PROCESSORS: Final[Mapping[str, Any]] = {
    "stripe": lazy("Payment platform"),
    "bank": lazy("Bank transfer"),
}
"""The reader's word for who moves the money; a test holds it complete."""


def account_label(account: str) -> str:
    """Return the reader's word for a book account; one without a word is shown as it is."""
    return str(ACCOUNTS.get(account.partition(":")[0], account))


def processor_label(processor: str) -> str:
    """Return the reader's word for who moves the money; one without a word is shown as it is."""
    return str(PROCESSORS.get(processor, processor))


def operation_label(kind: str) -> str:
    """Return the reader's word for a kind of operation; one without a word is shown as it is."""
    return str(OPERATIONS.get(kind, kind))
