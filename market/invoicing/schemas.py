"""What comes in and goes out of the routes of invoices."""

import re
from typing import Any

from marshmallow import fields, post_load

from market.fields import (
    Cursor,
    Day,
    Digest,
    Email,
    File,
    Phone,
    Reason,
    Schema,
    Shaped,
    Text,
    Timestamp,
    TypedInt,
    Uuid,
    one_of,
    says,
)
from market.i18n import lazy
from market.invoicing import tax
from market.invoicing.profiles import TaxData
from market.invoicing.reading import View
from market.invoicing.states import Form, Matter

RATES = {tax.percent(rate): rate for rate in tax.RATES}
"""The rates that may be chosen, in per cent as text, with their basis points."""


class InvoiceNumber(Shaped):
    """The number of a fully digital invoice."""

    shape = re.compile(r"[0-9]{20}\Z")
    default_error_messages = says(
        invalid=lazy("Write the 20 digits of the fully digital invoice, without blanks.")
    )


class BankAccount(Shaped):
    """The number of a bank account as people write it; empty where none is wanted."""

    shape = re.compile(r"([0-9][0-9 -]{3,38}[0-9])?\Z")
    default_error_messages = says(invalid=lazy("Write 5 to 40 digits, blanks or hyphens."))


class Month(Shaped):
    """A month of the calendar in China."""

    shape = re.compile(r"20[0-9]{2}-(0[1-9]|1[0-2])\Z")
    default_error_messages = says(invalid=lazy("Write a month such as 2026-12."))


class TaxProfileIn(Schema):
    """What stands on invoices made out to your organisation; the credit code is that of its verification."""

    title = Text(low=2, high=100, required=True, metadata={"description": "Whom invoices are made out to"})
    address = Text(low=0, high=200, load_default="")
    phone = Phone(load_default="")
    bank = Text(low=0, high=100, load_default="")
    bank_account = BankAccount(load_default="")
    email = Email(required=True, metadata={"description": "Where invoices are delivered to"})

    @post_load
    def _value(self, data: dict[str, Any], **_kwargs: Any) -> TaxData:
        return TaxData(**data)


class TaxProfileOut(Schema):
    """The title and tax data of your organisation; null until they are set."""

    credit_code = fields.String(metadata={"description": "That of the verified organisation"})
    title = fields.String(allow_none=True)
    address = fields.String(allow_none=True)
    phone = fields.String(allow_none=True)
    bank = fields.String(allow_none=True)
    bank_account = fields.String(allow_none=True)
    email = fields.String(allow_none=True)
    changed_at = Timestamp(allow_none=True)


class TaxProfileStepOut(TaxProfileOut):
    """The data after they were set, with the step's ledger entry."""

    entry_id = Uuid()
    index = fields.Integer(allow_none=True, metadata={"description": "null until the entry is integrated"})


class InvoiceRequestIn(Schema):
    """Which invoice is asked for."""

    matter = one_of(*(one.value for one in Matter), required=True)
    form = one_of(*(one.value for one in Form), required=True)
    instalment = TypedInt(
        low=1,
        high=120,
        metadata={
            "description": "which instalment of the price; the earliest one that can be asked for if left out"
        },
    )


class InvoicesQuery(Schema):
    """Which invoices, and where the page of the list begins."""

    view = one_of(*(one.value for one in View), load_default=View.ALL.value)
    cursor = Cursor()


class InvoiceMonthQuery(Schema):
    """Of which month the table is."""

    month = Month(required=True)


class RedLetterIn(Schema):
    """What stands on a document that was issued in the system of the tax authority."""

    number = InvoiceNumber(required=True)
    issued_on = Day(required=True, metadata={"description": "The day that it bears, in China"})


class InvoiceIssueIn(RedLetterIn):
    """The same of an invoice, with its rate of tax."""

    rate = one_of(
        *RATES,
        load_default=None,
        metadata={"description": "Per cent of tax; the rule book's `vat.basis_points` when left out"},
    )


class InvoiceFileIn(Schema):
    """The document as PDF, OFD or XML."""

    file = File(required=True)


class InvoiceRefusalIn(Schema):
    """Why a request is refused."""

    reason = Reason(required=True)


class InvoiceDocumentOut(Schema):
    """A document that was issued elsewhere and is kept here."""

    place = fields.Integer(metadata={"description": "0 for the invoice, from 1 on for its red-letter ones"})
    number = fields.String()
    refers_to = fields.String(
        allow_none=True,
        metadata={"description": "Of a red-letter invoice, the number of the one it takes back"},
    )
    issued_on = fields.String()
    amount = fields.Integer(metadata={"description": "minor units, tax included"})
    net = fields.Integer(metadata={"description": "minor units without the tax"})
    tax = fields.Integer(metadata={"description": "minor units; `net` and `tax` add up to `amount`"})
    rate = fields.String(metadata={"description": "Per cent of `net`"})
    format = fields.String(metadata={"description": "pdf, ofd or xml"})
    digest = Digest(metadata={"description": "SHA-256 of the file"})
    size = fields.Integer(metadata={"description": "bytes"})
    entry_id = Uuid()
    index = fields.Integer(allow_none=True, metadata={"description": "null until the entry is integrated"})


class InvoiceRowOut(Schema):
    """An invoice in a list."""

    id = Uuid()
    trade = fields.String(metadata={"description": "The trade's number"})
    matter = fields.String(metadata={"description": "data (provider to buyer) or fee (operator to provider)"})
    instalment = fields.Integer(metadata={"description": "which instalment of the price it is over"})
    form = fields.String(metadata={"description": "general or special"})
    state = fields.String(metadata={"description": "one of the states of /docs/states#invoice"})
    amount = fields.Integer(metadata={"description": "minor units, tax included"})
    currency = fields.String()
    seller_id = Uuid()
    payer_id = Uuid()
    title = fields.String(metadata={"description": "Whom it is made out to"})
    requested_at = Timestamp()
    due_at = Timestamp(allow_none=True, metadata={"description": "null when the seller owes nothing"})
    overdue = fields.Boolean()


class InvoiceOut(InvoiceRowOut):
    """One invoice, with the payer's data as they were when it was asked for."""

    seller_credit_code = fields.String()
    credit_code = fields.String(metadata={"description": "The payer's"})
    address = fields.String()
    phone = fields.String()
    bank = fields.String()
    bank_account = fields.String()
    email = fields.String()
    reason = fields.String(allow_none=True, metadata={"description": "Why it was refused"})
    red_owed = fields.Integer(metadata={"description": "minor units that are still to be reddened"})
    documents = fields.List(fields.Nested(InvoiceDocumentOut))


class InvoiceStepOut(InvoiceOut):
    """An invoice after a step, with the step's ledger entry."""

    entry_id = Uuid()
    index = fields.Integer(allow_none=True, metadata={"description": "null until the entry is integrated"})


class InvoicesOut(Schema):
    """One page of invoices, the newest first."""

    items = fields.List(fields.Nested(InvoiceRowOut))
    next = fields.String(allow_none=True)


class InvoiceAskOut(Schema):
    """An invoice that your organisation can ask for."""

    matter = fields.String()
    instalment = fields.Integer(metadata={"description": "which instalment of the price"})
    amount = fields.Integer(metadata={"description": "minor units of `currency`, tax included"})
    currency = fields.String()


class TradeInvoicesOut(Schema):
    """The invoices of a trade between your organisation and another, and those that it can ask for."""

    items = fields.List(fields.Nested(InvoiceOut))
    open = fields.List(fields.Nested(InvoiceAskOut))
