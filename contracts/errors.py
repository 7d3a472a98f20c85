"""What can go wrong in this room.  Nothing here knows HTTP; the caller translates by class and ``code``."""


class ContractError(Exception):
    """Base of all errors of the room; the message says what to do about it.

    Attributes:
        code: stable ``<noun>.<reason>`` text that callers may rely on.
    """

    code = "contract.invalid"

    def __init__(self, message: str, code: str | None = None) -> None:
        super().__init__(message)
        if code is not None:
            self.code = code


class CanonicalError(ContractError):
    """The value has no canonical JSON form, or the bytes are not that form: refuse the input."""

    code = "contract.not_canonical"


class MoneyError(ContractError):
    """Unknown currency, fractional minor unit or an amount out of bounds: correct the amount."""

    code = "money.invalid"


class IdentifierError(ContractError):
    """A credit code or number does not pass its check character: it was mistyped; ask for it again."""

    code = "identifier.invalid"


class TermsError(ContractError):
    """A term is missing, out of bounds or contradicts another: correct the named field.

    Attributes:
        field: dotted name of the term, such as ``use.permitted``.
        en: what is wrong with it.
        zh: the same in Chinese, for terms that people fill in.
    """

    code = "terms.invalid"

    def __init__(self, field: str, message: str, zh: str = "") -> None:
        super().__init__(f"{field}: {message}")
        self.field, self.en, self.zh = field, message, zh or message


class LibraryError(ContractError):
    """A model text is unknown, malformed or not the text that was released: do not use it."""

    code = "model.refused"


class RenderError(ContractError):
    """The document could not be set in type: correct the field the message names."""

    code = "document.not_rendered"


class UncoveredError(RenderError):
    """A character has no glyph in the contract's fonts: write it another way.

    Attributes:
        field: dotted name of the term it stands in.
        character: the character.
    """

    code = "document.uncovered_character"

    def __init__(self, field: str, character: str) -> None:
        super().__init__(
            f"{field} holds {character!r} (U+{ord(character):04X}), which the contract's fonts cannot set"
        )
        self.field = field
        self.character = character


class StateError(ContractError):
    """The negotiation is not in a state that allows this move: look at the contract again before repeating."""

    code = "contract.wrong_state"


class VersionMismatch(ContractError):
    """An act named other terms than those on the table: show the present version and ask again."""

    code = "contract.other_version"


class VersionError(ContractError):
    """A version cannot follow the present one: it changes nothing, or what is not negotiated."""

    code = "contract.unchanged"


class StandingError(ContractError):
    """A contract does not accept the standing offer that it names, or changes something of it: do not sign it."""

    code = "offer.other_terms"


class DocumentMismatch(ContractError):
    """The signer named another document than the one stored: show the present document and ask again."""

    code = "contract.other_document"


class SignatureError(ContractError):
    """The signature, its encoding or its key is not valid for the statement: do not rely on it."""

    code = "signature.invalid"


class CertificateError(SignatureError):
    """A certificate is not one to sign with, or leads to nobody who is trusted: use another."""

    code = "certificate.invalid"


class StampError(SignatureError):
    """The token is no time stamp of this value by a trusted authority: treat the signature as not stamped."""

    code = "timestamp.invalid"


class PolicyError(ContractError):
    """The policy is not one this exchange compiled, or the action is unknown: deny."""

    code = "policy.invalid"


class StepUpError(ContractError):
    """A passkey's assertion over a signing statement does not hold; the message says what of it does not."""

    code = "step_up.refused"
