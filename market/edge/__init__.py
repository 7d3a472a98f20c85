"""What surrounds every request: who really asks, its id and its line in the log, limits, headers, health, metrics.

Limits, from the outside in: a header or the request line has at most 8 KiB and there are at most 100 (gunicorn, in
:mod:`market.serve`); a request that is not an upload has at most :data:`SMALL` bytes, which its ``Content-Length``
or, without one, the reading decides; an upload is bounded by the rule book; in a form with files each field that is
not a file has at most :data:`FIELD` bytes and there are at most :data:`PARTS` of them; one form alone
(:data:`LONG_FORM`) has bounds of its own. All are refused with 413.
"""

import re
import time
import uuid
from typing import Final
from urllib.parse import urlsplit

import structlog
from flask import Blueprint, Flask, Response, abort, current_app, g, request
from flask.typing import ResponseReturnValue

from market import config
from market.edge import metrics
from market.edge.proxy import LOCAL, TRUSTED, Front, Hosts, is_local_name
from market.edge.ready import Readiness
from market.errors import MarketError
from market.i18n import gettext as _
from market.rules import book

SMALL: Final = 1024 * 1024
"""Most bytes of any request that is not an upload."""
FIELD: Final = 512 * 1024
"""Most bytes of one form field that is not a file."""
PARTS: Final = 200
"""Most fields of one form."""
LONG_FORM: Final = "declarations.declare"
"""The endpoint whose form has fields for every column of a file, thus more of them and less in each."""
LONG_FORM_PARTS: Final = 20_000
"""Most fields of that form."""
LONG_FORM_SIZE: Final = 16 * 1024 * 1024
"""Most bytes of that form, a file in it included."""

CHECKOUT: Final = "https://checkout.stripe.com https://connect.stripe.com"
"""Where the real Stripe sends a buyer to pay (Stripe docs, Checkout Session ``url``)."""

PROBES: Final = frozenset({"/healthz", "/readyz", "/metrics"})
"""What a program of this machine may ask for under any name of it."""

SECRET: Final = ("/invitations/", "/password/")
"""Addresses that are a way in themselves: whoever reads one in a log or a Referer may use it."""

_REQUEST_ID: Final = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{7,63}")

pages = Blueprint("edge", __name__)
log = structlog.get_logger()


def init_app(app: Flask, settings: config.Settings) -> None:
    """Surround the requests of an application.

    Args:
        app: the application, with its database.
        settings: say whether cookies need TLS, where the pay page lies and by which name people come.
    """
    app.config.update(
        MAX_CONTENT_LENGTH=book().value("upload.max_bytes") + SMALL,
        MAX_FORM_MEMORY_SIZE=FIELD,
        MAX_FORM_PARTS=PARTS,
    )
    app.wsgi_app = Front(app.wsgi_app, settings.base_url)  # type: ignore[method-assign]
    app.extensions["readiness"] = Readiness(app)
    meters = app.extensions["metrics"] = metrics.meters(app.extensions["engine"])
    policy = content_policy(settings)
    hosts = Hosts(settings.base_url)
    https = settings.base_url.startswith("https:")

    @app.before_request
    def begin() -> None:
        g.request_id = _request_id()
        g.began = time.perf_counter()
        g.https = https
        structlog.contextvars.clear_contextvars()
        structlog.contextvars.bind_contextvars(request_id=g.request_id)
        if request.mimetype != "multipart/form-data":
            request.max_content_length = SMALL
        elif request.endpoint == LONG_FORM:
            request.max_content_length, request.max_form_parts = LONG_FORM_SIZE, LONG_FORM_PARTS
        if "\0" in request.path:
            abort(404)  # nothing has such a name, and PostgreSQL cannot even look for it
        if any("\0" in value for value in request.args.values()):
            abort(400)
        if not hosts.answers_to(request.headers.get("Host", "")) and not (
            request.path in PROBES and request.environ.get(LOCAL)
        ):
            raise MarketError(
                "host.unknown",
                _("The exchange does not answer at this host name. Use the address you were given."),
            )

    @app.after_request
    def finish(response: Response) -> Response:
        headers = response.headers
        headers.setdefault("Content-Security-Policy", policy)
        headers.setdefault("X-Content-Type-Options", "nosniff")
        headers.setdefault("X-Frame-Options", "DENY")
        # The files that such a page asks for would carry its address into the log of the proxy in front.
        secret = request.path.startswith(SECRET)
        headers.setdefault("Referrer-Policy", "strict-origin" if secret else "same-origin")
        headers.setdefault("Cross-Origin-Opener-Policy", "same-origin")
        headers.setdefault("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=()")
        if https:
            headers.setdefault("Strict-Transport-Security", "max-age=31536000")
        headers["X-Request-Id"] = g.get("request_id", "")
        if response.mimetype == "text/html":
            headers.setdefault("Cache-Control", "no-store")
            response.vary.update(["Cookie", "Accept-Language"])
        spent = time.perf_counter() - g.get("began", time.perf_counter())
        meters.answered(request.method, request.endpoint or "none", response.status_code, spent)
        _note(response, spent)
        return response

    app.register_blueprint(pages)


def content_policy(settings: config.Settings) -> str:
    """Return the Content-Security-Policy: nothing inline, nothing from elsewhere.

    The pay page and the page for connected accounts stand in ``form-action``, because Chromium applies that directive
    to the redirect that follows a form.
    """
    base = urlsplit(settings.stripe_api_base)
    pay = f"{base.scheme}://{base.netloc}" if settings.test_money else CHECKOUT
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
        f"font-src 'self'; base-uri 'none'; form-action 'self' {pay}; frame-ancestors 'none'"
    )


def _request_id() -> str:
    """Return the id that the proxy gave a request, if it is well formed, else a fresh one."""
    given = request.headers.get("X-Request-Id", "")
    return given if request.environ.get(TRUSTED) and _REQUEST_ID.fullmatch(given) else uuid.uuid4().hex


def _note(response: Response, spent: float) -> None:
    """Write the request's line: the route's template, never the address itself, which may hold a secret."""
    person = g.get("person")
    log.info(
        "request",
        method=request.method,
        route=request.url_rule.rule if request.url_rule else None,
        status=response.status_code,
        ms=round(spent * 1000, 1),
        via=person.actor.via if person else None,
        organisation=str(person.actor.organisation_id) if person else None,
    )


@pages.get("/healthz")
def health() -> ResponseReturnValue:
    """Say that the process answers."""
    return {"status": "ok"}


@pages.get("/readyz", endpoint="ready")
def readiness() -> ResponseReturnValue:
    """Say whether the exchange can do its work now; 503 with the reasons when it cannot."""
    reasons = current_app.extensions["readiness"].reasons()
    if not reasons:
        return {"status": "ready"}
    log.warning("ready.not", reasons=[reason["code"] for reason in reasons])
    return {"status": "not ready", "reasons": reasons}, 503, {"Retry-After": "5", "Cache-Control": "no-store"}


@pages.get("/metrics", endpoint="metrics")
def measured() -> ResponseReturnValue:
    """Answer in the Prometheus text format, to programs of this machine only; to others nothing is here."""
    if not (request.environ.get(LOCAL) and is_local_name(request.headers.get("Host", ""))):
        abort(404)
    content = metrics.text(current_app, current_app.extensions["metrics"])
    return Response(content, content_type=metrics.content_type())
