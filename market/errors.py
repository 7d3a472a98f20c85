"""What can go wrong in the exchange, said without any HTTP.

``market/problems.py`` holds the one table from these classes to status codes. Every error carries a
stable ``code`` (``<noun>.<reason>``) that programs may rely on and a message that says what to do.
"""


class MarketError(Exception):
    """The request cannot be done; ``code`` says why in a stable word, the message says what to do.

    Args:
        code: stable identifier, ``<noun>.<reason>``.
        message: one sentence for a person, already translated.
        extra: further facts a program may use (kept in the problem document as they are).
    """

    def __init__(self, code: str, message: str, **extra: object) -> None:
        super().__init__(message)
        self.code = code
        self.message = message
        self.extra = extra


class NotFound(MarketError):
    """No such object, or one the actor may not know of: the answer is the same for both."""


class Forbidden(MarketError):
    """The actor may see the object but a rule of the rule book forbids the act; ``rule`` names it."""

    def __init__(self, code: str, message: str, *, rule: str, **extra: object) -> None:
        super().__init__(code, message, rule=rule, **extra)
        self.rule = rule


class Unauthenticated(MarketError):
    """Nobody is signed in, or the credential is unknown, expired or revoked: sign in again."""


class Conflict(MarketError):
    """The object is in another state, or the same request was made before with other input."""


class Frozen(Conflict):
    """The object takes no further step, ever: what happened to it last is not known any more."""


class Invalid(MarketError):
    """The input is understood but cannot be accepted; ``fields`` names each fault.

    Args:
        fields: faults by field name, each a list of sentences.
    """

    def __init__(
        self, code: str, message: str, *, fields: dict[str, list[str]] | None = None, **extra: object
    ) -> None:
        super().__init__(code, message, fields=fields or {}, **extra)
        self.fields = fields or {}


class TooLarge(MarketError):
    """The input is over a size limit; send less."""


class TooMany(MarketError):
    """Too many attempts; wait ``retry_after`` seconds."""


class Unavailable(MarketError):
    """Something outside does not answer; nothing was changed, try again later."""
