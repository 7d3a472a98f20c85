"""What comes in and goes out of the routes of contracts."""

import base64
from typing import Any

from marshmallow import ValidationError, fields, validates_schema

from contracts import canonical
from contracts.models import Version
from contracts.negotiation import State
from contracts.terms import Terms
from contracts.versions import COMMENT
from market.catalog.warning import warnings
from market.catalog.warning_schemas import WarnedOut
from market.contracting import approval_schemas, comparing, waiver_schemas
from market.contracting.comparing import Compared, Said
from market.contracting.reading import Detail
from market.contracting.signing import Begun
from market.fields import (
    Cursor,
    Digest,
    Number,
    Reason,
    Schema,
    Text,
    Timestamp,
    Uuid,
    one_of,
)
from market.i18n import _
from market.texts.values import Values


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
            "description": "a passkey's answer over the challenge, JSON as the browser gave it; on pages it is "
            "demanded of whoever has a passkey"
        },
    )

    @validates_schema
    def _one_way(self, data: dict[str, Any], **_more: Any) -> None:
        """Demand one of the two ways, whole."""
        ways = {"document_digest"}, {"preparation", "signature"}, {"preparation", "signature", "assertion"}
        if set(data) not in ways:
            raise ValidationError(
                _("Send the digest of the document alone, or a preparation together with its signature."),
                "document_digest",
            )


class RefusalIn(Schema):
    """Why the provider declines."""

    reason = Reason(required=True)


class OfferIn(Schema):
    """Other terms than those on the table: what changes, clause by clause or all at once."""

    base = Digest(required=True, metadata={"description": "`terms_digest` of the version that is answered"})
    changes = Values(
        required=True, metadata={"description": "Blank -> value; null takes out what is filled in"}
    )
    comment = Text(low=0, high=COMMENT, lines=True, load_default="")


class AcceptanceIn(Schema):
    """What is accepted: the terms by their digest."""

    terms_digest = Digest(
        required=True, metadata={"description": "`terms_digest` of the offer that was shown"}
    )


class RemarkIn(Schema):
    """What is said on one clause, with or without a suggestion how it should read."""

    on_digest = Digest(required=True, metadata={"description": "`terms_digest` of the version it is about"})
    clause = Text(low=1, high=60, required=True, metadata={"description": "Id of an article or schedule"})
    comment = Text(low=1, high=COMMENT, lines=True, required=True)
    changes = Values(
        load_default=None,
        allow_none=True,
        metadata={"description": "A suggestion: blanks of this clause and their values; null for a comment"},
    )


class ContractsQuery(Schema):
    """Which contracts, and the page."""

    q = Text(
        low=0,
        high=200,
        load_default="",
        metadata={"description": "Beginning of a number, or part of a title or of a party's name"},
    )
    state = one_of(*(state.value for state in State))
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


class BothOut(Schema):
    """A wording in both languages."""

    zh = fields.String()
    en = fields.String()


class ChangeOut(Schema):
    """A blank that is filled differently; ``before`` and ``after`` are how the values read."""

    blank = fields.String()
    label = fields.Nested(BothOut)
    old = fields.Raw(allow_none=True)
    new = fields.Raw(allow_none=True)
    before = fields.Nested(BothOut, allow_none=True)
    after = fields.Nested(BothOut, allow_none=True)


class VersionItem(Schema):
    """A version in the list of a contract's versions."""

    seq = fields.Integer()
    role = fields.String(metadata={"description": "whose offer it is"})
    digest = Digest(metadata={"description": "of the version as a link of the chain"})
    parent_digest = fields.String(allow_none=True)
    terms_digest = Digest()
    document_digest = Digest()
    comment = fields.String()
    suggestion = fields.String(allow_none=True, metadata={"description": "the suggestion it takes up"})
    made_at = Timestamp()


class ClauseOut(Schema):
    """A clause that reads otherwise; ``parts`` hold each piece of text as `same`, `gone` or `new`."""

    clause = fields.String()
    label = fields.Nested(BothOut)
    title = fields.Nested(BothOut)
    parts = fields.List(fields.Dict())


class VersionOut(VersionItem):
    """A version with its terms and what it changed against the one before."""

    terms = fields.Dict()
    pages = fields.Integer()
    changes = fields.List(fields.Nested(ChangeOut))
    clauses = fields.List(fields.Nested(ClauseOut))


class RemarkOut(Schema):
    """What was said on a clause."""

    id = Uuid()
    role = fields.String()
    version = fields.Integer()
    clause = fields.String()
    comment = fields.String()
    changes = fields.List(fields.Nested(ChangeOut))
    result_digest = fields.String(
        allow_none=True, metadata={"description": "`terms_digest` that taking it up leads to"}
    )
    adopted = fields.Boolean()
    open = fields.Boolean(metadata={"description": "whether it can still be taken up"})
    made_at = Timestamp()


class ContractOut(Schema):
    """A contract with its terms, as they are attached to the document."""

    number = Number()
    state = fields.String()
    model = fields.String()
    amends = fields.String(
        allow_none=True, metadata={"description": "number of the contract that it amends, if it does"}
    )
    renews = fields.String(
        allow_none=True, metadata={"description": "number of the contract that it renews, if it does"}
    )
    title = fields.String()
    listing = Number()
    offer = fields.String(
        allow_none=True, metadata={"description": "number of the standing offer it accepts"}
    )
    provider_id = Uuid()
    buyer_id = Uuid()
    price = fields.Integer(metadata={"description": "minor units of `currency`, over all instalments"})
    currency = fields.String()
    requested_at = Timestamp()
    expires_at = Timestamp(metadata={"description": "until when both may sign"})
    ending = fields.String(
        allow_none=True,
        metadata={"description": "declined, withdrawn, expired, lapsed or sold, when it ended so"},
    )
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
    version = fields.Integer(metadata={"description": "which version this is, from 1"})
    versions = fields.List(fields.Nested(VersionItem))
    remarks = fields.List(fields.Nested(RemarkOut), metadata={"description": "newest first"})
    signatures = fields.List(fields.Nested(SignatureOut))
    waiver = fields.Nested(waiver_schemas.WaiverOut, allow_none=True)
    warnings = fields.List(fields.Nested(WarnedOut))
    acts = fields.List(fields.String(), metadata={"description": "what you may do now"})
    approval = fields.Nested(
        approval_schemas.ApprovalOut,
        allow_none=True,
        metadata={"description": "of your own organisation; null for others"},
    )


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
        "amends": terms.amends.number if isinstance(terms, Terms) and terms.amends else None,
        "renews": terms.renews.number if isinstance(terms, Terms) and terms.renews else None,
        "title": request.title,
        "listing": terms.subject.listing_number,
        "offer": terms.origin.number if isinstance(terms, Terms) and terms.origin else None,
        "provider_id": request.provider_id,
        "buyer_id": request.buyer_id,
        "price": terms.price.amount,
        "currency": terms.price.currency,
        "requested_at": request.requested_at,
        "expires_at": request.expires_at,
        "ending": None if contract.ending is None else contract.ending.value,
        "reason": contract.reason,
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
        "version": contract.version,
        "versions": [_version(row) for row in contract.versions],
        "remarks": [_remark(said) for said in comparing.remarks(one.agreed)],
        "signatures": one.signatures,
        "waiver": one.waiver,
        "warnings": warnings(terms),
        "acts": sorted(one.acts),
        "approval": None if one.approval is None else approval_schemas.shown(one.approval),
    }


def compared(one: Compared) -> dict[str, Any]:
    """Return what :class:`VersionOut` says of a version."""
    return {
        **_version(one.version),
        "terms": canonical.decode(one.version.terms.encode()),
        "pages": one.pages,
        "changes": [comparing.plain(change) for change in one.changes],
        "clauses": [comparing.section(section) for section in one.sections],
    }


def _version(row: Version) -> dict[str, Any]:
    return {
        "seq": row.seq,
        "role": row.role.value,
        "digest": row.digest,
        "parent_digest": row.parent_digest,
        "terms_digest": row.terms_digest,
        "document_digest": row.document_digest,
        "comment": row.comment,
        "suggestion": None if row.remark_id is None else str(row.remark_id),
        "made_at": row.made_at,
    }


def _remark(said: Said) -> dict[str, Any]:
    return {
        "id": said.row.id,
        "role": said.row.role.value,
        "version": said.row.seq,
        "clause": said.row.clause,
        "comment": said.row.comment,
        "changes": [comparing.plain(change) for change in said.changes],
        "result_digest": said.row.result_digest,
        "adopted": said.adopted,
        "open": said.open,
        "made_at": said.row.made_at,
    }
