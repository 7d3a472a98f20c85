"""Invoices for tests: tax data, requests, and files as the tax system hands them out."""

import hashlib
import itertools
from datetime import date
from typing import Any

from market import clock, db, storage
from market.actor import Actor
from market.db import read, transaction
from market.i18n import CHINA
from market.invoicing import profiles, reading, service
from market.invoicing.files import FileFormat, InvoiceFile
from market.invoicing.models import Invoice
from market.invoicing.profiles import TaxData
from market.invoicing.reading import Detail
from market.invoicing.service import Issued
from market.invoicing.states import Form, Matter
from market.storage import Blob
from market.trades import service as running
from tests import trades
from tests.deals import Deal

_count = itertools.count(1)

PDF = b"%PDF-1.7\n1 0 obj<</Type/Catalog>>endobj\n%%EOF\n"
XML = b"<?xml version='1.0' encoding='UTF-8'?><EInvoice/>"

DATA = TaxData(
    title="泉城数据有限公司",
    address="济南市历下区经十路 1 号",
    phone="0531-5550100",
    bank="济南银行历下支行",
    bank_account="3700 1616 8888 0000",
    email="fapiao@buyer.example",
)


def stored(content: bytes = PDF) -> InvoiceFile:
    """Return a file that is stored."""
    return InvoiceFile(storage.current().put(content), FileFormat.PDF)


def number() -> str:
    """Return a number that no other invoice of the tests has."""
    return f"2637{next(_count):016d}"


def today() -> date:
    return clock.now().astimezone(CHINA).date()


def profile(actor: Actor, **other: str) -> None:
    """Let an administrator set the tax data of its organisation."""
    with transaction() as session:
        profiles.put(session, actor, TaxData(**{**DATA.__dict__, **other}))


def released(price: int = 128_000, *, beside: Deal | None = None) -> Deal:
    """Return a trade whose price is released, and whose sides have set their tax data.

    Args:
        price: fen.
        beside: a trade whose provider and buyer make another one.
    """
    deal = trades.closed(trades.fetched(trades.paid(trades.in_force(price, beside=beside))))
    for actor in (deal.provider, deal.buyer) if beside is None else ():
        profile(actor)
    return deal


def asked(deal: Deal, matter: Matter = Matter.DATA, form: Form = Form.GENERAL) -> Invoice:
    """Let whoever paid ask for the invoice."""
    actor = deal.buyer if matter is Matter.DATA else deal.provider
    with transaction() as session:
        made, _step = service.request(session, actor, deal.number, matter, form)
    return made


def brought(**other: Any) -> Issued:
    """Return what a seller brings; the file is named, not stored."""
    digest = hashlib.sha256(PDF).hexdigest()
    values: dict[str, Any] = {
        "number": number(),
        "issued_on": today(),
        "file": InvoiceFile(Blob(digest, len(PDF)), FileFormat.PDF),
        "rate": 600,
    }
    return Issued(**{**values, **other})


def issued(invoice: Invoice, actor: Actor, **other: Any) -> Issued:
    """Let the seller issue; return what it brought."""
    made = brought(**other)
    with transaction() as session:
        service.issue(session, actor, invoice.id, made)
    return made


def owed(invoice: Invoice, amount: int) -> None:
    """Let money of an issued invoice have gone back, as far as the invoice is concerned."""
    with transaction() as session:
        rows = running.life(session, invoice.number, lock=True)
        service._owe(session, rows.trade, db.locked(session, Invoice, invoice.id), amount)


def detail(invoice: Invoice, actor: Actor) -> Detail:
    with read() as session:
        return reading.detail(session, actor, invoice.id)
