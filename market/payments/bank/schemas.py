"""Shapes of bank transfer: accounts, lines, the desk, and what a buyer is told."""

import re
from typing import Any

from marshmallow import fields, post_load

from market.fields import (
    BoundedInt,
    Day,
    File,
    MinorUnits,
    Number,
    Reason,
    Schema,
    Shaped,
    Text,
    Timestamp,
    Uuid,
    YesNo,
    one_of,
    says,
)
from market.i18n import lazy
from market.payments.bank.accounts import Entered
from market.payments.bank.desk import REASONS
from market.payments.bank.states import BankAccountState, Entry, LineState

CURRENCIES = ("CNY", "USD", "EUR", "HKD", "JPY", "SGD")
"""Currencies in which a bank account may be kept here."""


class AccountNumber(Shaped):
    """The number of an account: digits and capital letters, blanks between groups."""

    shape = re.compile(r"[0-9A-Z][0-9A-Z -]{4,38}[0-9A-Z]\Z")
    default_error_messages = says(
        invalid=lazy("Write 6 to 40 digits and capital letters, blanks between groups.")
    )


class BankCode(Shaped):
    """The bank's own number in the payment system: 联行号 (12 digits) or BIC."""

    shape = re.compile(r"[0-9A-Z]{8,12}\Z")
    default_error_messages = says(invalid=lazy("Write the bank's code: 8 to 12 digits or capital letters."))


class Serial(Shaped):
    """The bank's own number of a line of its statement."""

    shape = re.compile(r"[0-9A-Za-z][0-9A-Za-z-]{0,39}\Z")
    default_error_messages = says(invalid=lazy("Write 1 to 40 letters, digits and hyphens."))


class BankAccountIn(Schema):
    """An account as it is entered; the last two for the exchange's receiving account alone."""

    holder = Text(required=True, high=200, metadata={"description": "The organisation's registered name"})
    bank = Text(required=True, high=200, metadata={"description": "Bank and branch"})
    number = AccountNumber(required=True)
    code = BankCode(required=True)
    currency = one_of(*CURRENCIES, required=True)
    institution = Text(high=200, metadata={"description": "Licensed institution that holds it"})
    supervised = YesNo(
        metadata={"description": "It is stated to be a supervised account of that institution"}
    )

    @post_load
    def _entered(self, data: dict[str, Any], **_: Any) -> Entered:
        return Entered(**data)


class BankAccountOut(Schema):
    """A bank account."""

    id = Uuid(required=True)
    organisation_id = Uuid(required=True)
    receiving = fields.Boolean(required=True, metadata={"description": "Buyers pay to it"})
    holder = fields.String(required=True)
    bank = fields.String(required=True)
    number = fields.String(required=True)
    code = fields.String(required=True)
    currency = fields.String(required=True)
    institution = fields.String(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"enum": [one.value for one in BankAccountState]})
    proposed_at = Timestamp(required=True)


class BankAccountStepOut(BankAccountOut):
    """A bank account and the step that changed it."""

    entry_id = Uuid(required=True)
    index = fields.Integer(required=True, allow_none=True)


class BankAccountsOut(Schema):
    """Bank accounts that are in use or wait for their confirmation."""

    items = fields.List(fields.Nested(BankAccountOut), required=True)


class ReasonIn(Schema):
    """Why."""

    reason = Reason(required=True)


class BankLineIn(Schema):
    """One line of the bank's statement, or the bank's refusal of an order, as somebody saw it."""

    entry = one_of(*(one.value for one in Entry), required=True)
    reference = Text(required=True, high=200, metadata={"description": "The line's text, with our reference"})
    value_date = Day(required=True)
    serial = Serial(metadata={"description": "The bank's own number of the line; not for a refusal"})
    amount = MinorUnits(metadata={"description": "Minor units; not for a refusal"})
    counterparty = Text(low=0, high=200, load_default="")
    reason = Reason(metadata={"description": "Why the bank refused"})


class BankLineOut(Schema):
    """A line."""

    id = Uuid(required=True)
    entry = fields.String(required=True, metadata={"enum": [one.value for one in Entry]})
    serial = fields.String(required=True, allow_none=True)
    value_date = fields.String(required=True)
    amount = fields.Integer(required=True, metadata={"description": "Minor units"})
    currency = fields.String(required=True)
    counterparty = fields.String(required=True)
    reference = fields.String(required=True)
    operation_id = Uuid(required=True, allow_none=True)
    state = fields.String(required=True, metadata={"enum": [one.value for one in LineState]})


class BankLineStepOut(BankLineOut):
    """A line and the step that wrote it."""

    entry_id = Uuid(required=True)
    index = fields.Integer(required=True, allow_none=True)


class WaitingLineOut(BankLineOut):
    """A line that waits for its second person."""

    match = fields.String(required=True, metadata={"enum": list(REASONS)})
    own = fields.Boolean(required=True, metadata={"description": "You recorded it, so another one confirms"})


class ExpectedOut(Schema):
    """A transfer that is expected."""

    operation_id = Uuid(required=True)
    trade = fields.String(required=True)
    reference = fields.String(required=True)
    amount = fields.Integer(required=True, metadata={"description": "Minor units"})
    currency = fields.String(required=True)
    since = Timestamp(required=True)
    proof = fields.Boolean(required=True, metadata={"description": "The buyer sent a proof: a hint, no fact"})


class OrderOut(ExpectedOut):
    """A payment order to be made at the bank."""

    kind = fields.String(required=True, metadata={"enum": ["transfer", "refund"]})
    payee = fields.String(required=True, allow_none=True)
    bank = fields.String(required=True)
    account = fields.String(
        required=True, metadata={"description": "For a refund the serial by which the money came in"}
    )


class BankBalanceOut(Schema):
    """The books against the bank's last closing balance, minor units."""

    currency = fields.String(required=True)
    books = fields.Integer(required=True)
    closing = fields.Integer(required=True, allow_none=True)
    day = fields.String(required=True, allow_none=True)
    confirmed = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    set_aside = fields.Integer(required=True)
    difference = fields.Integer(required=True, allow_none=True)


class BankDeskOut(Schema):
    """What stands on the bank desk."""

    expected = fields.List(fields.Nested(ExpectedOut), required=True)
    orders = fields.List(fields.Nested(OrderOut), required=True)
    lines = fields.List(fields.Nested(WaitingLineOut), required=True)
    balances = fields.List(fields.Nested(BankBalanceOut), required=True)


class StatementFileIn(Schema):
    """The bank's statement as CSV."""

    file = File(required=True)


class StatementFactsIn(Schema):
    """What the statement says beside its lines."""

    closing = Text(high=20, metadata={"description": "Closing balance in major units, such as 1280.50"})


class StatementImportOut(Schema):
    """What came of an import."""

    id = Uuid(required=True, allow_none=True)
    added = BoundedInt(required=True)
    known = BoundedInt(required=True)
    entry_id = Uuid(required=True, allow_none=True)
    index = fields.Integer(required=True, allow_none=True)


class ReceivingOut(Schema):
    """Where to pay to."""

    holder = fields.String(required=True)
    bank = fields.String(required=True)
    number = fields.String(required=True)
    code = fields.String(required=True)
    institution = fields.String(required=True)


class AnnouncedOut(Schema):
    """An announced bank transfer: what to write into it, and where to pay."""

    number = Number(required=True, metadata={"description": "The trade's number"})
    reference = Number(required=True, metadata={"description": "Write it into the purpose of the transfer"})
    amount = fields.Integer(required=True, metadata={"description": "Minor units, exactly this"})
    currency = fields.String(required=True)
    due_at = Timestamp(required=True)
    proof = fields.Boolean(required=True)
    account = fields.Nested(ReceivingOut, required=True, allow_none=True)
    entry_id = Uuid(required=True)
    index = fields.Integer(required=True, allow_none=True)


class ProofIn(Schema):
    """A PDF, PNG or JPEG that shows the transfer."""

    file = File(required=True)


class BankLineForm(Schema):
    """A line as a person types it; the amount in major units."""

    entry = one_of(*(one.value for one in Entry), required=True)
    reference = Text(required=True, high=200)
    value_date = Day(required=True)
    serial = Serial()
    amount = Text(high=20)
    counterparty = Text(low=0, high=200, load_default="")
    reason = Reason()


class BankAccountForm(BankAccountIn):
    """An account as a person types it: a box that is ticked sends ``yes``."""

    supervised = YesNo(truthy={"yes"}, falsy={""})
