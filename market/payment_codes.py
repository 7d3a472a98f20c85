"""Codes of problems about payments, at the payment platform and at a bank (see :mod:`market.codes`)."""

from collections.abc import Mapping
from typing import Final

from flask_babel import LazyString

from market.i18n import lazy

OF_PAYMENTS: Final[Mapping[str, tuple[int | None, LazyString]]] = {
    "payment.settled": (409, lazy("This is already paid.")),
    "payment.closed": (
        409,
        lazy("This payment cannot go on. Look at the trade and begin the payment again if it is due."),
    ),
    "payment.not_settled": (409, lazy("Nothing was paid for this yet.")),
    "payment.unavailable": (
        503,
        lazy("The payment platform does not answer. Nothing is lost; try again in a moment."),
    ),
    "payment.by_bank": (
        409,
        lazy("A bank transfer is announced for this. Make it, or withdraw it to pay otherwise."),
    ),
    "payment.page_open": (
        409,
        lazy("A pay page is open for this. Pay there, or try again once it is closed."),
    ),
    "payment.not_announced": (409, lazy("No bank transfer is announced for this now.")),
    "payment.arriving": (
        409,
        lazy("Your transfer has been seen on the account and is being confirmed."),
    ),
    "proof.wrong_file": (422, lazy("Send the proof as PDF, PNG or JPEG.")),
    "proof.not_found": (404, lazy("No proof of this transfer was sent.")),
    "bank.not_offered": (409, lazy("The operator offers no bank transfer in this currency now.")),
    "bank.provider_without_account": (
        409,
        lazy("The provider has no bank account on which it can be paid. Ask it, or pay otherwise."),
    ),
    "bank_account.not_found": (404, lazy("There is no such bank account.")),
    "bank_account.wrong_state": (409, lazy("The bank account is in another state; `state` names it.")),
    "bank_account.same_person": (403, lazy("Somebody else than who entered the account confirms it.")),
    "bank_account.other_holder": (
        422,
        lazy("The account must be in the name of your organisation, as it is registered here."),
    ),
    "bank_account.not_supervised": (
        422,
        lazy("Name the licensed institution that holds it, and state that it is a supervised account."),
    ),
    "bank_line.not_found": (404, lazy("There is no such line of a bank statement.")),
    "bank_line.wrong_state": (409, lazy("The line is in another state; `state` names it.")),
    "bank_line.same_person": (
        403,
        lazy("Somebody else than who recorded the line, or imported the statement, confirms it."),
    ),
    "bank_line.day": (422, lazy("This day has not come yet.")),
    "bank_line.order_gone": (409, lazy("It names no payment order that waits. Set it aside with a reason.")),
    "bank_line.no_order": (422, lazy("There is no payment order with this reference that waits.")),
    "bank_line.amount": (422, lazy("The amount is none, or not that of the order.")),
    "bank_line.known": (
        409,
        lazy("This line of the statement, or this order, is recorded already."),
    ),
    "bank_line.incomplete": (422, lazy("A line of this kind needs other fields.")),
    "bank_statement.wrong": (
        422,
        lazy("Nothing was imported. Correct the file and send it again."),
    ),
    "account.not_open": (409, lazy("The provider cannot be paid yet. Try again in a moment.")),
    "operation.not_found": (404, lazy("There is no such payment operation.")),
    "month.invalid": (422, lazy("Write a month that has begun, such as 2026-11.")),
    "account.wrong_state": (409, lazy("The payment account is in another state; `state` names it.")),
    "operation.wrong_state": (409, lazy("The payment operation is in another state; `state` names it.")),
    "webhook.closed": (404, lazy("This exchange accepts no webhooks.")),
    "webhook.not_signed": (400, lazy("The webhook is not signed for this endpoint.")),
    "webhook.unreadable": (400, lazy("The webhook cannot be read.")),
    "webhook.wrong_mode": (400, lazy("The webhook was sent in the other mode (test or live).")),
    "account.none": (409, lazy("There is no payment account yet. Try again in a moment.")),
}
"""Status and sentence of each, in the order of a payment's life."""
