"""JSON routes of the keys by which organisations sign, under ``/api/v1/signing-keys``."""

import uuid
from typing import Any

from sqlalchemy.orm import Session

from market import permissions
from market.db import read, transaction
from market.keys import certificates, possession, schemas
from market.keys.models import Certificate
from market.openapi.blueprint import Blueprint
from market.participants.web import current_actor, current_person, idempotency_key, own_organisation_id
from market.steps import Step, index_of

blueprint = Blueprint(
    "keys_api", __name__, url_prefix="/api/v1/signing-keys", description="Keys that organisations sign with"
)


@blueprint.post("")
@blueprint.arguments(schemas.CertificateIn)
@blueprint.response(201, schemas.CertificateStepOut)
def request(data: dict[str, Any]) -> dict[str, Any]:
    """Have a certificate issued for a key that you made and keep; it names your organisation, and no person."""
    actor, key = current_actor(), idempotency_key()
    with transaction() as session:
        row, step = certificates.request(session, actor, data["csr"], data["device"], key=key)
        return _stepped(session, row, step)


@blueprint.get("")
@blueprint.arguments(schemas.KeysQuery, location="query")
@blueprint.response(200, schemas.CertificatesOut)
def list_keys(query: dict[str, Any]) -> dict[str, Any]:
    """List the keys of your organisation, the newest first; the operator's staff sees all."""
    actor = current_actor()
    with read() as session:
        page = certificates.listed(session, actor, query.get("cursor"))
        return {"items": [schemas.shown(row) for row in page.items], "next": page.next}


@blueprint.get("/<uuid:certificate_id>")
@blueprint.response(200, schemas.CertificateOut)
def show(certificate_id: uuid.UUID) -> dict[str, Any]:
    """Show a key with its certificate."""
    actor = current_actor()
    with read() as session:
        return schemas.shown(certificates.seen(session, actor, certificate_id))


@blueprint.post("/challenge")
@blueprint.response(200, schemas.ChallengeOut)
def challenge() -> dict[str, Any]:
    """Get a text to sign by the key of a certificate of your own, before you enter it."""
    person = current_person()
    permissions.require(person.actor, "certificate.request")
    text, until = possession.challenge(own_organisation_id(person))
    return {"challenge": text, "expires_at": until}


@blueprint.post("/own")
@blueprint.arguments(schemas.OwnCertificateIn)
@blueprint.response(201, schemas.CertificateStepOut)
def register(data: dict[str, Any]) -> dict[str, Any]:
    """Enter a certificate of another authority; the exchange checks that you have its key, and no more."""
    actor, key = current_actor(), idempotency_key()
    with transaction() as session:
        row, step = certificates.register(
            session, actor, data["certificates"], data["device"], data["challenge"], data["signature"],
            key=key,
        )  # fmt: skip
        return _stepped(session, row, step)


@blueprint.post("/<uuid:certificate_id>/revocation")
@blueprint.arguments(schemas.RevocationIn)
@blueprint.response(200, schemas.CertificateStepOut)
def revoke(data: dict[str, Any], certificate_id: uuid.UUID) -> dict[str, Any]:
    """Take a key out of use, with the reason; what it signed before stays."""
    actor = current_actor()
    with transaction() as session:
        row, step = certificates.revoke(session, actor, certificate_id, data["reason"])
        return _stepped(session, row, step)


def _stepped(session: Session, row: Certificate, step: Step | None) -> dict[str, Any]:
    entry_id = step.entry_id if step else row.step_id
    return {**schemas.shown(row), "entry_id": entry_id, "index": index_of(session, entry_id)}
