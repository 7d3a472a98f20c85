"""The files of a standing offer, for whoever is signed in and may see it."""

from flask import Response

from market.actor import Actor
from market.contracting import files
from market.contracting.standing import reading
from market.contracting.standing.reading import AnyOffer
from market.db import read
from market.errors import NotFound
from market.i18n import gettext as _


def document(actor: Actor, number: str) -> Response:
    """Answer with the rendered PDF, as a download.

    Raises:
        NotFound: no such offer, or not this actor's to see.
    """
    return files.download(_row(actor, number).document_digest, f"offer-{number}.pdf", "application/pdf")


def signed(actor: Actor, number: str) -> Response:
    """Answer with the file that the provider signed.

    Raises:
        NotFound: as in :func:`document`, or it is a draft.
    """
    with read() as session:
        digest = reading.signed(session, actor, number).file_digest
    return files.download(digest, f"offer-{number}-signed.pdf", "application/pdf")


def terms(actor: Actor, number: str) -> Response:
    """Answer with the terms, byte for byte as they are attached.

    Raises:
        NotFound: as in :func:`document`.
    """
    return files.download(_row(actor, number).terms_digest, f"offer-{number}.json", "application/json")


def page(actor: Actor, number: str, place: int) -> Response:
    """Answer with one page as SVG, counted from 1.

    Raises:
        NotFound: as in :func:`document`, or the document has no such page.
    """
    digests = reading.page_digests(_row(actor, number))
    if not 1 <= place <= len(digests):
        raise NotFound("contract.no_page", _("The document has no such page."))
    return files.picture(digests[place - 1])


def _row(actor: Actor, number: str) -> AnyOffer:
    with read() as session:
        return reading.found(session, actor, number)
