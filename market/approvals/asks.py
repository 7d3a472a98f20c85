"""When an organisation asks that a second person approves."""

from enum import StrEnum


class Asks(StrEnum):
    """When a rule asks for an approval."""

    NEVER = "never"
    FROM = "from"
    """From a price on; always at a price in another currency, since nobody here converts one."""
    ALWAYS = "always"
