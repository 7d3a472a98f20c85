"""A statement as a file for a spreadsheet; figures are plain decimals with all places of their currency."""

from collections.abc import Iterable
from datetime import datetime

from flask import Response

from contracts.money import Money
from market import sheets
from market.i18n import CHINA, in_language
from market.i18n import gettext as _
from market.payments.statement import BOOKS, MOVEMENTS, Section, Statement


def figures(amount: int, currency: str) -> str:
    """Return minor units as a plain decimal in major units: ``-1280.50`` for -128050 fen, ``500`` for 500 yen."""
    return f"{'-' if amount < 0 else ''}{Money(abs(amount), currency).figures()}"


def statement(found: Statement, names: dict[str, str]) -> Response:
    """Return a statement as a file in the reader's language.

    Args:
        found: the statement.
        names: of its organisation by language code.
    """
    content = sheets.text(_lines(found, in_language(names)))
    return sheets.attachment(content, f"statement-{found.month}.csv")


def _lines(found: Statement, name: str) -> Iterable[list[str]]:
    yield [
        _("Organisation"), _("Side"), _("Time"), _("Trade"), _("Movement"), _("In"), _("Out"), _("Balance"),
        _("Currency"), _("Payment operation"), _("Ledger entry"),
    ]  # fmt: skip
    for section in found.sections:
        begin, end = found.month.begin, found.month.end
        yield _line(name, section, begin, _("Opening balance"), section.opening)
        for one in section.entries:
            moved = figures(abs(one.amount), section.currency)
            yield [
                name, str(BOOKS[section.book]), _time(one.booked_at), one.number, str(MOVEMENTS[one.kind]),
                moved if one.amount >= 0 else "", "" if one.amount >= 0 else moved,
                figures(one.balance, section.currency), section.currency, str(one.operation_id), str(one.entry_id),
            ]  # fmt: skip
        if found.complete:
            yield _line(name, section, end, _("Closing balance"), section.closing)


def _line(name: str, section: Section, moment: datetime, what: str, balance: int) -> list[str]:
    shown = figures(balance, section.currency)
    side = str(BOOKS[section.book])
    return [name, side, _time(moment), "", what, "", "", shown, section.currency, "", ""]


def _time(moment: datetime) -> str:
    return moment.astimezone(CHINA).isoformat(timespec="seconds")
