"""What may come in at the edge: marshmallow fields that bound and clean every value.

Text is NFC, bounded, without control characters, lone surrogates or invisible direction marks;
integers are bounded (a database refuses more than 64 bits, canonical JSON more than 53). Everything
after a schema may rely on it. Schemas refuse unknown fields. Every refusal is a sentence of ours in the
reader's language that says what would be right: marshmallow's own know only English.
"""

import re
import unicodedata
import uuid
from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any, ClassVar, Final, cast

import marshmallow
from flask_babel import LazyString
from flask_smorest.fields import Upload
from marshmallow import RAISE, ValidationError, fields, validate

from market.clock import text as timestamp_text
from market.i18n import _, lazy

MAX_SAFE: Final = 2**53 - 1
"""Largest integer that JSON readers agree on (RFC 8785 §3.2.2.3)."""

LARGEST_AMOUNT: Final = 99_999_999
"""Largest amount that can be paid at once, minor units (¥999,999.99): eight digits (Stripe, "Minimum and maximum
charge amounts")."""
SMALLEST_AMOUNT: Final = 500
"""Smallest amount that can be paid, minor units (¥5.00): Stripe asks for US$0.50 or what that is worth in the currency
of the charge (PaymentIntent, "amount"), about ¥3.60, and for a little more where it settles in another currency."""

_HEX64: Final = re.compile(r"[0-9a-f]{64}\Z")
_NUMBER: Final = re.compile(r"[0-9A-Z]{11}\Z")
_DIGITS: Final = re.compile(r"[0-9]{1,18}\Z")
_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,11})(\.[0-9]{1,9})?\Z")
_PHONE: Final = re.compile(r"[0-9+() -]{5,40}\Z")
_EMAIL: Final = re.compile(r"[^\s@<>,;:\"()\[\]\\]{1,64}@[a-z0-9-]{1,63}(\.[a-z0-9-]{1,63}){1,8}\Z")
_BIDI: Final = frozenset("\u200e\u200f\u202a\u202b\u202c\u202d\u202e\u2066\u2067\u2068\u2069\ufeff")
_LOST: Final = "\ufffd"
"""Stands where a form's bytes were no UTF-8."""


def clean(value: str, *, lines: bool = False) -> str:
    """Return text in NFC with outer blanks cut.

    Args:
        value: what came in.
        lines: whether several lines are allowed (line ends become line feeds).

    Raises:
        ValidationError: a control character, lone surrogate or direction mark stands in it.
    """
    text = unicodedata.normalize("NFC", value.replace("\r\n", "\n") if lines else value).strip()
    for character in text:
        if character == "\n" and lines:
            continue
        if (
            character in _BIDI
            or character == _LOST
            or unicodedata.category(character) in {"Cc", "Cs", "Cn", "Co"}
        ):
            raise ValidationError(_("Remove characters that cannot be shown."))
    return text


Messages = dict[str, str | list[Any] | dict[Any, Any]]


def says(**sentences: LazyString) -> Messages:
    """Return sentences of ours by marshmallow's word for each refusal."""
    return {word: cast(str, sentence) for word, sentence in sentences.items()}


class Schema(marshmallow.Schema):
    """The schema of everything that comes in or goes out; its refusals speak the reader's language."""

    class Meta:
        unknown = RAISE

    error_messages: ClassVar[dict[str, str]] = {  # type: ignore[misc]  # the library reads it off the class
        "unknown": cast(str, lazy("There is no such field here.")),
        "type": cast(str, lazy("Send an object with the named fields.")),
    }

    def handle_error(self, error: ValidationError, data: Any, *, many: bool, **kwargs: Any) -> None:  # noqa: ARG002 - marshmallow's signature
        """Translate what is still lazy, once the reader is known."""
        error.messages = _said(error.messages)


class Told:
    """A field whose refusals are sentences of ours, translated when they are said."""

    default_error_messages = says(
        required=lazy("This is needed."),
        null=lazy("This cannot be null."),
        validator_failed=lazy("This cannot be accepted."),
    )
    error_messages: Messages

    def make_error(self, key: str, **_facts: Any) -> ValidationError:
        """Return the refusal that a key stands for."""
        return ValidationError(str(self.error_messages[key]))


class Text(Told, fields.String):
    """One line, or with ``lines=True`` several, of clean text between ``low`` and ``high`` characters."""

    default_error_messages = says(
        invalid=lazy("Write text."),
        invalid_utf8=lazy("Write text."),
    )

    def __init__(self, *, low: int = 1, high: int = 200, lines: bool = False, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.low, self.high, self.lines = low, high, lines
        # The document and the check must agree, so the bounds also stand as a validator.
        self.validators.append(validate.Length(min=low, max=high, error=_between(low, high)))

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs)
        # A text many times too long is refused before it is normalised.
        if text is None or len(text) > 4 * self.high + 64:
            raise ValidationError(_("At most %(count)s characters.", count=self.high))
        text = clean(text, lines=self.lines)
        if not text and self.low:
            raise self.make_error("required")
        return text


class Reason(Text):
    """Why a decision was taken: 2 to 1000 characters, kept in the step and shown to the other side."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(low=2, high=1000, lines=True, **kwargs)


class Cursor(Text):
    """Where a page of a list begins: ``next`` of the page before, as it is."""

    def __init__(self, **kwargs: Any) -> None:
        described = {"description": "`next` of the page before; leave it out for the first page"}
        super().__init__(low=1, high=64, metadata=described, **kwargs)


class Email(Text):
    """An address to write to, in lower case; only its shape is checked."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(low=6, high=254, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text = super()._deserialize(value, attr, data, **kwargs).lower()
        if not _EMAIL.match(text):
            raise ValidationError(_("Write an address like name@example.org."))
        return text


class Secret(Told, fields.String):
    """A password: taken as it is, only bounded, so that nobody's passphrase is changed behind their back.

    Args:
        low: fewest characters; more than one for a password that is being set.
    """

    LONGEST: Final = 256
    """Characters; a longer one would only cost the hashing of it."""

    default_error_messages = Text.default_error_messages

    def __init__(self, *, low: int = 1, **kwargs: Any) -> None:
        lengths = [
            validate.Length(min=low, error=cast(str, lazy("At least %(count)s characters.", count=low))),
            validate.Length(
                max=self.LONGEST, error=cast(str, lazy("At most %(count)s characters.", count=self.LONGEST))
            ),
        ]
        super().__init__(load_only=True, validate=lengths, **kwargs)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        text: str = super()._deserialize(value, attr, data, **kwargs)
        if not text:
            raise self.make_error("required")
        if any("\ud800" <= character <= "\udfff" for character in text):  # half a character cannot be hashed
            raise ValidationError(_("Remove characters that cannot be shown."))
        return text


class BoundedInt(Told, fields.Integer):
    """A strict integer between ``low`` and ``high``; ``true`` and ``1.0`` are refused."""

    def __init__(self, *, low: int = 0, high: int = MAX_SAFE, **kwargs: Any) -> None:
        wanted = lazy("Write a whole number from %(low)s to %(high)s.", low=low, high=high)
        limits = validate.Range(min=low, max=high, error=cast(str, wanted))
        messages = says(invalid=wanted, too_large=wanted)
        super().__init__(strict=True, validate=limits, error_messages=messages, **kwargs)

    def _validated(self, value: Any) -> int:
        if isinstance(value, str) and len(value) > 20:
            raise self.make_error("too_large", input=value[:20])
        return super()._validated(value)


class YesNo(Told, fields.Boolean):
    """True or false."""

    default_error_messages = says(invalid=lazy("Send a boolean value."))


class TypedInt(BoundedInt):
    """An integer as a person types it into a form: digits alone."""

    def _validated(self, value: Any) -> int:
        if not isinstance(value, str) or not _DIGITS.match(value.strip()):
            raise self.make_error("invalid")
        return int(value)


class MinorUnits(BoundedInt):
    """An amount of money in minor units (fen for CNY), from 0 to :data:`LARGEST_AMOUNT`."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(low=0, high=LARGEST_AMOUNT, **kwargs)


class Shaped(Told, fields.String):
    """Text of one shape; a class of it names the shape and says it to the reader."""

    shape: ClassVar[re.Pattern[str]]

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.validators.append(validate.Regexp(self.shape, error=cast(str, self.error_messages["invalid"])))


class DecimalText(Shaped):
    """A threshold or rate as decimal text (``0.005``): plain digits, no sign, no exponent, never a float."""

    shape = _DECIMAL
    default_error_messages = says(invalid=lazy("Write a plain decimal number such as 0.95."))


class Digest(Shaped):
    """A SHA-256 digest: 64 lower-case hexadecimal digits."""

    shape = _HEX64
    default_error_messages = says(
        invalid=lazy("Write a SHA-256 digest: 64 hexadecimal digits in lower case.")
    )


class Number(Shaped):
    """A public number: 10 base-32 characters and an ISO 7064 MOD 37,36 check character."""

    shape = _NUMBER
    default_error_messages = says(invalid=lazy("Write a number of 11 digits and capital letters."))


class Phone(Shaped):
    """A telephone number as people write it."""

    shape = _PHONE
    default_error_messages = says(
        invalid=lazy("Write 5 to 40 digits, blanks, brackets, hyphens or a plus sign.")
    )


class Uuid(Told, fields.UUID):
    """An identifier in its one usual form (lower case, with hyphens)."""

    default_error_messages = says(
        invalid_uuid=lazy("Write an identifier (UUID) in lower case with hyphens."),
    )

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> uuid.UUID:
        found = super()._deserialize(value, attr, data, **kwargs)
        if not isinstance(found, uuid.UUID) or str(found) != str(value):
            raise self.make_error("invalid_uuid")
        return found


class Day(Told, fields.Date):
    """A calendar day, ``2026-11-22``, far enough from the ends of the calendar to reckon with.

    A moment of the first or last day that there is cannot be moved to another time zone.
    """

    FIRST: Final = date(1800, 1, 1)
    """Before the oldest organisation that could register."""
    LAST: Final = date(2999, 12, 31)

    _wanted = lazy("Write a day such as 2026-11-22.")
    default_error_messages = says(invalid=_wanted, format=_wanted)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> date:
        if not isinstance(value, str) or len(value) != 10:
            raise self.make_error("invalid", input=value, obj_type=self.OBJ_TYPE)
        found: date = super()._deserialize(value, attr, data, **kwargs)
        if not self.FIRST <= found <= self.LAST:
            raise ValidationError(
                _("A day from %(first)s to %(last)s.", first=str(self.FIRST), last=str(self.LAST))
            )
        return found


class Timestamp(Told, fields.DateTime):
    """A moment: read with its offset, written in UTC with milliseconds (``2026-11-22T11:00:00.000Z``)."""

    _wanted = lazy("Write a time such as 2026-11-22T11:00:00Z.")
    default_error_messages = says(
        invalid=_wanted,
        format=_wanted,
        invalid_awareness=_wanted,
    )

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(format="iso", **kwargs)

    def _serialize(self, value: datetime | None, attr: str | None, obj: Any, **kwargs: Any) -> str | None:  # noqa: ARG002 - marshmallow's signature
        return None if value is None else timestamp_text(value)

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> datetime:
        found: datetime = super()._deserialize(value, attr, data, **kwargs)
        if found.tzinfo is None:
            raise ValidationError(_("State the time's offset, for example Z."))
        return found.astimezone(UTC)


class Word(Text):
    """One of a few words that programs and forms send."""

    def __init__(self, *choices: str, **kwargs: Any) -> None:
        super().__init__(low=1, high=max(map(len, choices)), **kwargs)
        self._wanted = cast(str, lazy("Choose one of these: %(choices)s.", choices=" · ".join(choices)))
        self.validators = [validate.OneOf(choices, error=self._wanted)]

    def _deserialize(
        self, value: Any, attr: str | None, data: Mapping[str, Any] | None, **kwargs: Any
    ) -> str:
        if isinstance(value, str) and len(value.strip()) > self.high:
            raise ValidationError(self._wanted)
        return super()._deserialize(value, attr, data, **kwargs)


class Several(Told, fields.List[Any]):
    """Between ``low`` and ``high`` values of one kind."""

    default_error_messages = says(invalid=lazy("Send a list."))

    def __init__(self, inner: fields.Field[Any], *, low: int = 0, high: int = 100, **kwargs: Any) -> None:
        wanted = lazy("Choose %(low)s to %(high)s.", low=low, high=high)
        length = validate.Length(min=low, max=high, error=cast(str, wanted))
        super().__init__(inner, validate=length, **kwargs)


class Part(Told, fields.Nested):
    """An object of named fields within another."""


class File(Told, Upload):  # type: ignore[misc]  # flask-smorest is untyped
    """A file beside the fields of a form."""

    default_error_messages = says(required=lazy("Choose a file."))


def one_of(*choices: str, **kwargs: Any) -> Word:
    """Return a field that takes one of these words."""
    return Word(*choices, **kwargs)


def _between(low: int, high: int) -> str:
    sentence = (
        lazy("Write exactly %(high)s characters.", high=high)
        if low == high
        else lazy("Write %(low)s to %(high)s characters.", low=low, high=high)
    )
    # A lazy sentence behaves as the text it will be; only its class differs.
    return cast(str, sentence)


def _said(messages: Any) -> Any:
    if isinstance(messages, dict):
        return {key: _said(value) for key, value in messages.items()}
    return [_said(value) for value in messages] if isinstance(messages, list) else str(messages)
