"""What is said of a listing or a contract beside its terms: warnings, and whether the startup waiver applies."""

from datetime import date
from typing import Any

from marshmallow import fields

from market.fields import Schema, one_of
from market.rules import waiver
from market.rules.waiver import Verdict, Why


class WarnedOut(Schema):
    """Something that both sides should know before money moves."""

    code = one_of("window.alipay", "window.wechat_pay", "window.hold")
    message = fields.String()
    days = fields.Integer(metadata={"description": "How long the money can be refunded so, or held"})
    needed = fields.Integer(metadata={"description": "For how many days it may be held under these terms"})
    rule = fields.String()


class VerdictOut(Schema):
    """Whether you would have the data free of charge under the startup waiver, and until when."""

    eligible = fields.Boolean()
    first_day = fields.Date(metadata={"description": "Your day of establishment, as it was verified"})
    last_day = fields.Date(metadata={"description": "The last day of free use"})
    why = one_of(
        *(why.value for why in Why), allow_none=True, metadata={"description": "Why not; null when eligible"}
    )
    rule = fields.String()


def judged(found: Verdict | None) -> dict[str, Any] | None:
    """Return what :class:`VerdictOut` says."""
    if found is None:
        return None
    days: dict[str, date] = {"first_day": found.first, "last_day": found.last}
    return {"eligible": found.eligible, **days, "why": found.why and found.why.value, "rule": waiver.RULE}
