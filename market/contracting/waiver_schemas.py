"""What comes in and goes out about the startup waiver of a contract."""

from typing import Any

from marshmallow import fields

from market.fields import MinorUnits, Number, Schema, one_of


class RequestIn(Schema):
    """Which listing a contract is asked for, and whether under the startup waiver."""

    listing = Number(required=True, metadata={"description": "Number of the listing"})
    waiver = one_of(
        "apply",
        "without",
        metadata={
            "description": "The startup waiver (R4.18): apply it or refuse, or do without it; left out, it is applied"
            " where it can be"
        },
    )


class WaiverOut(Schema):
    """The startup waiver of a contract, as it was computed with the request."""

    listed = MinorUnits(metadata={"description": "The listing's price, minor units of `currency`"})
    waived = MinorUnits(metadata={"description": "What of it is not paid"})
    currency = fields.String()
    rule = fields.String()
    rules = fields.Integer(metadata={"description": "Version of the rule book"})
    established_on = fields.String(metadata={"description": "The buyer's day of establishment, as verified"})
    asked_on = fields.String(metadata={"description": "The day of the request, which decided"})
    last_day = fields.String(metadata={"description": "The last day of free use"})
    authority = fields.String(metadata={"description": "Whose public data the asset is registered as"})
    authority_basis = fields.String()


def wanted(data: dict[str, Any]) -> bool | None:
    """Return whether the startup waiver is wanted: None where nothing is said."""
    return None if "waiver" not in data else bool(data["waiver"] == "apply")
