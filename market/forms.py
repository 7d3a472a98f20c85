"""A page's form through the same schema as the API: loaded, or its faults by field."""

from typing import Any

from flask import request
from marshmallow import Schema, ValidationError

from market.errors import Invalid

HIDDEN = frozenset({"csrf_token", "idempotency_key", "next"})
"""Fields that belong to the form itself."""


def load(schema: Schema, *lists: str, beside: str = "") -> dict[str, Any]:
    """Return what the request's form holds, by a schema; empty optional fields count as not sent.

    Args:
        schema: what the form must hold.
        lists: fields of which several may be sent.
        beside: what the names of fields begin with that somebody else reads.

    Raises:
        ValidationError: a field cannot be accepted.
    """
    values: dict[str, Any] = {
        name: request.form.getlist(name) if name in lists else value
        for name, value in request.form.items()
        if name not in HIDDEN
        and not (beside and name.startswith(beside))
        and (value or schema.fields.get(name) is None or schema.fields[name].required)
    }
    found: dict[str, Any] = schema.load(values)
    return found


class Sent(dict[str, Any]):
    """What was typed; a field that was not sent is empty, not an error of the page that shows it."""

    def __missing__(self, name: str) -> str:
        """Return the empty text."""
        return ""


def sent(*lists: str) -> Sent:
    """Return what was typed, to fill a refused form again.

    Args:
        lists: fields of which several may be sent.
    """
    return Sent(request.form.to_dict(), **{name: request.form.getlist(name) for name in lists})


def faults(error: Exception) -> dict[str, Any]:
    """Return the faults of a refused form by field."""
    if isinstance(error, ValidationError):
        return error.messages if isinstance(error.messages, dict) else {"_schema": error.messages}
    return error.fields if isinstance(error, Invalid) else {}
