"""Fields for a document whose members the room that reads it checks itself, each fault by its path."""

from typing import Any, cast

from marshmallow import fields, validate

from market.fields import Told, says
from market.i18n import lazy


class Document(Told, fields.Dict):
    """An object with members of any kind."""

    default_error_messages = says(invalid=lazy("Send an object with the named fields."))


class Documents(Told, fields.List[Any]):
    """Between ``low`` and ``high`` such objects."""

    default_error_messages = says(invalid=lazy("Send a list."))

    def __init__(self, *, low: int = 0, high: int, **kwargs: Any) -> None:
        wanted = lazy("Send %(low)s to %(high)s objects.", low=low, high=high)
        length = validate.Length(min=low, max=high, error=cast(str, wanted))
        super().__init__(Document(), validate=length, **kwargs)


class Plain(Told, fields.String):
    """At most ``high`` characters, taken as they are."""

    default_error_messages = says(invalid=lazy("Write text."), invalid_utf8=lazy("Write text."))

    def __init__(self, *, high: int, **kwargs: Any) -> None:
        wanted = lazy("At most %(count)s characters.", count=high)
        super().__init__(validate=validate.Length(max=high, error=cast(str, wanted)), **kwargs)
