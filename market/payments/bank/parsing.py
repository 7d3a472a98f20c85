"""A bank's statement as a CSV file: pure, and all of it right or none of it taken.

UTF-8 (with or without a byte order mark) or GB18030, one line a movement under one line of names, in any order:

=============  ======  =========================================================================================
date           日期    the bank's day, ``2026-12-01`` or ``20261201``
serial         流水号  the bank's own number of the line: letters, digits, hyphens, at most 40
amount         金额    above zero, in major units: ``1280.50`` or ``1,280.50``
direction      方向    ``in`` or 收 or 贷; ``out`` or 支 or 借
counterparty   对方    who paid or was paid; may be empty
reference      摘要    the text of the line, in which our reference is looked for; may be empty
=============  ======  =========================================================================================

Columns of other names are left alone. Programs that write such files put an apostrophe or a tab before long numbers so
that a spreadsheet keeps them; one such mark is taken off. Nothing of a cell is ever evaluated.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Final

from marshmallow import ValidationError

from contracts.errors import ContractError
from contracts.money import Money
from market.fields import LARGEST_AMOUNT, clean
from market.i18n import gettext as _
from market.payments.bank.recording import Told
from market.payments.bank.states import Entry

MOST_BYTES: Final = 1024 * 1024
MOST_LINES: Final = 500
"""Lines of one import: each is committed to in the one leaf of its step, which is bounded."""
MOST_FAULTS: Final = 20
"""Faults that are told at once."""

NAMES: Final[Mapping[str, str]] = {
    "date": "date", "日期": "date", "交易日期": "date",
    "serial": "serial", "流水号": "serial", "交易流水号": "serial",
    "amount": "amount", "金额": "amount", "交易金额": "amount",
    "direction": "direction", "方向": "direction", "借贷标志": "direction",
    "counterparty": "counterparty", "对方": "counterparty", "对方户名": "counterparty",
    "reference": "reference", "摘要": "reference", "附言": "reference",
}  # fmt: skip
"""What a column may be called."""
NEEDED: Final = ("date", "serial", "amount", "direction", "counterparty", "reference")
_IN: Final = frozenset({"in", "收", "贷", "收入"})
_OUT: Final = frozenset({"out", "支", "借", "支出"})
_SERIAL: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,39}")
_MARKS: Final = ("'", "\t")


class StatementFault(Exception):
    """The file cannot be taken; says why, by line number.

    Attributes:
        faults: sentences for the reader.
    """

    def __init__(self, faults: list[str]) -> None:
        super().__init__("; ".join(faults))
        self.faults = faults


@dataclass(frozen=True)
class _Row:
    place: int
    cells: Mapping[str, str]


def parse(content: bytes, currency: str) -> list[Told]:
    """Return the lines of a statement in their order.

    Args:
        content: the bytes of the file.
        currency: ISO 4217 of the account, upper case.

    Raises:
        StatementFault: something of it is wrong; nothing may be taken from it then.
    """
    found: list[Told] = []
    faults: list[str] = []
    places: dict[str, int] = {}
    for row in _rows(_text(content)):
        try:
            found.append(_told(row, currency, places))
        except (ValueError, ValidationError) as error:
            sentence = error.messages[0] if isinstance(error, ValidationError) else str(error)
            faults.append(_("Line %(line)s: %(fault)s", line=row.place, fault=sentence))
    if not found and not faults:
        faults = [_("The file holds no movement.")]
    if faults:
        raise StatementFault(faults[:MOST_FAULTS])
    return found


def _text(content: bytes) -> str:
    if len(content) > MOST_BYTES:
        raise StatementFault([_("The file is too large: at most 1 MiB.")])
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise StatementFault([_("The file is text in neither UTF-8 nor GB18030.")])


def _rows(text: str) -> Iterator[_Row]:
    """Yield the lines under the names, with the number of the line they end on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    try:
        head = [NAMES.get(name.strip().lower()) for name in next(reader, [])]
        missing = [name for name in NEEDED if head.count(name) != 1]
        if missing:
            named = ", ".join(missing)
            raise StatementFault([_("Line 1: these columns must stand there once: %(names)s.", names=named)])
        for count, cells in enumerate((row for row in reader if any(row)), start=1):
            if count > MOST_LINES:
                raise StatementFault([_("At most %(count)s lines at once.", count=MOST_LINES)])
            if len(cells) != len(head):
                wrong = _("It has %(found)s cells, not %(wanted)s.", found=len(cells), wanted=len(head))
                place = reader.line_num
                raise StatementFault([_("Line %(line)s: %(fault)s", line=place, fault=wrong)])
            named_cells = {name: cell for name, cell in zip(head, cells, strict=True) if name}
            yield _Row(reader.line_num, named_cells)
    except csv.Error as error:
        wrong = _("It is no CSV.")
        sentence = _("Line %(line)s: %(fault)s", line=reader.line_num, fault=wrong)
        raise StatementFault([sentence]) from error


def _told(row: _Row, currency: str, places: dict[str, int]) -> Told:
    cells = {name: _cell(cell) for name, cell in row.cells.items()}
    if not _SERIAL.fullmatch(cells["serial"]):
        raise ValueError(_("The serial is 1 to 40 letters, digits and hyphens."))
    if cells["serial"] in places:
        raise ValueError(_("The serial stands on line %(line)s already.", line=places[cells["serial"]]))
    places[cells["serial"]] = row.place
    return Told(
        entry=_entry(cells["direction"]),
        reference=_bounded(cells["reference"]),
        value_date=_day(cells["date"]),
        serial=cells["serial"],
        amount=_amount(cells["amount"], currency),
        currency=currency,
        counterparty=_bounded(cells["counterparty"]),
    )


def _cell(cell: str) -> str:
    text = cell.strip(" ")
    return clean(text[1:] if text.startswith(_MARKS) else text)


def _bounded(text: str) -> str:
    if len(text) > 200:
        raise ValueError(_("A text is longer than 200 characters."))
    return text


def _entry(word: str) -> Entry:
    if word.lower() in _IN:
        return Entry.ARRIVED
    if word.lower() in _OUT:
        return Entry.EXECUTED
    raise ValueError(_("The direction is in or out (收 or 支)."))


def _day(text: str) -> date:
    try:
        found = datetime.strptime(text, "%Y%m%d" if len(text) == 8 else "%Y-%m-%d").date()  # noqa: DTZ007 - a day has no zone
    except ValueError:
        raise ValueError(_("Write a day such as 2026-11-22.")) from None
    if found.isoformat().replace("-", "") != text.replace("-", ""):
        raise ValueError(_("Write a day such as 2026-11-22."))
    return found


def _amount(text: str, currency: str) -> int:
    plain = text.replace(",", "") if re.fullmatch(r"[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?", text) else text
    try:
        amount = Money.parse(plain, currency).amount
    except ContractError:
        amount = 0
    if not 0 < amount <= LARGEST_AMOUNT:
        raise ValueError(
            _("The amount is above zero and such as 1280.50; which way it went says the direction.")
        )
    return amount
