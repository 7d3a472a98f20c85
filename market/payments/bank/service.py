"""What the pages and routes of bank transfer do: from what was typed to the acts of this room."""

from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from contracts.errors import ContractError
from contracts.money import Money
from market.actor import Actor
from market.db import transaction
from market.errors import Invalid
from market.i18n import gettext as _
from market.payments.bank import importing, parsing, recording
from market.payments.bank.importing import Imported
from market.payments.bank.models import BankLine
from market.payments.bank.recording import Told
from market.payments.bank.states import Entry
from market.steps import Step


def currency_of(session: Session) -> str:
    """Return the currency of the receiving account; see :func:`market.payments.bank.importing.currency_of`."""
    return importing.currency_of(session)


def record(session: Session, actor: Actor, given: dict[str, Any]) -> tuple[BankLine, Step]:
    """Record a line as it was sent; see :func:`market.payments.bank.recording.record`.

    Raises:
        Invalid: ``bank_line.incomplete``: what its kind of line needs is missing, or stands there without need.
    """
    entry = Entry(given["entry"])
    needed: tuple[str, ...] = ("serial", "amount")
    barred: tuple[str, ...] = ("reason",)
    if entry is Entry.REFUSED:
        needed, barred = barred, needed
    faults = {name: [_("This is needed.")] for name in needed if not given.get(name)}
    faults |= {name: [_("Leave this out here.")] for name in barred if given.get(name)}
    if faults:
        raise Invalid("bank_line.incomplete", _("A line of this kind needs other fields."), fields=faults)
    told = Told(
        entry=entry,
        reference=given["reference"],
        value_date=given["value_date"],
        serial=given.get("serial"),
        amount=given.get("amount") or 0,
        currency=importing.currency_of(session),
        counterparty=given["counterparty"],
        reason=given.get("reason"),
    )
    return recording.record(session, actor, told)


def typed(session: Session, given: dict[str, Any]) -> dict[str, Any]:
    """Return a line of a page's form, whose amount is typed in major units, as a program sends it."""
    if not given.get("amount"):
        return given
    return {**given, "amount": minor(session, given["amount"], "amount")}


def minor(session: Session, written: str, field: str) -> int:
    """Return an amount written in major units of the receiving account's currency as minor units.

    Raises:
        Invalid: ``bank_line.amount``: it is no such amount.
    """
    try:
        return Money.parse(written, importing.currency_of(session)).amount
    except ContractError as error:
        sentence = _("Write an amount such as 1280.50.")
        raise Invalid("bank_line.amount", sentence, fields={field: [sentence]}) from error


def import_file(actor: Actor, file: FileStorage | None, closing: str | None) -> Imported:
    """Import a statement; call it outside any transaction.

    Raises:
        Invalid: ``file.missing``, or as :func:`market.payments.bank.importing.import_statement`.
    """
    if file is None or not file.filename:
        raise Invalid("file.missing", _("Choose a file."), fields={"file": [_("Choose a file.")]})
    content = file.stream.read(parsing.MOST_BYTES + 1)
    with transaction() as session:
        balance = minor(session, closing, "closing") if closing else None
        return importing.import_statement(session, actor, content, balance)
