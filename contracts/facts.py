"""Typed facts that contracts of every version are written with: organisations, the data, promises, delivery, use.

They hold organisations only, never the name or address of a person, since they are signed, kept for long and shown to
both sides; notices go to the contacts the exchange keeps.  A fact checks itself when it is made, so a fact that exists
is one that may stand in a contract.
"""

import dataclasses
import re
import types
import typing
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import StrEnum
from typing import Any, Final

from contracts import canonical
from contracts.errors import ContractError, TermsError
from contracts.identifiers import parse_credit_code, parse_number
from contracts.vocabulary import Action, DeliveryMode, Indicator, Method, Operator, Purpose, Remedy

_DECIMAL: Final = re.compile(r"(0|[1-9][0-9]{0,15})(\.[0-9]{1,9})?")
_MOMENT: Final = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}Z")
FIELDS_SHOWN: Final = 256
"""Columns listed in a contract; wider tables name the rest by count and by the inspection's digest."""


def require_text(field: str, value: str, limit: int) -> None:
    """Refuse text that is empty, too long, not NFC, or holds invisible characters."""
    if not value.strip() or len(value) > limit:
        raise TermsError(field, f"needs 1 to {limit} characters")
    if unicodedata.normalize("NFC", value) != value:
        raise TermsError(field, "is not in Unicode normal form C")
    for character in value:
        if unicodedata.category(character)[0] == "C" or character in "\u2028\u2029":
            raise TermsError(field, f"holds the invisible character U+{ord(character):04X}")


def require_whole(field: str, value: int, low: int, high: int) -> None:
    """Refuse what is not a whole number from ``low`` to ``high``."""
    if type(value) is not int or not low <= value <= high:
        raise TermsError(field, f"needs a whole number from {low} to {high}")


def require_digest(field: str, value: str) -> None:
    """Refuse what is not a SHA-256 digest in its one form."""
    if not canonical.is_digest(value):
        raise TermsError(field, "needs a SHA-256 digest in 64 lower-case hex characters")


def require_moment(field: str, value: str) -> None:
    """Refuse what is not a moment in its one form, such as 2026-11-22T11:00:00.000Z."""
    try:
        moment = datetime.fromisoformat(value) if _MOMENT.fullmatch(value) else None
    except ValueError:
        moment = None
    if moment is None:
        raise TermsError(field, "needs a moment such as 2026-11-22T11:00:00.000Z")


@dataclass(frozen=True, slots=True)
class Party:
    """An organisation as it stands in the contract."""

    name_zh: str
    name_en: str
    credit_code: str

    def __post_init__(self) -> None:
        require_text("party.name_zh", self.name_zh, 100)
        require_text("party.name_en", self.name_en, 200)
        try:
            same = parse_credit_code(self.credit_code) == self.credit_code
        except ContractError as error:
            raise TermsError("party.credit_code", str(error)) from error
        if not same:
            raise TermsError("party.credit_code", "is written in capitals without spaces")


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the data: its name and the type that was measured."""

    name: str
    type: str

    def __post_init__(self) -> None:
        require_text("subject.fields.name", self.name, 500)
        require_text("subject.fields.type", self.type, 60)


@dataclass(frozen=True, slots=True)
class Subject:
    """The data: exactly one file, named by the digest of its bytes.

    Attributes:
        content_digest: SHA-256 of the file as it was uploaded and will be delivered.
        size: bytes.
        inspection_digest: SHA-256 of the exchange's inspection report on these bytes.
    """

    asset_number: str
    listing_number: str
    title: str
    filename: str
    media_type: str
    content_digest: str
    size: int
    rows: int
    columns: int
    fields: tuple[Column, ...]
    inspection_digest: str

    def __post_init__(self) -> None:
        for name in ("asset_number", "listing_number"):
            require_number(f"subject.{name}", getattr(self, name))
        require_text("subject.title", self.title, 200)
        require_text("subject.filename", self.filename, 200)
        require_text("subject.media_type", self.media_type, 100)
        require_digest("subject.content_digest", self.content_digest)
        require_digest("subject.inspection_digest", self.inspection_digest)
        for name in ("size", "rows", "columns"):
            require_whole(f"subject.{name}", getattr(self, name), 0, canonical.BOUND)
        if len(self.fields) != min(self.columns, FIELDS_SHOWN):
            raise TermsError("subject.fields", f"lists every column, or the first {FIELDS_SHOWN}")


def require_number(field: str, value: str) -> None:
    """Refuse what is not a public number in its one form."""
    try:
        same = parse_number(value) == value
    except ContractError as error:
        raise TermsError(field, str(error)) from error
    if not same:
        raise TermsError(field, "is written in capitals without spaces")


@dataclass(frozen=True, slots=True)
class Threshold:
    """A promise about the data.

    Attributes:
        value: decimal text; a share from 0 to 1 for ratios, else a whole number.
        field: the column it is about; None for the whole file.
    """

    indicator: Indicator
    operator: Operator
    value: str
    field: str | None = None

    def __post_init__(self) -> None:
        if _DECIMAL.fullmatch(self.value) is None:
            raise TermsError("quality.value", f"{self.value!r} is not a decimal such as 0.995")
        number = Decimal(self.value)
        if self.indicator.is_ratio and number > 1:
            raise TermsError("quality.value", "a share is at most 1")
        if not self.indicator.is_ratio and ("." in self.value or self.field is not None):
            raise TermsError("quality.value", f"{self.indicator} is a whole number about the whole file")
        if self.field is not None:
            require_text("quality.field", self.field, 500)


@dataclass(frozen=True, slots=True)
class Promise(Threshold):
    """A promise that says how it is held against the data and what follows when it is broken."""

    method: Method = Method.FULL
    remedy: Remedy = Remedy.RESCIND


@dataclass(frozen=True, slots=True)
class Delivery:
    """How and until when.

    Attributes:
        days: days after the contract is in force and paid within which the file can be fetched.
        acceptance_days: days after complete delivery to accept or reject; silence then accepts.
    """

    mode: DeliveryMode
    days: int
    downloads: int
    acceptance_days: int

    def __post_init__(self) -> None:
        require_whole("delivery.days", self.days, 1, 365)
        require_whole("delivery.downloads", self.downloads, 1, 10_000)
        require_whole("delivery.acceptance_days", self.acceptance_days, 1, 365)


@dataclass(frozen=True, slots=True)
class Use:
    """What the buyer may do, for what, and what is ruled out by name.  What is not permitted is prohibited."""

    purposes: tuple[Purpose, ...]
    permitted: tuple[Action, ...]
    prohibited: tuple[Action, ...]

    def __post_init__(self) -> None:
        lists: tuple[tuple[str, type[StrEnum]], ...] = (
            ("purposes", Purpose),
            ("permitted", Action),
            ("prohibited", Action),
        )
        for name, words in lists:
            listed = getattr(self, name)
            if list(listed) != [word for word in words if word in listed]:
                raise TermsError(f"use.{name}", "lists each word once, in the order of the vocabulary")
        if not self.purposes:
            raise TermsError("use.purposes", "needs at least one purpose")
        if Action.REPRODUCE not in self.permitted:
            raise TermsError("use.permitted", "a delivered copy needs the action reproduce")
        if Action.REIDENTIFY not in self.prohibited:
            raise TermsError("use.prohibited", "re-identifying people is always prohibited")
        if set(self.permitted) & set(self.prohibited):
            raise TermsError("use.prohibited", "an action is either permitted or prohibited")


def plain(value: Any) -> Any:
    """Return a fact as plain JSON."""
    match value:
        case StrEnum():
            return value.value
        case date():
            return value.isoformat()
        case tuple() | list():
            return [plain(item) for item in value]
        case Mapping():
            return {key: plain(item) for key, item in value.items()}
        case None | str() | int():
            return value
    return {field.name: plain(getattr(value, field.name)) for field in dataclasses.fields(value)}


def typed(name: str, kind: Any, value: Any) -> Any:
    """Return ``value`` as ``kind``, exactly: no coercion, no missing and no unknown names."""
    if typing.get_origin(kind) is tuple:
        if not isinstance(value, list):
            raise TermsError(name, "is a list")
        return tuple(typed(name, typing.get_args(kind)[0], item) for item in value)
    if typing.get_origin(kind) is Mapping:
        if not isinstance(value, dict):
            raise TermsError(name, "is an object")
        return value
    if isinstance(kind, types.UnionType):
        return None if value is None else typed(name, typing.get_args(kind)[0], value)
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        hints = typing.get_type_hints(kind)
        if not isinstance(value, dict) or set(value) != set(hints):
            raise TermsError(name, f"has exactly the names {', '.join(hints)}")
        return kind(**{key: typed(f"{name}.{key}", hints[key], value[key]) for key in hints})
    if kind is int:
        if type(value) is not int:
            raise TermsError(name, "is a whole number")
        return value
    if not isinstance(value, str):
        raise TermsError(name, "is text")
    try:
        return date.fromisoformat(value) if kind is date else kind(value)
    except ValueError:
        raise TermsError(name, f"{value!r} is not one of the values allowed") from None
