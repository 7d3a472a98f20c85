"""The one table from errors to HTTP: RFC 9457 problem documents for programs, pages for people.

Under ``/api``, ``/webhooks``, ``/witness`` and for whoever does not ask for HTML an error is
``application/problem+json`` with ``type``, ``title``, ``status``, ``detail``, the stable ``code`` and the
``request_id`` that also stands in the log. Everybody else gets a page that says what to do.
"""

import errno
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any, Final

import structlog
from flask import Flask, Response, current_app, g, jsonify, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_babel import LazyString
from flask_wtf.csrf import CSRFError
from marshmallow import ValidationError
from sqlalchemy.exc import IntegrityError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout
from werkzeug.exceptions import HTTPException

from contracts import errors as contracts
from ledger import errors as ledger
from market import config, errors
from market.codes import CODES
from market.i18n import _

log = structlog.get_logger()

STATUS: Final[Mapping[type[Exception], int]] = {
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.Unauthenticated: 401,
    errors.Conflict: 409,
    errors.Frozen: 409,
    errors.Invalid: 422,
    errors.TooLarge: 413,
    errors.TooMany: 429,
    errors.Unavailable: 503,
    errors.MarketError: 400,
    contracts.CanonicalError: 422,
    contracts.MoneyError: 422,
    contracts.IdentifierError: 422,
    contracts.TermsError: 422,
    contracts.RenderError: 422,
    contracts.UncoveredError: 422,
    contracts.StateError: 409,
    contracts.DocumentMismatch: 409,
    contracts.LibraryError: 500,
    contracts.VersionMismatch: 409,
    contracts.VersionError: 409,
    contracts.StandingError: 409,
    contracts.CertificateError: 500,
    contracts.StampError: 500,
    contracts.SignatureError: 500,
    contracts.StepUpError: 422,
    contracts.PolicyError: 500,
    contracts.ContractError: 500,
    ledger.NotLoggedError: 404,
    ledger.FormError: 422,
    ledger.TooLargeError: 500,
    ledger.ProofError: 500,
    ledger.PublishError: 503,
    ledger.DamagedError: 500,
    ledger.ClockError: 503,
    ledger.LedgerError: 500,
}
"""Status of each error class; a class without its own row takes the nearest parent's."""

GENERAL: Final = (
    "request.malformed", "session.required", "request.forbidden", "page.not_found", "method.not_allowed",
    "answer.not_acceptable", "request.too_slow", "request.conflict", "request.no_length", "request.precondition",
    "upload.too_large", "address.too_long", "request.media_type", "range.not_satisfiable", "input.invalid",
    "request.precondition_required", "request.too_many", "server.failed", "server.not_implemented",
    "server.unavailable",
)  # fmt: skip
"""Codes of the answers that no error class of ours stands behind, one a status."""

HTTP_CODES: Final[Mapping[int, tuple[str, LazyString]]] = {
    status: (code, sentence) for code in GENERAL for status, sentence in [CODES[code]] if status is not None
}
"""Stable code and sentence by status."""


@dataclass(frozen=True)
class Problem:
    """What a stable code means.

    Attributes:
        code: the word that programs branch on.
        status: HTTP status; None for a code that stands in an answer that succeeds.
        meaning: what happened and what to do, in the reader's language when it is shown.
    """

    code: str
    status: int | None
    meaning: LazyString


def catalogue() -> list[Problem]:
    """Return every stable code in the order of the alphabet."""
    return [Problem(code, status, meaning) for code, (status, meaning) in sorted(CODES.items())]


def address(code: str) -> str:
    """Return the ``type`` of a problem: where its code is explained (RFC 9457 §3.1.1)."""
    return f"{config.current().base_url.rstrip('/')}/docs/problems#{code}"


SIGN_IN: Final = "participants.sign_in"
"""Endpoint of the sign-in page, where a person without a session is sent."""


def init_app(app: Flask) -> None:
    """Let every error of an application leave as a problem document or a page."""
    app.register_error_handler(errors.MarketError, _market)
    app.register_error_handler(contracts.ContractError, _foreign)
    app.register_error_handler(ledger.LedgerError, _foreign)
    app.register_error_handler(ValidationError, _validation)
    app.register_error_handler(IntegrityError, _integrity)
    app.register_error_handler(OperationalError, _database)
    app.register_error_handler(PoolTimeout, _busy)
    app.register_error_handler(OSError, _system)
    app.register_error_handler(CSRFError, _csrf)
    app.register_error_handler(HTTPException, _http)


def status_of(error: Exception) -> int:
    """Return the status of an error by its nearest listed class."""
    return next((STATUS[kind] for kind in type(error).__mro__ if kind in STATUS), 500)


def document(
    status: int, code: str, detail: str, extra: Mapping[str, object] | None = None
) -> dict[str, object]:
    """Return the members of a problem document; the arguments are those of :func:`answer`."""
    return {
        **(extra or {}),
        "type": address(code),
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": detail,
        "code": code,
        "request_id": g.get("request_id", ""),
    }


def answer(
    status: int,
    code: str,
    detail: str,
    extra: Mapping[str, object] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:
    """Make the answer for an error.

    Args:
        status: HTTP status.
        code: stable code of the problem.
        detail: what to do, in the reader's language.
        extra: further members (``rule``, ``fields``, ``retry_after`` …).
        headers: headers that the status demands (``Allow``, ``Retry-After`` …).
    """
    if wants_json():
        response = jsonify(document(status, code, detail, extra))
        response.content_type = "application/problem+json"
    else:
        page = render_template(
            "pages/errors/problem.html", status=status, code=code, detail=detail, extra=extra or {}
        )
        response = Response(page, content_type="text/html; charset=utf-8")
    response.status_code = status
    response.headers.update(headers or {})
    response.headers["Cache-Control"] = "no-store"
    return response


def wants_json() -> bool:
    """Tell whether this request is a program's rather than a person's."""
    if request.path == "/ledger/checkpoint" or request.path.startswith(
        ("/api/", "/webhooks/", "/ledger/tile/", "/witness/")
    ):
        return True
    return not request.accept_mimetypes.accept_html


def waiting(error: Exception) -> dict[str, str]:
    """Return the header that says in how many seconds to try again, where an error knows it."""
    extra = error.extra if isinstance(error, errors.MarketError) else {}
    return {"Retry-After": str(extra["retry_after"])} if "retry_after" in extra else {}


def _market(error: errors.MarketError) -> ResponseReturnValue:
    if (
        isinstance(error, errors.Unauthenticated)
        and not wants_json()
        and SIGN_IN in current_app.view_functions
    ):
        wanted = request.full_path.rstrip("?") if request.method == "GET" else None
        return redirect(url_for(SIGN_IN, next=wanted), 303)
    headers = waiting(error)
    if isinstance(error, errors.Unauthenticated):
        headers["WWW-Authenticate"] = 'Bearer realm="qilu"'
    return answer(status_of(error), error.code, error.message, error.extra, headers)


def _foreign(error: Exception) -> ResponseReturnValue:
    """Answer for the rooms that know no HTTP; what is our own fault is logged and not explained."""
    status = status_of(error)
    if status >= 500:
        log.exception("request.failed", error=repr(error))
        code, sentence = HTTP_CODES[status]
        return answer(status, code, str(sentence))
    code = str(getattr(error, "code", "ledger.not_logged" if status == 404 else "ledger.form"))
    field = getattr(error, "field", None)
    sentence = str(CODES[code][1])
    # These rooms know no reader's language: their own words stand beside the sentence, for whoever mends it.
    extra = {"fault": str(error)} | ({"fields": {field: [sentence]}} if field else {})
    return answer(status, code, sentence, extra)


def _validation(error: ValidationError) -> ResponseReturnValue:
    return answer(422, "input.invalid", str(HTTP_CODES[422][1]), {"fields": _faults(error)})


def _faults(error: ValidationError) -> Any:
    return error.messages if isinstance(error.messages, dict) else {"_schema": error.messages}


def _integrity(error: IntegrityError) -> ResponseReturnValue:
    """A constraint refused the change: two requests met, or a rule of the database was broken."""
    log.warning("database.refused", error=str(error.orig))
    return answer(409, "request.conflict", str(HTTP_CODES[409][1]))


def _database(error: OperationalError) -> ResponseReturnValue:
    name = getattr(
        error.orig, "sqlite_errorname", None
    )  # SQLite's text alone does not tell one failure from another
    log.exception("database.failed", error=str(error.orig), name=name)
    if _is_full(error):
        return _full()
    return answer(503, "server.unavailable", str(HTTP_CODES[503][1]), headers={"Retry-After": "5"})


def _busy(error: PoolTimeout) -> ResponseReturnValue:
    """Every connection to the database was in use for too long."""
    log.error("database.busy", error=str(error))
    return answer(503, "server.unavailable", str(HTTP_CODES[503][1]), headers={"Retry-After": "5"})


def _is_full(error: OperationalError) -> bool:
    """Tell whether the database has no room (SQLITE_FULL; PostgreSQL's class 53100, disk_full)."""
    sqlite, postgresql = getattr(error.orig, "sqlite_errorname", None), getattr(error.orig, "sqlstate", None)
    return sqlite == "SQLITE_FULL" or postgresql == "53100"


def _system(error: OSError) -> ResponseReturnValue:
    """A file could not be read or written; only a full disk is worth a word of its own."""
    if error.errno not in {errno.ENOSPC, errno.EDQUOT}:
        raise error
    log.exception("storage.full")
    return _full()


def _full() -> ResponseReturnValue:
    return _market(errors.Unavailable("storage.full", str(CODES["storage.full"][1]), retry_after=60))


def _csrf(_error: CSRFError) -> ResponseReturnValue:
    return answer(400, "form.expired", _("This form is too old. Go back, reload it and send it again."))


def _http(error: HTTPException) -> ResponseReturnValue:
    """Answer for werkzeug's, webargs' and Flask's own refusals, redirects excepted."""
    if error.response is not None or error.code is None or error.code < 400:
        return error
    if error.code >= 500:
        log.error("request.failed", error=repr(error.__cause__ or error))
    code, sentence = HTTP_CODES.get(error.code, HTTP_CODES[500 if error.code >= 500 else 400])
    data = getattr(error, "data", None) or {}
    faults = data.get("errors") or data.get("messages")
    headers = {name: value for name, value in error.get_headers() if name.lower() not in {"content-type"}}
    return answer(error.code, code, str(sentence), {"fields": _flat(faults)} if faults else None, headers)


def _flat(faults: Any) -> Any:
    """Take webargs' outer level (``json``, ``form``, ``files``) off, so that fields stand at the top."""
    if isinstance(faults, dict) and set(faults) <= {"json", "form", "files", "query", "path", "headers"}:
        merged: dict[Any, Any] = {}
        for place in faults.values():
            merged.update(place if isinstance(place, dict) else {"_schema": place})
        return merged
    return faults
