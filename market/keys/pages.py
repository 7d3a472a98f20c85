"""Pages of the keys by which organisations sign, and the public files of the exchange's own authority."""

import uuid
from typing import Any, Final

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from marshmallow import ValidationError

from market import clock, forms, permissions
from market.db import read, transaction
from market.errors import Conflict, Invalid, NotFound
from market.i18n import gettext as _
from market.keys import authority, certificates, labels, schemas
from market.keys.models import Reason
from market.participants import members
from market.participants import service as participants
from market.participants.web import current_actor, idempotency_key, require_actor
from market.permissions import STAFF

pages = Blueprint("keys", __name__)

FILES: Final = {"root": authority.ROOT, "issuing": authority.ISSUING}
"""Whose certificate and list are published, by the name in the address."""


@pages.get("/signing-keys")
@require_actor
def listed() -> ResponseReturnValue:
    """Show the keys of one's organisation; to the operator's staff those of all."""
    return _listed()


@pages.post("/signing-keys")
@require_actor
def make() -> ResponseReturnValue:
    """Have a certificate issued for a key that this browser made."""
    actor, key = current_actor(), idempotency_key()
    try:
        data = forms.load(schemas.CertificateIn())
        with transaction() as session:
            certificates.request(session, actor, data["csr"], data["device"], browser=True, key=key)
    except ValidationError as error:
        return _listed(forms.sent(), forms.faults(error)), 422
    except (Invalid, Conflict) as error:
        status = 422 if isinstance(error, Invalid) else 409
        return _listed(forms.sent(), {"_schema": [error.message]}), status
    flash(_("The key has its certificate. Sign on this device, in this browser."), "done")
    return redirect(url_for("keys.listed"), 303)


@pages.get("/signing-keys/<uuid:certificate_id>")
@require_actor
def one(certificate_id: uuid.UUID) -> ResponseReturnValue:
    """Show a key with its certificate."""
    return _one(certificate_id)


@pages.post("/signing-keys/<uuid:certificate_id>/revocation")
@require_actor
def revoke(certificate_id: uuid.UUID) -> ResponseReturnValue:
    """Take a key out of use."""
    actor = current_actor()
    try:
        data = forms.load(schemas.RevocationIn())
    except ValidationError as error:
        return _one(certificate_id, forms.faults(error)), 422
    with transaction() as session:
        certificates.revoke(session, actor, certificate_id, data["reason"])
    flash(_("The key is out of use. What it signed before stays."), "done")
    return redirect(url_for("keys.one", certificate_id=certificate_id), 303)


@pages.get("/authority/<any(root, issuing):name>.crt")
def certificate(name: str) -> Response:
    """Send a certificate of the exchange's own authority, DER."""
    with read() as session:
        row = authority.issuer_row(session, FILES[name])
        if row is None:
            raise NotFound("authority.no_file", _("The authority publishes no such file."))
        return _file(authority.der_of(row), "application/pkix-cert")


@pages.get("/authority/<any(root, issuing):name>.crl")
def revocations(name: str) -> Response:
    """Send the list of what one of the authority's keys has revoked, DER (RFC 5280)."""
    with read() as session:
        if authority.issuer_row(session, FILES[name]) is None:
            raise NotFound("authority.no_file", _("The authority publishes no such file."))
        return _file(authority.revocations(session, FILES[name]), "application/pkix-crl")


def _file(content: bytes, media_type: str) -> Response:
    answer = Response(content, content_type=media_type)
    answer.headers["Cache-Control"] = "public, max-age=60"
    return answer


def _listed(values: dict[str, Any] | None = None, faults: dict[str, Any] | None = None) -> str:
    actor = current_actor()
    with read() as session:
        page = certificates.listed(session, actor, request.args.get("cursor"))
        return render_template(
            "pages/keys/keys.html",
            page=page,
            lanes=labels.LANES,
            now=clock.now(),
            may_request=permissions.allowed(actor, "certificate.request"),
            sees_all=actor.has(*STAFF),
            people=members.names(session, {row.user_id for row in page.items}),
            organisations=participants.names(session, {row.organisation_id for row in page.items}),
            values=values or {"device": ""},
            faults=faults or {},
        )


def _one(certificate_id: uuid.UUID, faults: dict[str, Any] | None = None) -> str:
    actor = current_actor()
    with read() as session:
        row = certificates.seen(session, actor, certificate_id)
        may = permissions.allowed(actor, "certificate.revoke", certificates.relation(actor, row))
        return render_template(
            "pages/keys/key.html",
            row=row,
            standing=row.standing(clock.now()),
            lanes=labels.LANES,
            reasons=[(reason.value, labels.REASONS[reason]) for reason in Reason],
            reason_names=labels.REASONS,
            may_revoke=may and row.reason is None,
            people=members.names(session, {row.user_id}),
            organisations=participants.names(session, {row.organisation_id}),
            certificate=schemas.pem(row.der()),
            faults=faults or {},
        )
