"""What comes in and goes out of the routes of contracts."""

from typing import Any

from marshmallow import fields

from contracts import canonical
from market.contracting.reading import Detail
from market.fields import Cursor, Digest, MinorUnits, Number, Reason, Schema, Timestamp, Uuid


class RequestIn(Schema):
    """Which listing a contract is asked for."""

    listing = Number(required=True, metadata={"description": "Number of the listing"})


class SignatureIn(Schema):
    """What is signed: the document by its digest."""

    document_digest = Digest(
        required=True, metadata={"description": "SHA-256 of the document that was shown"}
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
    holder = fields.String()
    signature = fields.String()


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
