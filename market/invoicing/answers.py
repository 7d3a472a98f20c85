"""HTTP answers that carry a file: a document as it was sent, never run by a browser."""

import base64
import uuid

from flask import Response

from market import storage
from market.actor import Actor
from market.db import read
from market.delivery.answer import disposition
from market.invoicing import reading


def file(actor: Actor, invoice_id: uuid.UUID, place: int) -> Response:
    """Return a document of an invoice as an attachment.

    Raises:
        NotFound: no such invoice for the actor, or no such document of it.
        StoreError: the store does not hold what it should.
    """
    with read() as session:
        found = reading.document(session, actor, invoice_id, place)
    answer = Response(storage.current().read(found.digest), mimetype="application/octet-stream")
    answer.headers["Content-Disposition"] = disposition(f"fapiao-{found.number}.{found.format.value}")
    digest = base64.b64encode(bytes.fromhex(found.digest)).decode()
    answer.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    answer.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    answer.headers["Cache-Control"] = "private, no-store"
    answer.headers["X-Content-Type-Options"] = "nosniff"
    return answer
