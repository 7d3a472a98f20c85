"""What comes in and goes out of the routes of contracts."""

import base64
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from contracts import canonical
from market.contracting.reading import Detail
from market.contracting.signing import Begun
from market.fields import Cursor, Digest, MinorUnits, Number, Reason, Schema, Text, Timestamp, Uuid
from market.i18n import _


class RequestIn(Schema):
    """Which listing a contract is asked for."""

    listing = Number(required=True, metadata={"description": "Number of the listing"})


class PreparationIn(Schema):
    """By which key a document is to be signed."""

    document_digest = Digest(
        required=True, metadata={"description": "SHA-256 of the document that was shown"}
    )
    key = Digest(required=True, metadata={"description": "SHA-256 of the key, which names its certificate"})


class PreparationOut(Schema):
    """What the key signs: the bytes of ``to_sign``, with SHA-256."""

    preparation = Uuid(metadata={"description": "name it with the signature; it can be used once"})
    to_sign = fields.String(metadata={"description": "base64 of the DER of the signed attributes (RFC 5652)"})
    statement = fields.String(
        metadata={"description": "what is agreed to; its digest stands in the signature"}
    )
    revision = fields.String(
        metadata={
            "description": "base64 of what is added to document.pdf, or to signed.pdf once there is one"
        }
    )
    room = fields.List(
        fields.Integer(), metadata={"description": "first and one past the last byte kept for the signature"}
    )
    challenge = Digest(
        metadata={"description": "SHA-256 of the statement, over which a passkey may be asked"}
    )
    expires_at = Timestamp()


class SignatureIn(Schema):
    """A prepared signature; or, where the exchange holds the key, the digest of the document alone."""

    document_digest = Digest(
        metadata={"description": "SHA-256 of the document that was shown; the exchange signs for you"}
    )
    preparation = Uuid(metadata={"description": "from signature/preparation"})
    signature = Text(
        high=2000,
        metadata={
            "description": "base64 of the signature over to_sign: r and s of 32 bytes each or their DER, "
            "PKCS#1 v1.5 of an RSA key"
        },
    )

    assertion = Text(
        high=8000,
        metadata={
            "description": "a passkey's answer over the challenge, JSON as the browser gave it; optional"
        },
    )

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_more: Any) -> None:
        """Demand one of the two ways, whole."""
        ways = {"document_digest"}, {"preparation", "signature"}, {"preparation", "signature", "assertion"}
        if set(data) not in ways:
            raise ValidationError(
                _("Send document_digest alone, or preparation and signature together."), "document_digest"
            )


class RefusalIn(Schema):
    """Why the provider declines."""

    reason = Reason(required=True)


class CursorIn(Schema):
    """Where a page of a list begins."""

    cursor = Cursor()


class SignatureOut(Schema):
    """A signature; ``holder`` says who holds the private key."""

    role = fields.String()
    signed_at = Timestamp()
    algorithm = fields.String()
    key_id = Uuid()
    holder = fields.String(metadata={"description": "who has the key: exchange or party"})
    stamped = fields.Boolean(metadata={"description": "whether it carries a time stamp"})
    file_digest = Digest(metadata={"description": "SHA-256 of the file with this signature in it"})


class ContractOut(Schema):
    """A contract with its terms, as they are attached to the document."""

    number = Number()
    state = fields.String()
    model = fields.String()
    title = fields.String()
    listing = Number()
    provider_id = Uuid()
    buyer_id = Uuid()
    price = MinorUnits(metadata={"description": "minor units of `currency`"})
    currency = fields.String()
    requested_at = Timestamp()
    expires_at = Timestamp(metadata={"description": "until when both may sign"})
    reason = fields.String(allow_none=True)
    document_digest = Digest(metadata={"description": "SHA-256 of document.pdf: name it when you sign"})
    document_size = fields.Integer()
    pages = fields.Integer()
    terms = fields.Dict()
    terms_digest = Digest()
    terms_sm3 = fields.String(metadata={"description": "SM3 of the terms (GB/T 32905)"})
    template_digest = Digest()
    policy = fields.Dict(metadata={"description": "Permitted use in the shape of ODRL"})
    policy_digest = Digest()
    final_digest = fields.String(allow_none=True)
    signatures = fields.List(fields.Nested(SignatureOut))
    acts = fields.List(fields.String(), metadata={"description": "what you may do now"})


class ContractStepOut(ContractOut):
    """A contract after a step, with the step's ledger entry."""

    entry_id = Uuid()
    index = fields.Integer(allow_none=True, metadata={"description": "null until the entry is integrated"})


class ContractItem(Schema):
    """A contract in a list."""

    number = Number()
    title = fields.String()
    state = fields.String()
    provider_id = Uuid()
    buyer_id = Uuid()
    requested_at = Timestamp()
    expires_at = Timestamp()


class ContractsOut(Schema):
    """One page of contracts, newest first."""

    items = fields.List(fields.Nested(ContractItem))
    next = fields.String(allow_none=True)


def begun(one: Begun) -> dict[str, Any]:
    """Return what :class:`PreparationOut` says of a signature that is being made."""
    return {
        "preparation": one.id,
        "to_sign": base64.b64encode(one.to_sign).decode(),
        "statement": one.statement,
        "challenge": canonical.sha256(one.statement.encode()),
        "revision": base64.b64encode(one.revision).decode(),
        "room": list(one.room),
        "expires_at": one.expires_at,
    }


def shown(one: Detail) -> dict[str, Any]:
    """Return what :class:`ContractOut` says of a contract."""
    request, contract, terms = one.agreed.request, one.agreed.contract, one.agreed.terms
    return {
        "number": contract.number,
        "state": contract.state.value,
        "model": contract.model,
        "title": request.title,
        "listing": terms.subject.listing_number,
        "provider_id": request.provider_id,
        "buyer_id": request.buyer_id,
        "price": terms.price.amount,
        "currency": terms.price.currency,
        "requested_at": request.requested_at,
        "expires_at": request.expires_at,
        "reason": request.reason,
        "document_digest": contract.document_digest,
        "document_size": contract.document_size,
        "pages": one.pages,
        "terms": canonical.decode(contract.terms.encode()),
        "terms_digest": contract.terms_digest,
        "terms_sm3": contract.terms_sm3,
        "template_digest": contract.template_digest,
        "policy": canonical.decode(contract.policy.encode()),
        "policy_digest": contract.policy_digest,
        "final_digest": contract.final_digest,
        "signatures": one.signatures,
        "acts": sorted(one.acts),
    }
