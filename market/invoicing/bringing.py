"""From a form with a file to what was issued, before any transaction."""

import uuid
from typing import Any

from werkzeug.datastructures import FileStorage

from market.actor import Actor
from market.db import read
from market.invoicing import files, schemas, service
from market.invoicing.service import Issued
from market.rules import book


def bring(actor: Actor, invoice_id: uuid.UUID, data: dict[str, Any], file: FileStorage | None) -> Issued:
    """Store the file of somebody who may answer, outside any transaction, and return what was brought.

    Raises:
        MarketError: as :func:`market.invoicing.service.may_answer` and :func:`market.invoicing.files.store`.
    """
    with read() as session:
        service.may_answer(session, actor, invoice_id)
    rate = schemas.RATES[data["rate"]] if data.get("rate") else book().value("vat.basis_points")
    return Issued(data["number"], data["issued_on"], files.store(file), rate)
