"""Numbers that check themselves: the unified social credit code and the exchange's own numbers."""

import re
import secrets
from typing import Final

from contracts.errors import IdentifierError

_CREDIT: Final = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_CREDIT_FORM: Final = re.compile(rf"[{_CREDIT}]{{2}}[0-9]{{6}}[{_CREDIT}]{{10}}")
_ISO: Final = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
_BASE32: Final = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_NUMBER: Final = re.compile(rf"[{_BASE32}]{{10}}[0-9A-Z]")


def credit_check(body: str) -> str:
    """Return the check character for the first 17 characters of a credit code (GB 32100, MOD 31, weights 3^i).

    Raises:
        IdentifierError: a character is not one of the 31 that the standard allows (no I, O, S, V, Z).
    """
    if any(character not in _CREDIT for character in body):
        raise IdentifierError("a credit code has digits and capital letters without I, O, S, V and Z")
    total = sum(_CREDIT.index(character) * pow(3, place, 31) for place, character in enumerate(body))
    return _CREDIT[-total % 31]


def parse_credit_code(text: str) -> str:
    """Return the 18-character 统一社会信用代码, in capitals.

    Raises:
        IdentifierError: wrong form (``credit_code.form``) or wrong check character (``credit_code.check``).
    """
    code = text.strip().upper()
    if _CREDIT_FORM.fullmatch(code) is None:
        raise IdentifierError("a unified social credit code has 18 characters", "credit_code.form")
    if credit_check(code[:17]) != code[17]:
        raise IdentifierError(
            "the check character of the credit code is wrong: it was mistyped", "credit_code.check"
        )
    return code


def check_character(body: str) -> str:
    """Return the ISO 7064 MOD 37,36 check character of digits and capital letters.

    Raises:
        IdentifierError: the body is empty or holds another character.
    """
    if not body or any(character not in _ISO for character in body):
        raise IdentifierError("a number has digits and capital letters only")
    product = 36
    for character in body:
        total = (product + _ISO.index(character)) % 36 or 36
        product = total * 2 % 37
    return _ISO[(37 - product) % 36]


def new_number() -> str:
    """Return a fresh public number: 10 random base-32 characters (no I, L, O, U) and a check character.

    Random, so that nobody can count trades from it and no shared counter row is needed.
    """
    body = "".join(secrets.choice(_BASE32) for _ in range(10))
    return body + check_character(body)


def parse_number(text: str) -> str:
    """Return a public number in its one form, in capitals.

    Raises:
        IdentifierError: wrong form or check character: the number was mistyped.
    """
    number = text.strip().upper()
    if _NUMBER.fullmatch(number) is None or check_character(number[:10]) != number[10]:
        raise IdentifierError(
            f"{text!r} is not a number of this exchange: check each character", "number.invalid"
        )
    return number
