"""Kinds of sensitive data, their labels and levels. Light: the server shows them."""

from enum import StrEnum

from flask_babel import LazyString

from market.i18n import lazy


class Sensitive(StrEnum):
    """What a column holds; the values stand in reports for ever."""

    RESIDENT_ID = "resident_id"
    MOBILE = "mobile"
    LANDLINE = "landline"
    BANK_CARD = "bank_card"
    CREDIT_CODE = "uscc"
    PLATE = "plate"
    PASSPORT = "passport"
    PERMIT = "permit"
    EMAIL = "email"
    IP = "ip"
    MAC = "mac"
    COORDINATES = "coordinates"
    ADDRESS = "address"
    NAME = "name"


class Level(StrEnum):
    """How sensitive, the most first; modelled on GB/T 43697-2024 and the law on personal information."""

    SENSITIVE_PERSONAL = "sensitive_personal"
    PERSONAL = "personal"
    NOT_PERSONAL = "not_personal"


LABELS: dict[Sensitive, LazyString] = {
    Sensitive.RESIDENT_ID: lazy("resident identity number"),
    Sensitive.MOBILE: lazy("mobile number"),
    Sensitive.LANDLINE: lazy("landline number"),
    Sensitive.BANK_CARD: lazy("bank card number"),
    Sensitive.CREDIT_CODE: lazy("unified social credit code"),
    Sensitive.PLATE: lazy("vehicle plate"),
    Sensitive.PASSPORT: lazy("passport number"),
    Sensitive.PERMIT: lazy("permit of a resident of Hong Kong, Macau or Taiwan"),
    Sensitive.EMAIL: lazy("e-mail address"),
    Sensitive.IP: lazy("IP address"),
    Sensitive.MAC: lazy("MAC address"),
    Sensitive.COORDINATES: lazy("coordinates"),
    Sensitive.ADDRESS: lazy("postal address"),
    Sensitive.NAME: lazy("name of a person"),
}

LEVEL_LABELS: dict[Level, LazyString] = {
    Level.SENSITIVE_PERSONAL: lazy("sensitive personal information"),
    Level.PERSONAL: lazy("personal information"),
    Level.NOT_PERSONAL: lazy("not personal information"),
}

_LEVELS = {
    Sensitive.RESIDENT_ID: Level.SENSITIVE_PERSONAL,
    Sensitive.BANK_CARD: Level.SENSITIVE_PERSONAL,
    Sensitive.PASSPORT: Level.SENSITIVE_PERSONAL,
    Sensitive.PERMIT: Level.SENSITIVE_PERSONAL,
    # a position is sensitive when it is a person's; whose it is the bytes do not say, so the stricter holds
    Sensitive.COORDINATES: Level.SENSITIVE_PERSONAL,
    Sensitive.CREDIT_CODE: Level.NOT_PERSONAL,
    Sensitive.PLATE: Level.NOT_PERSONAL,
}
_QUASI = frozenset({Sensitive.PLATE, Sensitive.IP, Sensitive.COORDINATES, Sensitive.ADDRESS})


def level(kind: Sensitive) -> Level:
    """Return how sensitive a class is (modelled on GB/T 43697-2024)."""
    return _LEVELS.get(kind, Level.PERSONAL)


def covers(declared: str | None, found: Sensitive) -> bool:
    """Tell whether what is declared of a column says at least as much as what was found there.

    Args:
        declared: the class that is declared; None where none is. One that is not known says nothing.
        found: the class that was found.
    """
    if declared not in set(Sensitive):
        return False
    levels = list(Level)  # the most sensitive first
    return declared == found or levels.index(level(Sensitive(declared))) <= levels.index(level(found))


def is_quasi_identifier(kind: Sensitive) -> bool:
    """Tell whether a class names nobody by itself but may do so together with other columns."""
    return kind in _QUASI
