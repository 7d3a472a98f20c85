"""The HTTP answer that carries a file: range, tag, and headers that keep a browser from running it."""

import base64
from urllib.parse import quote

from flask import Response, request

from market import db, problems
from market.actor import Actor
from market.delivery import covering, sending
from market.delivery.ranges import Span, Unsatisfiable, etag, matches, wanted


def answer(actor: Actor, number: str, ordinal: int = 0) -> Response:
    """Answer one request for a file: 200 or 206 with bytes, 304 or 416 without.

    Args:
        actor: who asks.
        number: the public number under which the file is fetched.
        ordinal: 0 for the file that was sold, else which update.

    Raises:
        NotFound: there is no such delivery, or the actor may not know of it.
        Forbidden: the gate refuses; names the rule and the article.
        Conflict: the range would leave the file in too many pieces.
    """
    with db.read() as session:
        granted = sending.permit(session, actor, number, ordinal)
    tag = etag(granted.digest)
    if matches(request.headers.get("If-None-Match"), tag, weak=True):
        return _headed(Response(status=304), tag)
    try:
        span = wanted(request.headers.get("Range"), request.headers.get("If-Range"), tag, granted.size)
    except Unsatisfiable:
        code, sentence = problems.HTTP_CODES[416]
        response = problems.answer(416, code, str(sentence))
        response.headers["Content-Range"] = f"bytes */{granted.size}"
        return _headed(response, tag)
    if span:
        with db.read() as session:
            covering.refuse_another_piece(session, granted.grant_id, span)
    chosen = span or Span(0, granted.size)
    body = None if request.method == "HEAD" else sending.stream(granted, chosen)
    response = Response(body, status=206 if span else 200, mimetype="application/octet-stream")
    if span:
        response.headers["Content-Range"] = span.content_range(granted.size)
    response.headers["Content-Length"] = str(chosen.length)
    response.headers["Content-Disposition"] = disposition(granted.filename)
    # RFC 9530: the digest of the whole file, whatever range is sent, so that the buyer can compare.
    response.headers["Repr-Digest"] = f"sha-256=:{base64.b64encode(bytes.fromhex(granted.digest)).decode()}:"
    return _headed(response, tag)


def disposition(filename: str) -> str:
    """Return a Content-Disposition that saves under this name, in any script (RFC 6266, RFC 8187)."""
    plain = "".join(
        character if character.isascii() and character.isprintable() and character not in '"\\%' else "_"
        for character in filename
    )
    return f"attachment; filename=\"{plain}\"; filename*=UTF-8''{quote(filename, safe='')}"


def _headed(response: Response, tag: str) -> Response:
    response.headers["ETag"] = tag
    response.headers["Accept-Ranges"] = "bytes"
    response.headers["Cache-Control"] = "private, no-store"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = "sandbox; default-src 'none'"
    return response
