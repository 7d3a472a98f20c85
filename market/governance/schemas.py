"""What comes in and goes out of the routes of the operator's own acts."""

from marshmallow import fields

from market.fields import Email, Schema, Text, Uuid, one_of
from market.governance.erasing import Ground


class PersonQuery(Schema):
    """Whom to look for."""

    email = Text(high=254, metadata={"description": "The address a person signs in by or was invited at"})


class ErasePersonIn(Schema):
    """The word that it is meant."""

    confirm = Email(required=True, metadata={"description": "The person's address, once more"})
    ground = one_of(*(ground.value for ground in Ground), required=True)


class PreviewOut(Schema):
    """What is kept about a person, and what erasing them would do."""

    user_id = Uuid()
    email = fields.String()
    name = fields.String()
    openings = fields.Integer(metadata={"description": "Commitments that nobody could open afterwards"})
    rows = fields.Dict(
        keys=fields.String(), values=fields.Integer(), metadata={"description": "Rows emptied, by table"}
    )
    sessions = fields.Integer(metadata={"description": "Browser sessions that would end"})
    tokens = fields.Integer(metadata={"description": "API tokens that would go"})
    refusal = fields.String(
        allow_none=True,
        metadata={"description": "Code of what stands against it now; null when nothing does"},
    )
    numbers = fields.List(fields.String(), metadata={"description": "Trades and contracts that still bind"})


class ErasedOut(Schema):
    """The step that erased a person."""

    user_id = Uuid()
    entry_id = Uuid()
    index = fields.Integer(allow_none=True)
