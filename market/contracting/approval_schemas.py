"""What comes in and goes out of the routes by which a second person decides about a contract."""

from typing import Any

from marshmallow import fields

from market.approvals.gate import Standing
from market.fields import Digest, Reason, Schema, Timestamp


class ApprovalIn(Schema):
    """Which document a second person approves."""

    document_digest = Digest(
        required=True, metadata={"description": "SHA-256 of the document that was shown"}
    )


class DisapprovalIn(ApprovalIn):
    """Which document is not approved, and why; the own organisation and auditors see it."""

    reason = Reason(required=True)


class DisapprovalForm(ApprovalIn):
    """The same as the contract's page sends it, which has another form with a reason."""

    why = Reason(required=True, attribute="reason")


class ApprovalOut(Schema):
    """How your organisation stands to the document by its rule of approval."""

    needed = fields.Boolean(metadata={"description": "whether the rule asks for an approval now"})
    approved = fields.Boolean(
        allow_none=True, metadata={"description": "what was decided last about this document; null: nothing"}
    )
    user_id = fields.UUID(allow_none=True, metadata={"description": "who decided"})
    reason = fields.String(allow_none=True, metadata={"description": "why it was refused"})
    decided_at = Timestamp(allow_none=True)


def shown(one: Standing) -> dict[str, Any]:
    """Return what :class:`ApprovalOut` says of a document."""
    made = one.decision
    return {
        "needed": one.needed,
        "approved": None if made is None else made.approved,
        "user_id": None if made is None else made.user_id,
        "reason": (made.reason or None) if made is not None else None,
        "decided_at": None if made is None else made.decided_at,
    }
