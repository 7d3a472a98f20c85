"""A contract's files as answers: the PDF as a download, its pages as pictures, its terms as JSON."""

import gzip

from flask import Response, abort, request

from contracts.models import Contract, Version
from contracts.service import newest_digest
from market import storage
from market.actor import Actor
from market.contracting import comparing, reading
from market.db import read
from market.errors import NotFound
from market.i18n import gettext as _

_PICTURE_POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"
"""A page opened by itself may run and load nothing; its style is the typesetter's own."""


def document(actor: Actor, number: str, seq: int | None = None) -> Response:
    """Answer with the PDF of the present version or of another, as a download.

    Raises:
        NotFound: no such contract or version, or other parties'.
    """
    shown = _shown(actor, number, seq)
    name = f"contract-{number}.pdf" if seq is None else f"contract-{number}-{seq}.pdf"
    return download(shown.document_digest, name, "application/pdf")


def signed(actor: Actor, number: str) -> Response:
    """Answer with the file that carries every signature there is, as a download.

    Raises:
        NotFound: no such contract, other parties', or nobody has signed it.
    """
    with read() as session:
        contract = reading.found(session, actor, number).contract
    if not contract.signatures:
        raise NotFound("contract.not_signed", _("Nobody has signed this contract yet."))
    return download(newest_digest(contract), f"contract-{number}-signed.pdf", "application/pdf")


def terms(actor: Actor, number: str) -> Response:
    """Answer with contract.json, byte for byte as it is attached to the document.

    Raises:
        NotFound: no such contract, or other parties'.
    """
    contract = _shown(actor, number, None)
    return download(contract.terms_digest, f"contract-{number}.json", "application/json")


def page(actor: Actor, number: str, place: int, seq: int | None = None) -> Response:
    """Answer with one page of the present version or of another as SVG, counted from 1.

    Raises:
        NotFound: no such contract, version or page.
    """
    digests = reading.page_digests(_shown(actor, number, seq))
    if not 1 <= place <= len(digests):
        raise NotFound("contract.no_page", _("The document has no such page."))
    return picture(digests[place - 1])


def picture(digest: str) -> Response:
    """Answer with a stored page, which may run and load nothing."""
    answer = Response(content_type="image/svg+xml")
    if _unchanged(answer, digest):
        return answer
    content = storage.current().read(digest)
    answer.vary.add("Accept-Encoding")
    if request.accept_encodings["gzip"]:
        content = gzip.compress(content, 5, mtime=0)
        answer.content_encoding = "gzip"
    answer.data = content
    answer.headers["Content-Security-Policy"] = _PICTURE_POLICY
    return answer


def _shown(actor: Actor, number: str, seq: int | None) -> Contract | Version:
    with read() as session:
        contract = reading.found(session, actor, number).contract
        return contract if seq is None else comparing.version_of(contract, seq)


def download(digest: str, name: str, media_type: str) -> Response:
    """Answer with a stored file as a download."""
    answer = Response(content_type=media_type)
    answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    if not _unchanged(answer, digest):
        answer.data = storage.current().read(digest)
    return answer


def _unchanged(answer: Response, digest: str) -> bool:
    """Let readers keep a file, which never changes, and say whether this one has it already."""
    answer.set_etag(digest)
    answer.cache_control.private = True
    answer.cache_control.max_age = 0
    answer.cache_control.must_revalidate = True
    answer.make_conditional(request)
    if answer.status_code == 412:
        abort(412)
    return answer.status_code == 304
