"""The rule book for programs."""

from typing import Any

from marshmallow import fields

from market import rules
from market.fields import Schema
from market.openapi.blueprint import Blueprint

blueprint = Blueprint("home_api", __name__, url_prefix="/api/v1", description="The rule book")


class RuleOut(Schema):
    """One rule in both languages."""

    id = fields.String()
    zh = fields.String()
    en = fields.String()
    source = fields.String(
        metadata={"description": "the law it rests on, in Chinese; empty where none is named"}
    )


class ChapterOut(Schema):
    """Rules that belong together."""

    id = fields.String()
    zh = fields.String()
    en = fields.String()
    rules = fields.List(fields.Nested(RuleOut))


class ValueOut(Schema):
    """A fee, deadline or limit; ``unit`` says what the integer counts."""

    name = fields.String()
    value = fields.Integer()
    unit = fields.String()
    zh = fields.String()
    en = fields.String()


class RulesOut(Schema):
    """The rule book under which new steps run."""

    version = fields.Integer()
    effective = fields.String()
    chapters = fields.List(fields.Nested(ChapterOut))
    values = fields.List(fields.Nested(ValueOut))


@blueprint.get("/rules")
@blueprint.response(200, RulesOut)
@blueprint.doc(security=[])
def show_rules() -> Any:
    """Show the rule book in force."""
    return rules.book()
