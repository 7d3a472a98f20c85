"""What comes in and goes out of the routes of standing offers."""

from typing import Any

from marshmallow import fields

from contracts import canonical
from contracts.terms import LONGEST, MOST
from market.contracting.models import OfferDraft, StandingOffer
from market.contracting.standing import reading
from market.contracting.standing.reading import Detail
from market.contracting.standing.states import OfferState
from market.fields import BoundedInt, Cursor, Digest, Number, Schema, Timestamp, TypedInt, Uuid

_STATES = ", ".join(["DRAFT", *(state.value for state in OfferState)])


class StandingIn(Schema):
    """A standing offer over a listing of your own."""

    listing = Number(required=True, metadata={"description": "Number of the listing"})
    days = BoundedInt(
        low=1, high=LONGEST, required=True,
        metadata={"description": "How long it can be accepted: days after today"},
    )  # fmt: skip
    most = BoundedInt(
        low=1, high=MOST, required=True, metadata={"description": "How often it can be accepted"}
    )


class StandingForm(StandingIn):
    """The same as a person types it."""

    days = TypedInt(low=1, high=LONGEST, required=True)
    most = TypedInt(low=1, high=MOST, required=True)


class StandingQuery(Schema):
    """Which page."""

    cursor = Cursor()


class StandingItem(Schema):
    """A standing offer in a list."""

    number = fields.String()
    state = fields.String(metadata={"description": f"one of {_STATES}"})
    listing = fields.String()
    title = fields.String()
    model = fields.String()
    provider_id = Uuid()
    most = fields.Integer(metadata={"description": "how often it can be accepted"})
    taken = fields.Integer(metadata={"description": "how often it was accepted"})
    signed_at = Timestamp(allow_none=True)
    expires_at = Timestamp(
        metadata={"description": "until when it can be accepted; a draft: until when it can be signed"}
    )


class StandingPaperOut(Schema):
    """What is offered and how it was signed; for whoever is signed in."""

    document_digest = Digest(metadata={"description": "SHA-256 of document.pdf: name it when you sign"})
    document_size = fields.Integer()
    pages = fields.Integer()
    terms = fields.Dict(metadata={"description": "as attached to the document"})
    terms_digest = Digest()
    policy = fields.Dict(metadata={"description": "Permitted use in the shape of ODRL"})
    policy_digest = Digest()
    template_digest = Digest()
    file_digest = fields.String(allow_none=True, metadata={"description": "SHA-256 of signed.pdf"})
    algorithm = fields.String(allow_none=True)
    stamped = fields.Boolean(
        allow_none=True, metadata={"description": "whether the signature has a time stamp"}
    )


class StandingOut(StandingItem):
    """A standing offer; ``paper`` is null for the public."""

    until = fields.Date(metadata={"description": "the last day on which it can be accepted (UTC+8)"})
    paper = fields.Nested(StandingPaperOut, allow_none=True)
    acts = fields.List(fields.String(), metadata={"description": "what you may do now"})


class StandingStepOut(StandingOut):
    """A standing offer after a step, with the step's ledger entry."""

    entry_id = Uuid()
    index = fields.Integer(allow_none=True, metadata={"description": "null until the entry is integrated"})


class StandingsOut(Schema):
    """Your drafts, and one page of the offers you signed, newest first."""

    drafts = fields.List(fields.Nested(StandingItem))
    items = fields.List(fields.Nested(StandingItem))
    next = fields.String(allow_none=True)


def item(row: OfferDraft | StandingOffer) -> dict[str, Any]:
    """Return what :class:`StandingItem` says of an offer."""
    signed = row if isinstance(row, StandingOffer) else None
    return {
        "number": row.number,
        "state": reading.state_of(row),
        "listing": row.listing_number,
        "title": row.title,
        "model": row.model,
        "provider_id": row.provider_id,
        "most": row.most,
        "taken": signed.taken if signed else 0,
        "signed_at": signed.signed_at if signed else None,
        "expires_at": row.expires_at,
    }


def shown(one: Detail, *, public: bool) -> dict[str, Any]:
    """Return what :class:`StandingOut` says of an offer."""
    row, signed = one.row, one.signed
    paper = None if public else {
        "document_digest": row.document_digest,
        "document_size": row.document_size,
        "pages": one.pages,
        "terms": canonical.decode(row.terms.encode()),
        "terms_digest": row.terms_digest,
        "policy": canonical.decode(row.policy.encode()),
        "policy_digest": row.policy_digest,
        "template_digest": row.template_digest,
        "file_digest": signed.file_digest if signed else None,
        "algorithm": signed.algorithm if signed else None,
        "stamped": signed.stamped if signed else None,
    }  # fmt: skip
    return {**item(row), "until": one.standing.until, "paper": paper, "acts": sorted(one.acts)}
