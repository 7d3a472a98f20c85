"""What things of a model text are called for the reader."""

from collections.abc import Mapping
from typing import Any, Final

from market.i18n import lazy

PURPOSES: Final[Mapping[str, Any]] = {
    "data-provision": lazy("A provider lets one recipient use a set of data, for a price or free of charge."),
    "entrusted-processing": lazy(
        "One party processes data for another, on instruction and for its purposes alone."
    ),
    "fusion-development": lazy(
        "Several parties bring data together, develop them and share what comes of it."
    ),
    "intermediary": lazy("A broker or service organisation brings the parties to a trade of data together."),
    "data-sharing": lazy("Public bodies or affiliated organisations share data; the text has no price."),
    "open-licence": lazy("Data are opened to everybody on the same terms, free of charge."),
}
"""What each text is for, by name."""

PRICES: Final[Mapping[str, Any]] = {
    "any": lazy("for a price or free"),
    "free": lazy("free of charge"),
    "none": lazy("has no price"),
}
"""How a text deals with the price."""

TYPES: Final[Mapping[str, Any]] = {
    "choice": lazy("one of these"),
    "choices": lazy("any of these"),
    "text": lazy("text"),
    "whole": lazy("whole number"),
    "days": lazy("number of days"),
    "share": lazy("share from 0 to 1"),
    "decimal": lazy("decimal number"),
    "money": lazy("amount of money"),
    "date": lazy("day"),
    "digest": lazy("SHA-256 digest"),
    "yes_no": lazy("yes or no"),
    "quality": lazy("table of promises of quality"),
    "tiers": lazy("table of prices by use"),
    "milestones": lazy("table of instalments"),
    "organisations": lazy("table of organisations"),
    "number": lazy("number"),
    "bytes": lazy("size in bytes"),
    "words": lazy("amount in words"),
    "list": lazy("list"),
}
"""Types of blanks."""

MUSTS: Final[Mapping[str, Any]] = {
    "quality": lazy("data quality"),
    "price": lazy("price"),
    "delivery": lazy("delivery"),
    "use": lazy("use of the data"),
}
"""What every contract must state."""

PROPERTIES: Final[Mapping[str, Any]] = {
    "type": lazy("type"),
    "label": lazy("label"),
    "must": lazy("what it must state"),
    "help": lazy("help"),
    "source": lazy("source"),
    "options": lazy("options"),
    "default": lazy("begins with"),
    "when": lazy("asked for only if"),
    "optional": lazy("may be left open"),
    "given": lazy("filled in by the exchange"),
    "low": lazy("smallest number"),
    "high": lazy("largest number"),
    "limit": lazy("most characters"),
    "least": lazy("fewest choices"),
}
"""Properties of a blank, where two versions differ in one."""

STATUSES: Final[Mapping[str, Any]] = {
    "same": lazy("unchanged"),
    "changed": lazy("changed"),
    "added": lazy("new"),
    "removed": lazy("removed"),
}
"""How a clause or blank of one version stands in another."""
