"""Values of a text's blanks, as programs send them."""

from collections.abc import Mapping
from typing import Any

from marshmallow import fields

from market.fields import Told, clean, says
from market.i18n import lazy


class Values(Told, fields.Field[dict[str, Any]]):
    """Values of a text's blanks by name: text is cleaned as everywhere, what may stand there its blank says."""

    default_error_messages = says(invalid=lazy("Send an object of blanks and their values."))
    _DEEP, _MANY = 4, 500

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> dict[str, Any]:
        value = super()._deserialize(value, attr, data, **kwargs)
        if not isinstance(value, dict):
            raise self.make_error("invalid")
        cleaned: dict[str, Any] = self._cleaned(value, self._DEEP)
        return cleaned

    def _cleaned(self, value: Any, deeper: int) -> Any:
        match value:
            case str() if len(value) <= 20_000:
                return clean(value)
            case None | bool() | int():
                return value
            case list() if deeper and len(value) <= self._MANY:
                return [self._cleaned(item, deeper - 1) for item in value]
            case dict() if deeper and len(value) <= self._MANY and all(map(str.isascii, value)):
                return {key: self._cleaned(item, deeper - 1) for key, item in value.items()}
        raise self.make_error("invalid")
