"""From a request to an actor: bearer tokens under ``/api``, session cookies on pages, never mixed."""

import re
import uuid
from collections.abc import Callable
from functools import wraps
from typing import Any, Final, TypeVar, cast
from urllib.parse import urlsplit

import structlog
from flask import Flask, current_app, g, render_template, request, url_for
from flask import session as form_session
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response

from market import config, forms, mail, permissions, problems
from market.actor import Actor, Role, Scope
from market.db import read, read_only, transaction
from market.errors import Invalid, MarketError, Unauthenticated, Unavailable
from market.i18n import gettext as _
from market.i18n import in_language, lazy, moment
from market.participants import access, attempts, members, passwords, schemas, service, tokens
from market.participants.access import Person
from market.participants.application import Application
from market.participants.models import Invitation, Organisation
from market.participants.states import Decision
from market.steps import Step

log = structlog.get_logger()

View = TypeVar("View", bound=Callable[..., Any])

COOKIE: Final = "qilu_session"
HOST_COOKIE: Final = f"__Host-{COOKIE}"
"""The name over TLS: a browser takes it from this host alone, never from a neighbour or over plain HTTP."""
_LOOKING: Final = frozenset({"GET", "HEAD", "OPTIONS"})
_WITHOUT_SESSION: Final = ("/static/", "/webhooks/", "/ledger/checkpoint", "/ledger/tile/", "/witness/")
"""Nobody is asked who they are: files and what programs send, of which the ledger's never touch the database."""
_KEY: Final = re.compile(r"[\x21-\x7e]{1,255}\Z")

_PLACES: Final[tuple[tuple[str, Any, frozenset[Role]], ...]] = (
    ("/listings", lazy("Listings"), frozenset()),
    ("/assets", lazy("Assets"), frozenset({Role.PROVIDER, Role.REVIEWER, Role.OPERATOR})),
    ("/contracts", lazy("Contracts"), frozenset({Role.PROVIDER, Role.BUYER, Role.APPROVER})),
    ("/trades", lazy("Trades"), frozenset({Role.PROVIDER, Role.BUYER, Role.OPERATOR})),
    ("/payments", lazy("Payments"), frozenset({Role.OPERATOR})),
    ("/organisations", lazy("Organisations"), frozenset({Role.OPERATOR, Role.REVIEWER, Role.AUDITOR})),
    ("/audit", lazy("Audit"), frozenset({Role.AUDITOR})),
    ("/texts", lazy("Model texts"), frozenset()),
    ("/rules", lazy("Rule book"), frozenset()),
)
"""Main navigation: address, label, and whose roles see it (nobody named: everybody does)."""


def init_app(app: Flask) -> None:
    """Find out before each page who asks, and tell the templates."""
    app.before_request(_refuse_foreign)
    app.before_request(_load)
    app.before_request(_refuse_strangers_files)
    app.context_processor(_context)


def current_actor(reading: Scope = Scope.READ) -> Actor:
    """Return who asks.

    Args:
        reading: as in :func:`current_person`.

    Raises:
        Unauthenticated: nobody is signed in, or the credential is not valid (any more).
        Forbidden: the token was not made for looking.
    """
    return current_person(reading).actor


def optional_actor() -> Actor:
    """Return who asks, or the public where nobody is signed in.

    Raises:
        Unauthenticated: a credential was sent but is not valid (any more).
        Forbidden: the token was not made for looking.
    """
    if _is_api() and "Authorization" not in request.headers:
        return Actor.public("api")
    if not _is_api() and g.get("person") is None:
        return Actor.public("page")
    return current_actor()


def current_person(reading: Scope = Scope.READ) -> Person:
    """Return who asks, with the names that a page shows.

    What a token may *change* is decided by the act (:func:`market.permissions.require`); what it may look at
    is decided here, for every address alike.

    Args:
        reading: the scope that a token needs to look here.

    Raises:
        Unauthenticated: nobody is signed in, or the credential is not valid (any more).
        Forbidden: the token was not made for looking.
    """
    person: Person | None = g.get("person")
    if person is None and _is_api():
        person = g.person = _bearer()
    if person is None:
        raise Unauthenticated("session.required", _("Sign in and try again."))
    if request.method in _LOOKING:
        permissions.require_scope(person.actor, reading)
    return person


def require_actor(view: View) -> View:
    """Let only signed-in people reach a view; others are sent to sign in (or get 401 under ``/api``)."""

    @wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        current_actor()
        return current_app.ensure_sync(view)(*args, **kwargs)

    return cast(View, guarded)


def idempotency_key() -> str | None:
    """Return the request's ``Idempotency-Key`` header or a form's hidden key.

    Raises:
        Invalid: it is not 1 to 255 visible ASCII characters.
    """
    key = request.headers.get("Idempotency-Key")
    if key is None and not _is_api():
        key = request.form.get("idempotency_key")
    if key is not None and not _KEY.match(key):
        raise Invalid(
            "idempotency.key_malformed", _("An Idempotency-Key has 1 to 255 visible ASCII characters.")
        )
    return key


def address() -> str:
    """Return the network address of the caller, for limits."""
    return (request.remote_addr or "unknown")[:64]


def sign_in(response: Response, secret: str) -> None:
    """Put a new session's secret into the cookie; forms opened before are void."""
    form_session.clear()
    response.set_cookie(
        cookie_name(),
        secret,
        max_age=int(access.LONGEST.total_seconds()),
        httponly=True,
        secure=_https(),
        samesite="Lax",
    )


def sign_out(response: Response) -> None:
    """Take the session's cookie away."""
    form_session.clear()
    response.delete_cookie(cookie_name(), httponly=True, secure=_https(), samesite="Lax")


def cookie_name() -> str:
    """Return the name of the session's cookie."""
    return HOST_COOKIE if _https() else COOKIE


def own_id(person: Person) -> uuid.UUID:
    """Return the id of a signed-in person."""
    if person.actor.user_id is None:
        raise Unauthenticated("session.required", _("Sign in and try again."))
    return person.actor.user_id


def own_organisation_id(person: Person) -> uuid.UUID:
    """Return the id of the organisation that a signed-in person acts for."""
    if person.actor.organisation_id is None:
        raise Unauthenticated("session.required", _("Sign in and try again."))
    return person.actor.organisation_id


def half_person() -> Person | None:
    """Return who gave the right password and still lacks a second factor, or None."""
    found: Person | None = g.get("half")
    return found


def checked_application(data: dict[str, Any], via: str) -> tuple[Application, str]:
    """Return an application that can be taken, with the hash of its first person's password.

    It is counted first and its password hashed last, so that a refusal costs the exchange next to nothing.

    Args:
        data: what :class:`market.participants.schemas.ApplyIn` loaded.
        via: "api" or "page".

    Raises:
        TooMany: too many came from this network address.
        MarketError: as in :func:`market.participants.service.apply`, or the password is weak.
    """
    application, key = schemas.application(data), idempotency_key()
    with transaction() as session:
        attempts.note_application(session, application.email, address())
    with read() as session:
        service.applied(session, application, via=via, key=key)
    return application, passwords.hashed(data["password"])


def invited_password(secret: str, password: str) -> str:
    """Return the hash of the password that somebody sets by the link of an invitation.

    Raises:
        TooMany: too many links that lead nowhere were tried from this network address.
        NotFound: the invitation cannot be used (any more).
        Invalid: the password is weak.
    """
    with transaction() as session:
        attempts.note_invitation(session, secret, address())
    with read() as session:
        members.invitation_for(session, secret)
    return passwords.hashed(password)


def refused(template: str, error: Exception, **values: Any) -> ResponseReturnValue:
    """Show a form again with what was wrong; the sentence stands above when no field is at fault."""
    faults = forms.faults(error)
    page = render_template(template, faults=faults, message=None if faults else str(error), **values)
    status = 422 if isinstance(error, ValidationError) else problems.status_of(error)
    return page, status, problems.waiting(error)


def send_invitation(invitation: Invitation, secret: str, person: Person) -> tuple[str, bool]:
    """Send an invitation's letter after its step; return the link and whether the letter went out.

    The link's secret is known now and never again, so the letter is tried once; the link is shown as well.
    """
    link = config.current().base_url.rstrip("/") + url_for("colleagues.join_invited", token=secret)
    try:
        mail.send(
            invitation.email,
            "invitation",
            organisation=in_language(person.organisation),
            link=link,
            until=moment(invitation.expires_at),
        )
    except Unavailable:
        log.warning("invitation.not_mailed", invitation=str(invitation.id))
        return link, False
    return link, True


def decide(
    session: Session, actor: Actor, organisation_id: uuid.UUID, decision: Decision, reason: str
) -> tuple[Organisation, Step]:
    """Decide about an organisation by the act that ``app.py`` binds: it reaches the grants above this room.

    Raises:
        MarketError: as in :func:`market.participants.service.decide`.
    """
    bound: Callable[..., tuple[Organisation, Step]] = current_app.extensions["acts"]["organisation.decide"]
    return bound(session, actor, organisation_id, decision, reason)


def _is_api() -> bool:
    return request.path.startswith("/api/")


def _https() -> bool:
    return config.current().base_url.startswith("https:")


def _refuse_foreign() -> None:
    """Refuse a page's form that another site sent, by what the browser itself says of it.

    This stands beside the form's token and is asked first, before a byte of the form is read.
    """
    if request.method in _LOOKING or _is_api() or request.path.startswith(("/webhooks/", "/witness/")):
        return
    site, origin = request.headers.get("Sec-Fetch-Site"), request.headers.get("Origin")
    own = {request.host_url.rstrip("/"), _origin(config.current().base_url)}
    if (site or "same-origin") not in {"same-origin", "none"} or (origin is not None and origin not in own):
        raise MarketError(
            "form.foreign", _("This form came from another site. Open the page here and try again.")
        )


def _refuse_strangers_files() -> None:
    """Ask who sends files to a page before they are read; the form's token stands behind them."""
    if not _is_api() and request.mimetype == "multipart/form-data" and g.get("person") is None:
        raise Unauthenticated("session.required", _("Sign in and try again."))


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def _load() -> None:
    """Read the session of a page; programs' routes look at their token only when they ask for the actor."""
    secret = request.cookies.get(cookie_name())
    if not secret or _is_api() or request.path.startswith(_WITHOUT_SESSION):
        return
    with read() as session:
        found = access.by_session(session, secret)
    if found is None:
        return
    person, stale = found
    if person.lacks is None:
        g.person = person
    else:  # nobody yet: only the pages of the second factor know them
        g.half = person
    if stale and not read_only():
        with transaction() as session:
            access.touch_session(session, secret)


def _bearer() -> Person:
    kind, _blank, token = request.headers.get("Authorization", "").partition(" ")
    if kind.lower() != "bearer" or not token:
        raise Unauthenticated("token.required", _("Send a token: Authorization: Bearer qilu_…"))
    if not tokens.is_token(token):
        raise Unauthenticated("token.invalid", _("This token is not valid, or no longer. Make a new one."))
    with read() as session:
        person, stale = access.by_token(session, token)
    if stale and not read_only():
        with transaction() as session:
            access.touch_token(session, token)
    return person


def _context() -> dict[str, Any]:
    person: Person | None = g.get("person")
    return {"person": None if person is None else _shown(person), "navigation": _navigation}


def _shown(person: Person) -> dict[str, str]:
    return {
        "name": person.name,
        "organisation": in_language(person.organisation),
        "state": person.state.value,
    }


def _navigation() -> list[dict[str, Any]]:
    person: Person | None = g.get("person")
    roles = person.actor.roles if person else frozenset()
    return [
        {"href": href, "label": label, "here": request.path == href or request.path.startswith(f"{href}/")}
        for href, label, whose in _PLACES
        if not whose or whose & roles
    ]
