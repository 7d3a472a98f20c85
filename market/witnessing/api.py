"""``/witness``: where other logs ask for cosignatures, and what is held of them; for programs, without a token.

A request proves itself by the signature of a watched log, and what is answered is public; but for a log's sealed
journal, which the log alone gets back.
"""

from typing import Final

from flask import Blueprint, Response, request

from ledger.request import MAX_REQUEST, TEXT_TYPE, Answer
from ledger.witness import BusyError
from market import config
from market.errors import NotFound
from market.i18n import gettext as _
from market.witnessing import files, keeping, segments, service

blueprint = Blueprint("witnessing_api", __name__, url_prefix="/witness")

AGAIN: Final = "1"
"""Seconds until a log that was turned away may ask again."""
_ORIGIN: Final = "<string(length=64):origin>"


@blueprint.before_request
def open_only_when_set() -> None:
    """Answer as if nothing were here where no log is witnessed."""
    if request.method != "OPTIONS" and not config.current().ledger_witnessed:
        raise NotFound("witness.closed", _("This exchange witnesses no other log."))


@blueprint.errorhandler(BusyError)
def busy(error: BusyError) -> Response:
    """Ask whoever cannot be answered now to come again."""
    return Response(f"{error}\n", 503, {"Retry-After": AGAIN}, content_type=TEXT_TYPE)


@blueprint.post("/add-checkpoint")
def add_checkpoint() -> Response:
    """Cosign the head of a watched log, or say in the protocol's statuses why not."""
    request.max_content_length = MAX_REQUEST
    return _said(service.add_checkpoint(request.get_data(cache=False)))


@blueprint.post("/journal")
def journal() -> Response:
    """Keep the next segment of a watched log's journal, and say which entry is wanted after it."""
    request.max_content_length = segments.MOST_BODY
    return _said(keeping.take(request.stream))


@blueprint.post("/journal/next")
def journal_next() -> Response:
    """Say to a watched log which entry its journal wants next."""
    request.max_content_length = segments.MOST_QUESTION
    return _said(keeping.following(request.get_data(cache=False)))


@blueprint.post("/journal/read")
def journal_read() -> Response:
    """Give a watched log a segment of its journal back."""
    request.max_content_length = segments.MOST_QUESTION
    found = keeping.given_back(request.get_data(cache=False))
    if isinstance(found, Answer):
        return _said(found)
    return Response(found, content_type="application/octet-stream", headers={"Cache-Control": "no-store"})


@blueprint.get(f"/{_ORIGIN}/checkpoint")
def checkpoint(origin: str) -> Response:
    """Send the head that was cosigned last, for monitors and for whoever restores from the copy."""
    return files.checkpoint(service.held_head(origin))


@blueprint.get(f"/{_ORIGIN}/tile/<path:path>")
def tile(origin: str, path: str) -> Response:
    """Send a tile or entry bundle of the copy."""
    return files.tile(service.copy_of(origin), path)


def _said(answer: Answer) -> Response:
    return Response(answer.text, answer.status, content_type=answer.media_type)
