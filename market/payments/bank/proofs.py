"""The file by which a buyer shows a transfer: stored by its digest, and sent out as an attachment alone."""

import base64
from typing import Final

from flask import Response
from werkzeug.datastructures import FileStorage

from market import storage
from market.errors import Invalid, NotFound, TooLarge
from market.i18n import gettext as _
from market.i18n import size
from market.payments.models import Operation

MOST_BYTES: Final = 5 * 1024 * 1024
ENDINGS: Final = ".pdf,.png,.jpg,.jpeg"
"""What the field of a form accepts."""
_BEGINS: Final = {b"%PDF-": "pdf", b"\x89PNG\r\n\x1a\n": "png", b"\xff\xd8\xff": "jpg"}


def store(file: FileStorage | None) -> tuple[str, str]:
    """Store a proof and return its digest and format; call it outside any transaction.

    Raises:
        Invalid: ``file.missing``, ``file.empty``, or ``proof.wrong_file``: neither PDF nor PNG nor JPEG.
        TooLarge: ``file.too_large``.
    """
    if file is None or not file.filename:
        raise Invalid("file.missing", _("Choose a file."), fields={"file": [_("Choose a file.")]})
    content = file.stream.read(MOST_BYTES + 1)
    if len(content) > MOST_BYTES:
        raise TooLarge("file.too_large", _("The file is larger than %(most)s.", most=size(MOST_BYTES)))
    if not content:
        raise Invalid("file.empty", _("The file is empty."), fields={"file": [_("The file is empty.")]})
    form = next((name for begin, name in _BEGINS.items() if content.startswith(begin)), None)
    if form is None:
        sentence = _("Send the proof as PDF, PNG or JPEG.")
        raise Invalid("proof.wrong_file", sentence, fields={"file": [sentence]})
    return storage.current().put(content).digest, form


def answer(found: Operation) -> Response:
    """Return the proof of a payment as an attachment.

    Raises:
        NotFound: ``proof.not_found``: none was shown.
        StoreError: the store does not hold what it should.
    """
    if found.proof_digest is None:
        raise NotFound("proof.not_found", _("No proof of this transfer was sent."))
    sent = Response(storage.current().read(found.proof_digest), mimetype="application/octet-stream")
    name = f"transfer-{found.reference}.{found.proof_format}"
    sent.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    digest = base64.b64encode(bytes.fromhex(found.proof_digest)).decode()
    sent.headers["Repr-Digest"] = f"sha-256=:{digest}:"
    sent.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    sent.headers["Cache-Control"] = "private, no-store"
    sent.headers["X-Content-Type-Options"] = "nosniff"
    return sent
